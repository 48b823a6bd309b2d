"""vt.py - a terminal just good enough for what curses sends: it follows the cursor, keeps the characters on the screen, and
counts each byte for the part of the screen that it was for.

Bytes that only move the cursor or change the look count for where the next text or blank goes; moving lines counts for the
list, whatever stands beside it.
"""
import re
import unicodedata

CSI = re.compile(rb"\x1b\[([?>=]?)([0-9;:]*)[ -/]*([@-~])")
STRING = re.compile(rb"\x1b[\]P][^\x07\x1b]*(?:\x07|\x1b\\)")


def cells_of(char):
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


class Terminal:
    def __init__(self, rows, cols):
        self.rows, self.cols = rows, cols
        self.grid = [[" "] * cols for _ in range(rows)]
        self.y = self.x = 0
        self.saved = (0, 0)
        self.top, self.bottom = 0, rows - 1
        self.last = " "
        self.rest = b""       # the beginning of a sequence whose end has not come
        self.waiting = 0      # bytes that count for what comes next
        self.preview = None   # (y, x, height): from there to the right edge; None: there is none
        self.bytes = {"list": 0, "preview": 0}

    def line(self, y):
        return "".join(self.grid[y])

    def find_preview(self):
        """By its rule: a column of bars, or a row of dashes with a title in it."""
        body = range(2, self.rows - 3)
        self.preview = None
        for x in range(self.cols):
            if all(self.grid[y][x] in "│|" for y in body):
                self.preview = (2, x, len(body))
                return "right"
        for y in body:
            if sum(char in "─-" for char in self.grid[y]) > self.cols // 2:
                self.preview = (y, 0, self.rows - 3 - y)
                return "below"
        return "off"

    def part(self):
        if self.preview:
            y, x, height = self.preview
            if y <= self.y < y + height and self.x >= x:
                return "preview"
        return "list"

    def count(self, part):
        self.bytes[part] += self.waiting
        self.waiting = 0

    def take(self):
        """Bytes for the list (and all else) and for the preview since the last call."""
        self.count("list")
        taken = self.bytes["list"], self.bytes["preview"]
        self.bytes = {"list": 0, "preview": 0}
        return taken

    def feed(self, data):
        data, self.rest, i = self.rest + data, b"", 0
        while i < len(data):
            size = self.one(data, i)
            if size == 0:
                self.rest = data[i:]
                return
            i += size

    def one(self, data, i):
        """What begins at i; its size, 0 = it is not whole yet."""
        first = data[i]
        if first == 0x1b:
            return self.escape(data, i)
        if first < 0x20 or first == 0x7f:
            self.waiting += 1
            if first == 8:
                self.x = max(0, self.x - 1)
            elif first == 13:
                self.x = 0
            elif first == 10:
                self.index(1)
            return 1
        size = 1 if first < 0x80 else 2 if first < 0xe0 else 3 if first < 0xf0 else 4
        if i + size > len(data):
            return 0
        self.waiting += size
        self.put(data[i:i + size].decode("utf-8", "replace"))
        return size

    def put(self, char):
        self.count(self.part())
        width = cells_of(char)
        if width and self.x < self.cols:
            self.grid[self.y][self.x] = char
            for x in range(self.x + 1, min(self.x + width, self.cols)):
                self.grid[self.y][x] = ""
        self.x = min(self.x + width, self.cols)
        self.last = char

    def escape(self, data, i):
        found = CSI.match(data, i) or STRING.match(data, i)
        if found:
            self.waiting += len(found.group())
            if found.re is CSI and not found.group(1):
                numbers = [int(n or 0) for n in re.split(rb"[;:]", found.group(2))]
                self.control(found.group(3).decode(), numbers)
            return len(found.group())
        if i + 1 >= len(data) or data[i + 1:i + 2] in (b"[", b"]", b"P"):
            return 0
        kind = data[i + 1:i + 2]
        size = 3 if kind in b"()*+" else 2
        self.waiting += size
        if kind == b"M":
            self.index(-1)
        elif kind == b"7":
            self.saved = self.y, self.x
        elif kind == b"8":
            self.y, self.x = self.saved
        return size

    def index(self, step):
        if self.y == (self.bottom if step > 0 else self.top):
            self.scroll(self.top, step)
        else:
            self.y = min(max(self.y + step, 0), self.rows - 1)

    def scroll(self, top, by):
        """Lines from top to the end of the region, up (> 0) or down."""
        self.count("list")
        lines = self.grid[top:self.bottom + 1]
        blank = [[" "] * self.cols for _ in range(min(abs(by), len(lines)))]
        lines = lines[len(blank):] + blank if by > 0 else blank + lines[:len(lines) - len(blank)]
        self.grid[top:self.bottom + 1] = lines

    def erase(self, start, end):
        self.grid[self.y][start:end] = [" "] * (end - start)

    def control(self, kind, numbers):
        n = max(numbers[0], 1)
        row = self.grid[self.y]
        if kind in "Hf":
            self.y = min(n, self.rows) - 1
            self.x = min(max(numbers[1] if len(numbers) > 1 else 1, 1), self.cols) - 1
        elif kind in "AB":
            self.y = min(max(self.y + (n if kind == "B" else -n), 0), self.rows - 1)
        elif kind in "CD":
            self.x = min(max(self.x + (n if kind == "C" else -n), 0), self.cols - 1)
        elif kind in "G`":
            self.x = min(n, self.cols) - 1
        elif kind == "d":
            self.y = min(n, self.rows) - 1
        elif kind in "ST":
            self.scroll(self.top, n if kind == "S" else -n)
        elif kind in "LM":
            self.scroll(self.y, n if kind == "M" else -n)
        elif kind == "r":
            self.count("list")
            self.top = n - 1
            self.bottom = (numbers[1] if len(numbers) > 1 and numbers[1] else self.rows) - 1
            self.y = self.x = 0
        elif kind == "J":
            self.count("list")
            self.grid = [[" "] * self.cols for _ in range(self.rows)] if numbers[0] >= 2 else self.grid
            if numbers[0] == 0:
                self.erase(self.x, self.cols)
                self.grid[self.y + 1:] = [[" "] * self.cols for _ in self.grid[self.y + 1:]]
        elif kind in "KX@Pb":
            self.count(self.part())
            if kind == "K":
                self.erase(*((self.x, self.cols), (0, self.x + 1), (0, self.cols))[min(numbers[0], 2)])
            elif kind == "X":
                self.erase(self.x, min(self.x + n, self.cols))
            elif kind == "@":
                row[self.x:] = ([" "] * n + row[self.x:])[:self.cols - self.x]
            elif kind == "P":
                row[self.x:] = (row[self.x + n:] + [" "] * n)[:self.cols - self.x]
            else:
                for _ in range(n):
                    self.put(self.last)
