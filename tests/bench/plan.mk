# $(BUILD)/bench/plan: a plan over 40,000 scopes on 250 servers, by keys on a pseudo-terminal.
BENCHES += $(BUILD)/bench/plan
$(BUILD)/bench/plan: tests/bench/bench_plan.py tests/bench/bench_plan.sh tests/bench/bench_ui.py $(BUILD)/bench/store_fill
	@mkdir -p $(@D)
	@cp tests/bench/bench_plan.sh $@
	@chmod +x $@
