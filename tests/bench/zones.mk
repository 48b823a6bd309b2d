# Zones at size: summed up, listed, counted: $(BUILD)/bench/zones.
BENCHES += $(BUILD)/bench/zones
$(BUILD)/bench/zones: tests/bench/bench_zones.c $(call libs_of,$(call closure,store))
	@mkdir -p $(@D)
	@echo "  CC  $<"
	@$(CC) $(CPPFLAGS) $(PKG_CFLAGS) $(CFLAGS_ALL) $(LDFLAGS) -o $@ $< $(call archives,$(call closure,store)) $(LDLIBS)
