"""Git's wildmatch as tokens, and these as an expression, the places where it differs from fnmatch included.

A token is a set of bytes (an integer: one byte of the path), STAR or DEEP.
In an expression a star commits to the leftmost place that fits (an atomic group) unless it is the last
of its component, a `**` unless it is the last of its glob: no glob takes exponential time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

from tracks.wildmatch.brackets import bracket_at

STAR, DEEP = -1, -2
SLASH = 1 << ord("/")
EVERY = (1 << 256) - 2  # no path has a NUL
NAMING = EVERY & ~SLASH
BOTH_CASES = frozenset(1 << upper | 1 << upper + 32 for upper in range(ord("A"), ord("Z") + 1))
SPECIAL = re.compile(rb"[*?\[\\]")


def literal_length(raw: bytes) -> int:
    """How much of a pattern comes before its first special character."""
    found = SPECIAL.search(raw)
    return found.start() if found else len(raw)


def parse_tokens(raw: bytes, *, is_floating: bool, fold: bool) -> tuple[int, ...]:
    """The tokens of a pattern without its outer slashes; ValueError where git matches nothing."""
    tokens: list[int] = []
    for token in tokens_of(raw, start=0 if is_floating else literal_length(raw), fold=fold):
        tokens.append(token)
        if tokens[-4:] == [DEEP, SLASH, DEEP, SLASH]:
            del tokens[-2:]
    return tuple(tokens)


def tokens_of(raw: bytes, *, start: int, fold: bool) -> Iterator[int]:
    """The tokens one by one.

    Git compares the literal start of an anchored pattern by itself and hands on the rest, so
    that stars right behind it count as standing at a boundary: `a/b**/c` goes deep.
    """
    at = 0
    while at < len(raw):
        byte = raw[at : at + 1]
        end = at + 1
        if byte == b"*":
            end = at + len(raw[at:]) - len(raw[at:].lstrip(b"*"))
            opens = at in (0, start) or raw[at - 1 : at] == b"/"
            is_deep = end - at > 1 and opens and raw[end : end + 1] in (b"", b"/")
            yield DEEP if is_deep else STAR
        elif byte == b"?":
            yield NAMING
        elif byte == b"[":
            taken, end = bracket_at(raw, at, fold=fold)
            yield taken
        elif byte == b"\\":
            end = at + 2
            byte = raw[at + 1 : end]
            # Git folds the path, but not what is escaped: an escaped capital then takes nothing.
            yield 0 if fold and byte != byte.lower() else taking(byte, fold=fold)
        else:
            yield taking(byte, fold=fold)
        at = end


def taking(byte: bytes, *, fold: bool) -> int:
    """The set of one byte, in both cases where case is folded."""
    return 1 << byte.lower()[0] | 1 << byte.upper()[0] if fold else 1 << byte[0]


def is_literal(token: int) -> bool:
    """Whether a token takes one byte only, or one letter in both cases."""
    return token > 0 and (token.bit_count() == 1 or token in BOTH_CASES)


def expression_of(tokens: tuple[int, ...]) -> bytes:
    """The expression of a whole pattern."""
    deeps = [at for at, token in enumerate(tokens) if token == DEEP]
    parts = [components(tokens[: deeps[0]] if deeps else tokens)]
    for at, after in pairwise([*deeps, len(tokens)]):
        rest = components(tokens[at + 2 : after], is_new=opens_component(tokens, at))
        if at == len(tokens) - 1:
            # All that lies below, but not the directory itself.
            parts.append(rb".+" if opens_component(tokens, at) else rb".*")
        elif after == len(tokens):
            parts.append(rb"(?:.*/)?" + rest)
        else:
            parts.append(rb"(?>(?:.*?/)??%s)" % rest)
    return b"".join(parts)


def opens_component(tokens: Sequence[int], at: int) -> bool:
    """Whether a token is the first of its component: behind `a**/` the component of the `a` may go on."""
    if at == 0 or tokens[at - 1] != SLASH:
        return at == 0
    return at == 1 or tokens[at - 2] != DEEP or opens_component(tokens, at - 2)


def components(tokens: Sequence[int], *, is_new: bool = True) -> bytes:
    """The expression of tokens without a DEEP; the first component may be one that goes on."""
    first, *others = split_at(tokens, SLASH)
    return b"/".join((component(first, is_new=is_new), *map(component, others)))


def component(tokens: Sequence[int], *, is_new: bool = True) -> bytes:
    """The expression of one component; a star alone does not match an empty one."""
    first, *others = (text_of(part) for part in split_at(tokens, STAR))
    if not others:
        return first
    nonempty = b"" if first or not is_new else rb"(?=[^/])"
    middle = b"".join(rb"(?>[^/]*?%s)" % part for part in others[:-1])
    return nonempty + first + middle + rb"[^/]*" + others[-1]


def split_at(tokens: Sequence[int], separator: int) -> list[list[int]]:
    """The runs between separators, empty ones too."""
    runs: list[list[int]] = [[]]
    for token in tokens:
        if token == separator:
            runs.append([])
        else:
            runs[-1].append(token)
    return runs


def text_of(tokens: Sequence[int]) -> bytes:
    """The expression of tokens that are sets only; letters in both cases stand in a group of their own."""
    return b"".join(
        b"(?i:%s)" % b"".join(chr(token.bit_length() - 1).encode() for token in run)
        if in_both_cases
        else b"".join(map(one_of, run))
        for in_both_cases, run in groupby(tokens, BOTH_CASES.__contains__)
    )


def one_of(taken: int) -> bytes:
    """The expression for one byte of a set, ranges together."""
    if taken == NAMING:
        return rb"[^/]"
    if not taken:
        return rb"(?!)"
    if taken.bit_count() == 1:
        return re.escape(bytes([taken.bit_length() - 1]))
    edges = taken ^ taken << 1  # a bit where a range begins, and one behind its end
    places = [at for at in range(257) if edges >> at & 1]
    ranges = zip(places[::2], places[1::2], strict=True)
    return b"[%s]" % b"".join(b"\\x%02x-\\x%02x" % (low, behind - 1) for low, behind in ranges)
