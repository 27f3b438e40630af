"""Makes an exact view mean on one tree what its globs mean, where its lines alone may not. Pure.

A path the lines would show or hide wrongly gets a line for itself, at the end, where it decides.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from isolation.scope.shown import Chooser, Runs, list_named
from isolation.scope.view import View, escaped


def agree(view: View, runs: Runs, paths: Sequence[bytes], choose: Chooser) -> View:
    """The view, right for every one of these paths (all files of a commit).

    The cost grows with the repository: keep the answer by the commit's tree and the view's digest.
    """
    shown = frozenset(list_named(runs, paths))
    wanted = frozenset(choose(paths))
    wrong = (
        *(f"/{literal(path)}" for path in sorted(wanted - shown)),
        *(f"!/{literal(path)}" for path in sorted(shown - wanted)),
    )
    return view._replace(lines=(*view.lines, *wrong))


def literal(path: bytes) -> str:
    """A line that means just this path; a line's end, which no line can hold, is any letter."""
    text = escaped(os.fsdecode(path)).replace("\n", "?").replace("\r", "?")
    return f"{text[:-1]}\\ " if text.endswith(" ") else text
