# SSH to hundreds of hosts through one jump host, over sshds of its own on loopback: $(BUILD)/bench/ssh.
$(BUILD)/bench/ssh: tests/bench/bench_ssh.c tests/bench/ssh_measure.h tests/bench/measure.h tests/bench/ssh_relay.h tests/lib/sshd.h $(call libs_of,$(call closure,transport))
	@mkdir -p $(@D)
	@echo "  CC  $<"
	@$(CC) $(CPPFLAGS) -Itests/lib -Itests/bench $(PKG_CFLAGS) $(CFLAGS_ALL) $(LDFLAGS) -o $@ $< $(call archives,$(call closure,transport)) $(LDLIBS)
BENCHES += $(BUILD)/bench/ssh
