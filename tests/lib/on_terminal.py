#!/usr/bin/env python3
"""on_terminal.py PROGRAM ARGS...: runs it on a terminal of its own (80x24) until it ends, 20 s at most. Prints what it wrote; ends
with its status (128 and its number for a signal), with 98 if it did not end, or with 99 if it leaves the terminal otherwise than it
was: modes, alternate screen, hidden cursor. ON_TERMINAL_KEYS are typed once what it wrote ends with ON_TERMINAL_AT; without that, once
it has been still for 0.4 s. Before that the file ON_TERMINAL_STILL is made."""
import fcntl, os, pty, re, select, struct, sys, termios, time

main, side = pty.openpty()
fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
before = termios.tcgetattr(side)
pid = os.fork()
if pid == 0:
    os.setsid()
    fcntl.ioctl(side, termios.TIOCSCTTY, 0)
    for fd in (0, 1, 2):
        os.dup2(side, fd)
    os.environ["TERM"] = "xterm-256color"
    os.execvp(sys.argv[1], sys.argv[1:])
keys = os.environ.get("ON_TERMINAL_KEYS", "").encode()
prompt = os.environ.get("ON_TERMINAL_AT", "").encode()
seen, status, end, still = b"", None, time.monotonic() + 20, time.monotonic() + 0.4
while status is None or select.select([main], [], [], 0.05)[0]:
    if select.select([main], [], [], 0.02)[0]:
        seen += os.read(main, 65536)
        still = time.monotonic() + 0.4
    if keys and seen and (seen.rstrip().endswith(prompt) if prompt else time.monotonic() > still):
        if "ON_TERMINAL_STILL" in os.environ:
            open(os.environ["ON_TERMINAL_STILL"], "w").close()
        os.write(main, keys)
        keys = b""
    if status is None:
        ended, how = os.waitpid(pid, os.WNOHANG)
        status = os.waitstatus_to_exitcode(how) if ended else None
    if status is None and time.monotonic() > end:
        os.kill(pid, 9)
        sys.exit(98)
sys.stdout.buffer.write(seen)
sys.stdout.flush()


def last(on, off):
    """Was the mode left on?"""
    found = re.findall(rb"\x1b\[\?(?:%s)([hl])" % on, seen)
    return bool(found) and found[-1] != off


left_on = last(b"1049", b"l") or last(b"25", b"h") or last(b"1000|1002|1006", b"l")
sys.exit(99 if left_on or termios.tcgetattr(side) != before else status if status >= 0 else 128 - status)
