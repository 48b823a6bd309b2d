#!/usr/bin/env python3
"""bench_ui.py - the console on a pseudo-terminal, as a person at a terminal would feel it.

bench_ui.py IPAMTUI STORE: first frame of the Scopes pane after the process was started, the answer to keystrokes in the
filter, bytes of a cursor movement (the preview's apart from the rest), bytes and wake-ups while idle, resident memory.
Prints figures; judges nothing but a console that does not come up, and a cursor movement of 600 bytes or more.
"""
import fcntl
import os
import pty
import re
import select
import signal
import statistics
import struct
import sys
import tempfile
import termios
import time

from vt import Terminal

ROWS, COLS = 50, 200


class Console:
    def __init__(self, program, store, *more, config="/dev/null", **environment):
        self.begun = time.monotonic()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLS, 0, 0))
            os.environ.update(TERM="xterm-256color", LANG="C.UTF-8", LC_ALL="C.UTF-8", TZ="UTC", **environment)
            os.execv(program, [program, "--db", store, "--config", config, "--fresh", "--offline", *more])
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLS, 0, 0))

    def read(self, seconds):
        """What comes within so long."""
        if not select.select([self.fd], [], [], seconds)[0]:
            return b""
        try:
            return os.read(self.fd, 1 << 16)
        except OSError:
            return b""

    def until(self, pattern, limit):
        """Bytes until the pattern is on the wire; the time when it was there."""
        got = b""
        end = time.monotonic() + limit
        while time.monotonic() < end:
            got += self.read(end - time.monotonic())
            if re.search(pattern, got):
                return got, time.monotonic()
        raise SystemExit(f"bench_ui: {pattern!r} did not come within {limit} s; last: {got[-300:]!r}")

    def quiet(self, rest):
        """Everything until nothing comes for `rest` seconds; bytes and the time of the first and last."""
        total, first, last = 0, None, None
        while True:
            piece = self.read(rest)
            if not piece:
                return total, first, last
            total += len(piece)
            last = time.monotonic()
            first = first or last

    def type(self, keys):
        os.write(self.fd, keys)
        return time.monotonic()

    def memory(self):
        with open(f"/proc/{self.pid}/status") as status:
            return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1)) / 1024

    def switches(self):
        """Voluntary context switches of all threads: times that something woke up."""
        total = 0
        for task in os.listdir(f"/proc/{self.pid}/task"):
            with open(f"/proc/{self.pid}/task/{task}/status") as status:
                total += int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", status.read(), re.M).group(1))
        return total

    def end(self):
        os.kill(self.pid, signal.SIGTERM)
        end = time.monotonic() + 5
        while time.monotonic() < end:
            self.read(0.05)
            if os.waitpid(self.pid, os.WNOHANG)[0]:
                os.close(self.fd)
                return
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * share))]


def first_frames(program, store, times):
    """From exec to a row of the list on the wire (not only to an empty frame)."""
    frames = []
    for _ in range(times):
        console = Console(program, store, "--pane", "scopes")
        _, at = console.until(rb"10\.\d+\.\d+\.\d+/\d\d", 20)
        frames.append((at - console.begun) * 1000)
        console.end()
    print(f"first frame of Scopes with rows: median {statistics.median(frames):.0f} ms, worst {max(frames):.0f} ms of {times}")


def filter_keys(console):
    """Letter by letter; a keystroke is answered when the frame it caused has come."""
    echoes, fills = [], []
    for word in (b"voice", b"util>90", b"server:lon-*", b"10.20", b"zzzz", b"name~wifi free<50", b"8d", b"82%", b"777"):
        console.type(b"/")
        console.quiet(0.3)
        for letter in word:
            at = console.type(bytes([letter]))
            total, first, last = console.quiet(0.4)
            if first:
                echoes.append((first - at) * 1000)
                fills.append((last - at) * 1000)
        console.type(b"\x1b")
        console.quiet(0.6)
    print(f"filter keystroke to its frame: median {statistics.median(echoes):.1f} ms, "
          f"p99 {percentile(echoes, 0.99):.1f} ms, worst {max(echoes):.1f} ms of {len(echoes)}")
    print(f"   until the list had settled: median {statistics.median(fills):.0f} ms, worst {max(fills):.0f} ms")


