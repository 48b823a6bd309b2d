#!/usr/bin/env python3
"""bench_ui.py - the console on a pseudo-terminal, as a person at a terminal would feel it.

bench_ui.py IPAMTUI STORE: first frame of the Scopes pane after the process was started, the answer to keystrokes in the
filter, bytes of a cursor movement, bytes and wake-ups while idle, resident memory. Prints figures; judges nothing but a
console that does not come up.
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
import termios
import time

ROWS, COLS = 50, 200


class Console:
    def __init__(self, program, store, *more):
        self.begun = time.monotonic()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLS, 0, 0))
            os.environ.update(TERM="xterm-256color", LANG="C.UTF-8", LC_ALL="C.UTF-8", TZ="UTC")
            os.execv(program, [program, "--db", store, "--config", "/dev/null", "--fresh", "--offline", *more])
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


def cursor_moves(console, keys, name, count):
    """Bytes of one step: the frame at once, then (apart) the preview that follows when the cursor rests."""
    steps, previews = [], []
    for _ in range(count):
        console.type(keys)
        step, end = 0, time.monotonic() + 0.06
        while time.monotonic() < end:
            step += len(console.read(max(0, end - time.monotonic())))
        steps.append(step)
        previews.append(console.quiet(0.2)[0])
    print(f"{name}: mean {statistics.mean(steps):.0f} bytes, median {statistics.median(steps):.0f}, "
          f"p95 {percentile(steps, 0.95)}, worst {max(steps)}; "
          f"preview after it: median {statistics.median(previews):.0f}")


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
    cursor_moves(console, b"j", "cursor down, with a screen's scroll in it", 60)
    cursor_moves(console, b"k", "cursor up", 20)
    console.type(b"pp")
    console.quiet(1)
    cursor_moves(console, b"k", "the same without preview: cursor up", 60)
    console.type(b"G")
    console.quiet(1)
    cursor_moves(console, b"k", "   up, from the end", 60)
    console.type(b"p")
    idle(console, int(os.environ.get("IDLE", "20")))
    print(f"resident: {console.memory():.0f} MB")
    console.end()


if __name__ == "__main__":
    main()
