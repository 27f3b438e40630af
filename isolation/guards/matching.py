"""Whether globs match a path, from their compiled expressions: as `tracks.globs.Globs.matches` does.

Standard library only: runs in hooks.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence


def matcher(runs: Sequence[tuple[bool, str]], *, fold_case: bool) -> Callable[[bytes], bool]:
    """Whether a path is matched, by expressions with the last first; case folds as git folds it."""
    flags = re.DOTALL | (re.IGNORECASE if fold_case else 0)
    compiled = [(negated, re.compile(text.encode("latin-1"), flags)) for negated, text in runs]

    def names(raw: bytes) -> bool:
        for negated, pattern in compiled:
            if pattern.fullmatch(raw):
                return not negated
        return False

    def matches(path: bytes) -> bool:
        return any(names(part) for part in prefixes(path))

    if len(compiled) == 1:
        negated, pattern = compiled[0]
        return lambda path: not negated and pattern.match(path) is not None
    return matches


def prefixes(raw: bytes) -> Iterator[bytes]:
    """The directories above a path with their slash, from the top, then the path."""
    at = raw.find(b"/")
    while at >= 0:
        yield raw[: at + 1]
        at = raw.find(b"/", at + 1)
    yield raw


def split(paths: Iterable[bytes], matches: Callable[[bytes], bool]) -> tuple[list[bytes], list[bytes]]:
    """Those that are matched, and the others."""
    inside: list[bytes] = []
    others: list[bytes] = []
    for path in paths:
        (inside if matches(path) else others).append(path)
    return inside, others
