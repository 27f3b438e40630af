"""A bracket of a glob as the set of bytes it takes, read exactly as git's wildmatch reads it."""

from __future__ import annotations

import string
from itertools import pairwise

ALPHA, DIGITS = string.ascii_letters.encode(), string.digits.encode()
CLASSES = {
    b"alnum": ALPHA + DIGITS,
    b"alpha": ALPHA,
    b"blank": b" \t",
    b"cntrl": bytes(range(32)) + b"\x7f",
    b"digit": DIGITS,
    b"graph": bytes(range(33, 127)),
    b"lower": string.ascii_lowercase.encode(),
    b"print": bytes(range(32, 127)),
    b"punct": string.punctuation.encode(),
    b"space": b" \t\n\r",  # git's own table: no vertical tab, no form feed
    b"upper": string.ascii_uppercase.encode(),
    b"xdigit": string.hexdigits.encode(),
}


def bracket_at(raw: bytes, at: int) -> tuple[bytes, int]:
    """The expression of the bracket that opens at `at`, and where it ends."""
    place = at + 1
    negated = raw[place : place + 1] in (b"!", b"^")
    place += negated
    taken: set[int] = set()
    previous = b""
    is_first = True
    while is_first or raw[place : place + 1] != b"]":
        is_first = False
        members, previous, place = member_at(raw, place, previous)
        taken.update(members)
    chosen = set(range(256)) - taken if negated else taken
    return expression_of(chosen - {ord("/")}), place + 1


def member_at(raw: bytes, place: int, previous: bytes) -> tuple[bytes, bytes, int]:
    """The bytes of one member, what a following range would start from, and the next place."""
    byte, after = raw[place : place + 1], raw[place + 1 : place + 2]
    if byte == b"\\":
        return require(after), after, place + 2
    if byte == b"-" and previous and after not in (b"", b"]"):
        end = place + 2 + (after == b"\\")
        high = require(raw[end - 1 : end])
        return bytes(range(previous[0], high[0] + 1)), b"", end
    if byte == b"[" and after == b":":
        end = raw.find(b"]", place + 2)
        if end < 0:
            raise ValueError("its bracket is not closed")
        if end > place + 2 and raw[end - 1 : end] == b":":
            return class_named(raw[place + 2 : end - 1]), b"", end + 1
    return require(byte), byte, place + 1


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


def expression_of(chosen: set[int]) -> bytes:
    """A set of bytes as an expression, ranges together."""
    if not chosen:
        return rb"(?!)"
    order = sorted(chosen)
    starts = [order[0], *(high for low, high in pairwise(order) if high != low + 1)]
    ends = [*(low for low, high in pairwise(order) if high != low + 1), order[-1]]
    return b"[%s]" % b"".join(b"\\x%02x-\\x%02x" % pair for pair in zip(starts, ends, strict=True))
