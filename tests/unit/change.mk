# These tests talk to simulated hosts.
$(BUILD)/tests/test_change_desk: $(BUILD)/simhost
