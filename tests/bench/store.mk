# What an operator waits for, on a store of 500 servers and 500,000 scopes: $(BUILD)/bench/store [FILE].
# $(BUILD)/bench/store_fill FILE [SERVERS [SCOPES]] makes such a file.
STORE_BENCH_ROOMS = $(sort $(call closure,store) $(call closure,query))
BENCHES += $(BUILD)/bench/store
$(BUILD)/bench/store: tests/bench/bench_store.c $(BUILD)/bench/store_fill $(call libs_of,$(STORE_BENCH_ROOMS))
	@mkdir -p $(@D)
	@echo "  CC  $<"
	@$(CC) $(CPPFLAGS) $(PKG_CFLAGS) $(CFLAGS_ALL) $(LDFLAGS) -o $@ $< $(call archives,$(STORE_BENCH_ROOMS)) $(LDLIBS)
$(BUILD)/bench/store_fill: tests/bench/store_fill.c $(call libs_of,$(STORE_BENCH_ROOMS))
	@mkdir -p $(@D)
	@echo "  CC  $<"
	@$(CC) $(CPPFLAGS) $(PKG_CFLAGS) $(CFLAGS_ALL) $(LDFLAGS) -o $@ $< $(call archives,$(STORE_BENCH_ROOMS)) $(LDLIBS)
