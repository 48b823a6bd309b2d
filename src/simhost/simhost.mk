# simhost: its tables are made from the .tsv files beside them; it is linked at a fixed address without unused libraries, so that
# hundreds of them share nearly all their pages.
SIMHOST_TABLES = src/simhost/sets.tsv src/simhost/cmdlets.tsv src/simhost/classes.tsv
$(BUILD)/gen/simhost_tables.h: src/simhost/tables.awk $(SIMHOST_TABLES)
	@mkdir -p $(@D)
	@awk -f $< $(SIMHOST_TABLES) > $@.new && mv $@.new $@
$(BUILD)/obj/simhost/tables.o: $(BUILD)/gen/simhost_tables.h
ifndef SAN
$(BUILD)/simhost: LDFLAGS += -no-pie -Wl,--as-needed
endif
# Its tests run the program itself.
$(foreach t,$(filter test_simhost_%,$(TESTS)),$(eval $(BUILD)/tests/$(t): | $(BUILD)/simhost))