def answer(console, terminal, rest):
    """What comes until nothing comes for so long, as bytes for the list and for the preview."""
    while piece := console.read(rest):
        terminal.feed(piece)
    return terminal.take()


def cursor_moves(program, store, where, keys, config, count):
    """One step at a time from both ends of a list, so that most of them are at an edge and scroll it; the preview has time to
    come after each. The clock stands still: its frame, once a minute, is no step. Returns the bytes of the worst step."""
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
        file.write(config)
        file.flush()
        console = Console(program, store, "--pane", "scopes", config=file.name, IPAMTUI_NOW=str(int(time.time())))
        console.until(rb"10\.\d+\.\d+\.\d+/\d\d", 20)
    terminal = Terminal(ROWS, COLS)
    worst = 0
    for key in keys:
        console.type(key)
        console.quiet(1)
    for name, start, key in (("down from the top", b"gg", b"j"), ("up from the end", b"G", b"k")):
        console.type(start)
        console.quiet(1.5)
        console.type(b"\x0c")
        answer(console, terminal, 1)
        found = terminal.find_preview()
        if found != where:
            raise SystemExit(f"bench_ui: the preview is {found}, not {where}")
        steps = []
        for _ in range(count):
            console.type(key)
            steps.append(answer(console, terminal, 0.13))
        moves, previews = [step[0] for step in steps], [step[1] for step in steps]
        print(f"cursor {name}, preview {where}: mean {statistics.mean(moves):.0f} bytes, p95 {percentile(moves, 0.95)}, "
              f"worst {max(moves)} of {count}; the preview's: mean {statistics.mean(previews):.0f}, worst {max(previews)}; "
              f"together {statistics.mean(moves) + statistics.mean(previews):.0f}")
        worst = max(worst, max(moves))
    held_key(console, terminal, where, count)
    console.end()
    return worst


def held_key(console, terminal, where, count):
    """A key held down at 30 a second: the preview comes when it is let go."""
    moves = previews = 0
    console.type(b"gg")
    answer(console, terminal, 1.5)
    for _ in range(count):
        console.type(b"j")
        end = time.monotonic() + 1 / 30
        while (left := end - time.monotonic()) > 0:
            terminal.feed(console.read(left))
    moves, previews = answer(console, terminal, 0.5)
    print(f"   j held down, preview {where}: mean {moves / count:.0f} bytes, the preview's {previews / count:.0f}")


def idle(console, seconds):
    console.quiet(1)
    before, written, end = console.switches(), 0, time.monotonic() + seconds
    while time.monotonic() < end:
        written += len(console.read(end - time.monotonic()))
    print(f"idle for {seconds} s: {console.switches() - before} wake-ups, {written} bytes")


def main():
    program, store = sys.argv[1], sys.argv[2]
    first_frames(program, store, 7)
    console = Console(program, store, "--pane", "scopes")
    console.until(rb"10\.\d+\.\d+\.\d+/\d\d", 20)
    console.quiet(2)
    filter_keys(console)
    idle(console, int(os.environ.get("IDLE", "20")))
    print(f"resident: {console.memory():.0f} MB")
    console.end()
    steps = int(os.environ.get("STEPS", "150"))
    worst = max(cursor_moves(program, store, "right", [], "", steps),
                cursor_moves(program, store, "below", [], "accessible = true;\n", steps),
                cursor_moves(program, store, "off", [b"p", b"p"], "", steps))
    if worst >= 600:
        raise SystemExit(f"bench_ui: a cursor movement wrote {worst} bytes; it should be under 600")


if __name__ == "__main__":
    main()
