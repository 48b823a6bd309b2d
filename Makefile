# ipamtui. `make demo` to see it, `make check` to test it, `make help` for the rest.
# BUILD=dir builds elsewhere; SAN=1 with AddressSanitizer and UBSan.

all:
BUILD   ?= build
PREFIX  ?= /usr/local
DESTDIR ?=
LIBEXEC  = $(PREFIX)/lib/ipamtui
DATADIR  = $(PREFIX)/share/ipamtui
UNITDIR  = $(PREFIX)/lib/systemd/user
VERSION  = 0.1.0

CC      ?= cc
PKGS     = ncursesw sqlite3 libssh2 libxml-2.0 libconfig
# Lazily: the packages may only be installed by the goal that is being made.
PKG_CFLAGS = $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKG_LIBS   = $(shell pkg-config --libs $(PKGS) 2>/dev/null)
CPPFLAGS += -D_GNU_SOURCE -Iinclude -Isrc -I$(BUILD)/gen -DIPAMTUI_VERSION='"$(VERSION)"' \
            -DIPAMTUI_LIBEXEC='"$(LIBEXEC)"' -DIPAMTUI_DATADIR='"$(DATADIR)"'
CFLAGS  ?= -O2 -g
CFLAGS_ALL = -std=c17 -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 \
             -Wno-format-nonliteral -fno-common -pthread $(CFLAGS) $(SAN_FLAGS)
LDLIBS   = $(PKG_LIBS) -lm -lcrypto -pthread
ifdef SAN
SAN_FLAGS = -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer -O1
else
SAN_FLAGS = -D_FORTIFY_SOURCE=2 -fstack-protector-strong
endif

# Rooms, lowest first; ALLOW_x = rooms x may include (with what those may use). tests/lint.sh reads these lines.
ROOMS = base model config catalog transport psrp windows store query collect change command ui pane cli simhost
ALLOW_base      =
ALLOW_model     = base
ALLOW_config    = model
ALLOW_catalog   = model
ALLOW_transport = base
ALLOW_psrp      = base
ALLOW_windows   = catalog psrp transport
ALLOW_store     = catalog
ALLOW_query     = catalog
ALLOW_collect   = windows store config
ALLOW_change    = windows store config
ALLOW_command   = collect change query config
ALLOW_ui        = command
ALLOW_pane      = ui
ALLOW_cli       = command
ALLOW_simhost   = psrp catalog

all: $(BUILD)/ipamtui $(BUILD)/simhost

