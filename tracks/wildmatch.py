"""Git's wildmatch as an expression over bytes, the places where it differs from fnmatch included.

A star commits to the leftmost place that fits (an atomic group) unless it is the last of its
component, a `**` unless it is the last of its glob: no glob takes exponential time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from tracks.brackets import bracket_at

STAR = b"*"
DEEP = b"**"
SLASH = b"/"
SPECIAL = re.compile(rb"[*?\[\\]")


def translated(raw: bytes, *, is_floating: bool) -> bytes:
    """The expression of a pattern without its outer slashes; ValueError where git matches nothing."""
    tokens = tuple(tokens_of(raw, start=0 if is_floating else literal_length(raw)))
    deeps = [at for at, token in enumerate(tokens) if token == DEEP]
    parts = [components(tokens[: deeps[0]] if deeps else tokens)]
    for at, after in pairwise([*deeps, len(tokens)]):
        rest = components(tokens[at + 2 : after])
        if at == len(tokens) - 1:
            # All that lies below, but not the directory itself.
            parts.append(rb".+" if tokens[at - 1 : at] in ((), (SLASH,)) else rb".*")
        elif after == len(tokens):
            parts.append(rb"(?:.*/)?" + rest)
        else:
            parts.append(rb"(?>(?:.*?/)??%s)" % rest)
    return b"".join(parts)


def literal_length(raw: bytes) -> int:
    """How much of a pattern comes before its first special character."""
    found = SPECIAL.search(raw)
    return found.start() if found else len(raw)


def tokens_of(raw: bytes, *, start: int) -> Iterator[bytes]:
    """STAR, DEEP, SLASH and expressions for one byte each.

    Git compares the literal start of an anchored pattern by itself and hands on the rest, so
    that stars right behind it count as standing at a boundary: `a/b**/c` goes deep.
    """
    at = 0
    while at < len(raw):
        byte = raw[at : at + 1]
        end = at + 1
        if byte == b"*":
            end = at + len(raw[at:]) - len(raw[at:].lstrip(b"*"))
            opens = at in (0, start) or raw[at - 1 : at] == SLASH
            is_deep = end - at > 1 and opens and raw[end : end + 1] in (b"", SLASH)
            yield DEEP if is_deep else STAR
        elif byte == b"?":
            yield rb"[^/]"
        elif byte == b"[":
            expression, end = bracket_at(raw, at)
            yield expression
        elif byte == b"\\":
            end = at + 2
            yield re.escape(raw[at + 1 : end])
        else:
            yield re.escape(byte)
        at = end


def components(tokens: Sequence[bytes]) -> bytes:
    """The expression of tokens without a DEEP."""
    return SLASH.join(component(part) for part in split_at(tokens, SLASH))


def component(tokens: Sequence[bytes]) -> bytes:
    """The expression of one component; a star alone does not match an empty one."""
    first, *others = (b"".join(part) for part in split_at(tokens, STAR))
    if not others:
        return first
    nonempty = b"" if first else rb"(?=[^/])"
    middle = b"".join(rb"(?>[^/]*?%s)" % part for part in others[:-1])
    return nonempty + first + middle + rb"[^/]*" + others[-1]


def split_at(tokens: Sequence[bytes], separator: bytes) -> list[list[bytes]]:
    """The runs between separators, empty ones too."""
    runs: list[list[bytes]] = [[]]
    for token in tokens:
        if token == separator:
            runs.append([])
        else:
            runs[-1].append(token)
    return runs
