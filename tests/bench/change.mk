# Plans over much and changes on many simulated servers: $(BUILD)/bench/change.
CHANGE_BENCH_ROOMS = $(sort $(call closure,change) $(call closure,collect) $(call closure,query))
$(BUILD)/bench/change: tests/bench/bench_change.c tests/bench/measure.h tests/lib/estate.h $(BUILD)/bench/store_fill $(call libs_of,$(CHANGE_BENCH_ROOMS)) $(BUILD)/simhost
	@mkdir -p $(@D)
	@echo "  CC  $<"
	@$(CC) $(CPPFLAGS) -Itests/lib $(PKG_CFLAGS) $(CFLAGS_ALL) $(LDFLAGS) -o $@ $< $(call archives,$(CHANGE_BENCH_ROOMS)) $(LDLIBS)
BENCHES += $(BUILD)/bench/change