room_objects = $(patsubst src/%.c,$(BUILD)/obj/%.o,$(wildcard src/$(1)/*.c))
define room_rule
$(BUILD)/lib/$(1).a: $$(call room_objects,$(1))
	@mkdir -p $$(@D)
	@rm -f $$@
	@ar rcs $$@ $$^
endef
$(foreach room,$(ROOMS),$(eval $(call room_rule,$(room))))

# All rooms below and including $(1), uppermost first, as archives.
closure = $(sort $(1) $(foreach r,$(ALLOW_$(1)),$(call closure,$(r))))
archives = -Wl,--start-group $(foreach r,$(1),$(BUILD)/lib/$(r).a) -Wl,--end-group
libs_of = $(foreach r,$(1),$(BUILD)/lib/$(r).a)

$(BUILD)/obj/%.o: src/%.c
	@mkdir -p $(@D)
	@echo "  CC  $<"
	@$(CC) $(CPPFLAGS) $(PKG_CFLAGS) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

# The program: every room but simhost, which is a program of its own.
MAIN_ROOMS = $(filter-out simhost,$(ROOMS))
$(BUILD)/ipamtui: $(BUILD)/obj/main.o $(call libs_of,$(MAIN_ROOMS))
	@echo "  LD  $@"
	@$(CC) $(CFLAGS_ALL) $(LDFLAGS) -o $@ $< $(call archives,$(MAIN_ROOMS)) $(LDLIBS)
SIMHOST_ROOMS = $(call closure,simhost)
$(BUILD)/simhost: $(call libs_of,$(SIMHOST_ROOMS))
	@echo "  LD  $@"
	@$(CC) $(CFLAGS_ALL) $(LDFLAGS) -o $@ $(call archives,$(SIMHOST_ROOMS)) $(LDLIBS)

# Unit tests: tests/unit/test_ROOM_TOPIC.c links ROOM and the rooms below it. `make unit-ROOM` runs one room's.
TESTS = $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test_*.c))
test_room = $(word 2,$(subst _, ,$(1)))
define test_rule
$(BUILD)/tests/$(1): tests/unit/$(1).c $$(call libs_of,$$(call closure,$$(call test_room,$(1))))
	@mkdir -p $$(@D)
	@echo "  CC  $$<"
	@$$(CC) $$(CPPFLAGS) -Itests/lib $$(PKG_CFLAGS) $$(CFLAGS_ALL) -MMD -MP -MF $$@.d $$(LDFLAGS) -o $$@ $$< \
	    $$(call archives,$$(call closure,$$(call test_room,$(1)))) $$(shell pkg-config --libs cmocka) $$(LDLIBS)
endef
$(foreach t,$(TESTS),$(eval $(call test_rule,$(t))))
run_tests = set -e; for t in $(1); do echo "== $$t"; $(BUILD)/tests/$$t; done
unit: $(TESTS:%=$(BUILD)/tests/%)
	@$(call run_tests,$(TESTS))
define unit_room_rule
unit-$(1): $(foreach t,$(filter test_$(1)_%,$(TESTS)),$(BUILD)/tests/$(t))
	@$$(call run_tests,$$(filter test_$(1)_%,$$(TESTS)))
endef
$(foreach room,$(ROOMS),$(eval $(call unit_room_rule,$(room))))
unit-asan:
	@$(MAKE) --no-print-directory SAN=1 BUILD=$(BUILD)/asan unit

needs:
	@sh tests/needs.sh run
needs-check:
	@sh tests/needs.sh check
lint:
	@sh tests/lint.sh

# Everything: packages, warnings as errors, lint, unit tests plain and under sanitizers, end to end, screens.
check:
	@bash tests/check.sh
bench: needs-check
	@$(MAKE) --no-print-directory all
	@$(MAKE) --no-print-directory $(BENCHES)
	@BUILD=$(BUILD) bash tests/bench/run.sh $(BENCHES)
demo: needs
	@$(MAKE) --no-print-directory all
	@$(BUILD)/ipamtui demo

# Manual pages: prose from man/, tables from the program's own rows.
MAN_PAGES = $(patsubst man/%,$(BUILD)/man/%,$(wildcard man/*.[157]))
$(BUILD)/man/%: man/% man/rows.awk $(BUILD)/ipamtui
	@mkdir -p $(@D)
	@awk -v program=$(BUILD)/ipamtui -f man/rows.awk $< > $@.new && mv $@.new $@
man: $(MAN_PAGES)

install: all man
	install -Dm755 $(BUILD)/ipamtui $(DESTDIR)$(PREFIX)/bin/ipamtui
	install -Dm755 $(BUILD)/simhost $(DESTDIR)$(LIBEXEC)/simhost
	@for f in keymaps/*.conf; do install -Dvm644 $$f $(DESTDIR)$(DATADIR)/$$f; done
	@mkdir -p $(DESTDIR)$(UNITDIR)
	sed 's|@PREFIX@|$(PREFIX)|' systemd/ipamtui-collect.service > $(DESTDIR)$(UNITDIR)/ipamtui-collect.service
	@for f in $(MAN_PAGES); do install -Dvm644 $$f $(DESTDIR)$(PREFIX)/share/man/man$${f##*.}/$${f##*/}; done
uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/ipamtui
	rm -rf $(DESTDIR)$(LIBEXEC) $(DESTDIR)$(DATADIR)
	rm -f $(DESTDIR)$(UNITDIR)/ipamtui-collect.service
	@for f in $(MAN_PAGES); do rm -f $(DESTDIR)$(PREFIX)/share/man/man$${f##*.}/$${f##*/}; done

clean:
	rm -rf $(BUILD)
help:
	@echo "make demo      install what is missing, build, open the console on a simulated estate"
	@echo "make check     install what the tests need, build, run every test (under 15 minutes on two cores)"
	@echo "make           build $(BUILD)/ipamtui and $(BUILD)/simhost"
	@echo "make unit-ROOM unit tests of one room: $(ROOMS)"
	@echo "make bench     the benchmarks; make lint: layers and library headers"
	@echo "make install   PREFIX=$(PREFIX) DESTDIR=; make uninstall"

.PHONY: all unit unit-asan needs needs-check lint check bench demo man install uninstall clean help
-include $(wildcard src/*/*.mk tests/*/*.mk)
-include $(shell find $(BUILD)/obj $(BUILD)/tests -name '*.d' 2>/dev/null)
