# Retrieval of many simulated servers: $(BUILD)/bench/retrieve; 500 of them watched: $(BUILD)/bench/watch.
$(BUILD)/bench/retrieve: tests/bench/bench_retrieve.c tests/bench/measure.h tests/lib/estate.h $(call libs_of,$(call closure,collect)) $(BUILD)/simhost
	@mkdir -p $(@D)
	@echo "  CC  $<"
	@$(CC) $(CPPFLAGS) -Itests/lib $(PKG_CFLAGS) $(CFLAGS_ALL) $(LDFLAGS) -o $@ $< $(call archives,$(call closure,collect)) $(LDLIBS)
BENCHES += $(BUILD)/bench/retrieve $(BUILD)/bench/watch
$(BUILD)/bench/watch: tests/bench/watch.sh $(BUILD)/bench/retrieve
	@cp $< $@
# These tests talk to simulated hosts.
$(BUILD)/tests/test_windows_host $(BUILD)/tests/test_windows_fetch $(BUILD)/tests/test_collect_rounds $(BUILD)/tests/test_collect_asks: $(BUILD)/simhost
