#!/usr/bin/env python3
"""bench_plan.py - a plan over 40,000 scopes on 250 servers, by keys, on a pseudo-terminal.

bench_plan.py IPAMTUI STORE: from the key to what is to be seen - the form over all scopes, the plan in it while a value is typed,
the plan's own pane, each key in it, the plan kept over a restart. The plan must be there within a second of its key, and every key
in its pane within 100 ms.
"""
import re
import shutil
import sys
import tempfile
import time

from bench_ui import COLS, ROWS, Console
from vt import Terminal

SCOPES = 40000
late = []


class Seen:
    """A console and what is on its screen."""

    def __init__(self, program, store):
        self.console = Console(program, store, "--pane", "scopes")
        self.terminal = Terminal(ROWS, COLS)

    def until(self, pattern, limit=20):
        end = time.monotonic() + limit
        while time.monotonic() < end:
            self.terminal.feed(self.console.read(0.005))
            screen = "\n".join(self.terminal.line(y).rstrip() for y in range(ROWS))
            if re.search(pattern, screen):
                return time.monotonic()
        raise SystemExit(f"bench_plan: \"{pattern}\" is not on the screen after {limit} s:\n{screen}")

    def rest(self, seconds=0.3):
        """Until nothing comes for so long; when the first and last of it came."""
        first = last = None
        while piece := self.console.read(seconds):
            self.terminal.feed(piece)
            last = time.monotonic()
            first = first or last
        return first, last

    def type(self, keys):
        return self.console.type(keys)


def say(name, ms, limit_ms):
    print(f"{name:50} {ms:5.0f} ms (at most {limit_ms})")
    if ms > limit_ms:
        late.append(name)


def shows(seen, name, keys, pattern, limit_ms=1000):
    seen.rest()
    begun = seen.type(keys)
    say(name, (seen.until(pattern) - begun) * 1000, limit_ms)


def draws(seen, name, keys, again=1, limit_ms=100):
    """The worst of some times until a key's frame has come."""
    worst = 0
    for _ in range(again):
        seen.rest(0.15)
        begun = seen.type(keys)
        first, last = seen.rest(0.15)
        if not first:
            raise SystemExit(f"bench_plan: {name} drew nothing")
        worst = max(worst, (last - begun) * 1000)
    say(name, worst, limit_ms)


def plan_keys(seen):
    draws(seen, "  j", b"j", 20)
    draws(seen, "  page down", b"\x04", 10)
    draws(seen, "  G", b"G")
    draws(seen, "  g g", b"gg")
    draws(seen, "  Tab: the next server", b"\t", 10)
    draws(seen, "  Space: a server folded, unfolded", b" ", 4)
    draws(seen, "  O: all folded, unfolded", b"O", 2)
    seen.type(b"ggj")
    shows(seen, "  x: a target taken out, and that is kept", b"x", "39999 changes")
    shows(seen, "  u: brought back", b"u", "40000 changes on")
    seen.rest(1)
    shows(seen, "  w: the question before it is applied", b"w", "Type the number of objects", 200)
    seen.type(b"\x1b")


def main():
    program, filled = sys.argv[1], sys.argv[2]
    with tempfile.TemporaryDirectory() as folder:
        store = folder + "/plan.db"
        shutil.copy(filled, store)
        seen = Seen(program, store)
        seen.until(r"10\.\d+\.\d+\.\d+/\d\d")
        seen.rest(1)
        seen.type(b"A")
        seen.until("40000 marked")
        shows(seen, f"e: the form over {SCOPES} scopes", b"e", "name, mixed")
        seen.type(b"\x0e\x0e7")  # two fields down
        seen.until("lease_duration.*7")
        shows(seen, "a value typed: the plan beside the fields", b"d", r"plan: \d+ changes on \d+ targets, 250 servers")
        draws(seen, "a letter of a text while that is made", b"\x0e\x0e\x0e\x0ex", 1, 1000)
        seen.type(b"\x15")
        shows(seen, "Enter: the plan's pane, kept in the database", b"\r", "planned for \\d+ of 40000")
        plan_keys(seen)
        seen.rest()
        seen.console.end()
        seen = Seen(program, store)
        begun = seen.console.begun
        say("started again: how many are pending", (seen.until("40000 changes pending") - begun) * 1000, 1000)
        shows(seen, "w: the plan", b"w", "40000 changes on 40000 targets")
        seen.console.end()
    if late:
        raise SystemExit("bench_plan: too late: " + ", ".join(name.strip() for name in late))


if __name__ == "__main__":
    main()
