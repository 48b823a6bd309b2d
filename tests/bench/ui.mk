# $(BUILD)/bench/ui: the console on a pseudo-terminal over 500 servers and 500,000 scopes. UI_STORE=FILE uses a store that is
# there already (making one takes a minute).
BENCHES += $(BUILD)/bench/ui
$(BUILD)/bench/ui: tests/bench/bench_ui.py tests/bench/bench_ui.sh $(BUILD)/bench/store_fill
	@mkdir -p $(@D)
	@cp tests/bench/bench_ui.sh $@
	@chmod +x $@
