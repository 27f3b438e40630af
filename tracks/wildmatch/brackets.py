"""A bracket of a glob as the set of bytes it takes, read exactly as git's wildmatch reads it.

A set of bytes is an integer: bit 47 says whether `/` is in it.
"""

from __future__ import annotations

from collections.abc import Iterable

LOWER, UPPER, DIGITS = bytes(range(97, 123)), bytes(range(65, 91)), b"0123456789"
GRAPH = bytes(range(33, 127))
ALNUM = LOWER + UPPER + DIGITS
CLASSES = {
    b"alnum": ALNUM,
    b"alpha": LOWER + UPPER,
    b"blank": b" \t",
    b"cntrl": bytes(range(32)) + b"\x7f",
    b"digit": DIGITS,
    b"graph": GRAPH,
    b"lower": LOWER,
    b"print": bytes(range(32, 127)),
    b"punct": GRAPH.translate(None, ALNUM),
    b"space": b" \t\n\r",  # git's own table: no vertical tab, no form feed
    b"upper": UPPER,
    b"xdigit": DIGITS + b"abcdefABCDEF",
}


def bracket_at(raw: bytes, at: int, *, fold: bool) -> tuple[int, int]:
    """The bytes taken by the bracket that opens at `at`, and where it ends."""
    place = at + 1
    negated = raw[place : place + 1] in (b"!", b"^")
    place += negated
    taken: set[int] = set()
    previous = b""
    is_first = True
    while is_first or raw[place : place + 1] != b"]":
        is_first = False
        members, previous, place = member_at(raw, place, previous, fold=fold)
        taken.update(members)
    # With folding git compares the lower case of what is in the path: `[A]` then takes nothing.
    seen = bytes(range(256)).lower() if fold else bytes(range(256))
    chosen = (byte for byte in range(256) if (seen[byte] in taken) != negated and byte != ord("/"))
    return set_of(chosen), place + 1


def set_of(members: Iterable[int]) -> int:
    """These bytes as a set."""
    result = 0
    for byte in members:
        result |= 1 << byte
    return result


def member_at(raw: bytes, place: int, previous: bytes, *, fold: bool) -> tuple[bytes, bytes, int]:
    """The bytes of one member, what a following range would start from, and the next place."""
    byte, after = raw[place : place + 1], raw[place + 1 : place + 2]
    if byte == b"\\":
        return require(after), after, place + 2
    if byte == b"-" and previous and after not in (b"", b"]"):
        end = place + 2 + (after == b"\\")
        high = require(raw[end - 1 : end])
        return widened(bytes(range(previous[0], high[0] + 1)), fold=fold), b"", end
    if byte == b"[" and after == b":":
        end = raw.find(b"]", place + 2)
        if end < 0:
            raise ValueError("its bracket is not closed")
        if end > place + 2 and raw[end - 1 : end] == b":":
            return widened(class_named(raw[place + 2 : end - 1]), fold=fold), b"", end + 1
    return require(byte), byte, place + 1


def widened(members: bytes, *, fold: bool) -> bytes:
    """A range or a class; of these, unlike of single bytes, git tries the upper case too."""
    return members + members.lower() if fold else members


def require(byte: bytes) -> bytes:
    """The byte, which must be there."""
    if not byte:
        raise ValueError("its bracket is not closed")
    return byte


def class_named(name: bytes) -> bytes:
    """The bytes of a class such as `alpha`."""
    if name not in CLASSES:
        raise ValueError(f"there is no class [:{name.decode(errors='replace')}:]")
    return CLASSES[name]
