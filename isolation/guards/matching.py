"""Whether globs match a path, by their compiled expressions: as `tracks.globs.Globs.matches` says it.

Standard library only: runs in hooks.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterator, Sequence


def matcher(runs: Sequence[tuple[bool, re.Pattern[bytes]]]) -> Callable[[bytes], bool]:
    """Whether a path is matched, by expressions with the last first."""

    def names(raw: bytes) -> bool:
        for negated, pattern in runs:
            if pattern.fullmatch(raw):
                return not negated
        return False

    def matches(path: bytes) -> bool:
        return any(names(part) for part in prefixes(path))

    if len(runs) == 1:
        negated, pattern = runs[0]
        return lambda path: not negated and pattern.match(path) is not None
    return matches


def prefixes(raw: bytes) -> Iterator[bytes]:
    """The directories above a path with their slash, from the top, then the path."""
    at = raw.find(b"/")
    while at >= 0:
        yield raw[: at + 1]
        at = raw.find(b"/", at + 1)
    yield raw
