# Benchmarks of the store: $(BUILD)/bench/store_fill FILE [servers scopes], $(BUILD)/bench/bench_store FILE.
STORE_BENCH_ROOMS = $(sort $(call closure,store) $(call closure,query))
$(BUILD)/bench/store_fill $(BUILD)/bench/bench_store: $(BUILD)/bench/%: tests/bench/%.c $(call libs_of,$(STORE_BENCH_ROOMS))
	@mkdir -p $(@D)
	@echo "  CC  $<"
	@$(CC) $(CPPFLAGS) $(PKG_CFLAGS) $(CFLAGS_ALL) $(LDFLAGS) -o $@ $< $(call archives,$(STORE_BENCH_ROOMS)) $(LDLIBS)
