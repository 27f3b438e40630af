"""How poolmgr speaks: data on stdout, words for people on stderr, JSON with its contract.

Text from outside passes `safe` before it reaches a terminal: no control, no bidi, no markup.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping, Sequence

CONTRACT = 1
READ = 100_000  # characters of an answer that somebody may read


def out(text: str = "") -> None:
    """A line of data."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def out_path(path: object) -> None:
    """A path exactly as it is, whatever bytes it has."""
    sys.stdout.flush()
    sys.stdout.buffer.write(os.fsencode(str(path)) + b"\n")
    sys.stdout.buffer.flush()


def say(text: str) -> None:
    """A line for people."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def report(text: str) -> None:
    """A line for people, of words that may come from outside."""
    say(safe(text))


def emit(values: Mapping[str, object]) -> None:
    """An answer for programs."""
    answer = {"contract_version": CONTRACT, **values}
    text = json.dumps(answer)
    # Indentation is for people, who read no longer answer; it takes ten times as long.
    out(text if len(text) > READ else json.dumps(answer, indent=2))


def safe(text: object) -> str:
    """Text on one line; what is not printable is spelled out."""
    return "".join(char if char.isprintable() else spelled(char) for char in str(text))


def spelled(char: str) -> str:
    """One character in ASCII; a byte that is no text as that byte."""
    if "\udc80" <= char <= "\udcff":
        return f"\\x{ord(char) - 0xDC00:02x}"
    return char.encode("unicode_escape", "surrogatepass").decode()


def safe_lines(text: str) -> str:
    """Text with its lines kept."""
    return "\n".join(safe(line) for line in text.split("\n"))


def width() -> int:
    """Columns to fill; 80 where nobody says."""
    import shutil  # 4 ms with its compressors; only tables for people ask for it

    return max(40, shutil.get_terminal_size((80, 24)).columns)


def table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """Columns side by side, the widest cut so that lines fit."""
    cells = [[safe(cell) for cell in row] for row in [list(headers), *rows]]
    widths = [max(extent(row[column]) for row in cells) for column in range(len(headers))]
    while sum(widths) + 2 * (len(widths) - 1) > width() and max(widths) > 8:
        widths[widths.index(max(widths))] -= 1
    return [
        "  ".join(padded(clipped(cell, size), size) for cell, size in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]


def clipped(text: str, size: int) -> str:
    """Text that fits, with a sign where it was cut."""
    if extent(text) <= size:
        return text
    while extent(text) >= size:
        text = text[:-1]
    return text + "…"


def padded(text: str, size: int) -> str:
    """Text with blanks behind it up to a column."""
    return text + " " * (size - extent(text))


def extent(text: str) -> int:
    """The columns a text takes on a terminal: two for a character of East Asia, none for an accent."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text)


def age(seconds: float | None) -> str:
    """A span of time in one short word."""
    if seconds is None:
        return "-"
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= size:
            return f"{seconds / size:.0f}{unit}"
    return f"{max(0, seconds):.0f}s"


def ago(wall: float) -> str:
    """How long ago a moment of the wall clock was."""
    return age(time.time() - wall)


def bytes_text(size: int) -> str:
    """A size as people read it."""
    number = float(size)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if number < 1024 or unit == "GiB":
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1024
    raise AssertionError("unreachable")


def say_skipped(keys: Sequence[str]) -> None:
    """What a committed file asked for and did not get."""
    if keys:
        say(f"skipped until you trust poolmgr.yaml: {', '.join(keys)}")
        say("hint: poolmgr trust shows and trusts them")


def is_terminal() -> bool:
    """Whether a person watches stderr."""
    return sys.stderr.isatty()
