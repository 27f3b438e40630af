"""Makes an exact view mean on one tree what its globs mean, where its lines alone may not. Pure.

A path the lines would show or hide wrongly gets a line for itself, at the end, where it decides.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Sequence

from isolation.scope.view import View, escaped

Chooser = Callable[[Iterable[bytes]], Iterable[bytes]]
"""Those of the paths that are to be shown."""

Runs = Sequence[tuple[bool, re.Pattern[bytes]]]
"""A view's lines, compiled: neighbours of one sign together, the last first; True is negated."""


def agree(view: View, runs: Runs, paths: Sequence[bytes], choose: Chooser) -> View:
    """The view, right for every one of these paths (all files of a commit).

    The cost grows with the repository: keep the answer by the commit's tree and the view's digest.
    """
    shown = frozenset(list_shown(runs, paths))
    wanted = frozenset(choose(paths))
    wrong = (
        *(f"/{literal(path)}" for path in sorted(wanted - shown)),
        *(f"!/{literal(path)}" for path in sorted(shown - wanted)),
    )
    return view._replace(lines=(*view.lines, *wrong))


def list_shown(runs: Runs, paths: Iterable[bytes]) -> Iterable[bytes]:
    """The paths a sparse checkout shows: the last line that names one decides, else its directory's."""
    known: dict[bytes, bool] = {b"": False}

    def is_shown(directory: bytes) -> bool:
        if directory not in known:
            verdict = find_verdict(runs, directory + b"/")
            known[directory] = is_shown(os.path.dirname(directory)) if verdict is None else verdict
        return known[directory]

    for path in paths:
        verdict = find_verdict(runs, path)
        if is_shown(os.path.dirname(path)) if verdict is None else verdict:
            yield path


def find_verdict(runs: Runs, path: bytes) -> bool | None:
    """What the last line that names just this path says; None when none does."""
    for negated, pattern in runs:
        if pattern.fullmatch(path):
            return not negated
    return None


def literal(path: bytes) -> str:
    """A line that means just this path; a line's end, which no line can hold, is any letter."""
    text = escaped(os.fsdecode(path)).replace("\n", "?").replace("\r", "?")
    return f"{text[:-1]}\\ " if text.endswith(" ") else text
