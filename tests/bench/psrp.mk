# $(BUILD)/bench/clixml: decoding CLIXML against libxml2 alone.
BENCHES += $(BUILD)/bench/clixml
$(BUILD)/bench/clixml: tests/bench/bench_clixml.c $(call libs_of,$(call closure,psrp))
	@mkdir -p $(@D)
	@echo "  CC  $<"
	@$(CC) $(CPPFLAGS) $(PKG_CFLAGS) $(CFLAGS_ALL) $(LDFLAGS) -o $@ $< $(call archives,$(call closure,psrp)) $(LDLIBS)
