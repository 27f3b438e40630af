"""Which paths a view shows, told without git. Pure.

In exact mode the lines come compiled (`Globs.runs` of tracks), since there is one glob engine.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from isolation.scope.view import Mode, View, is_below

Runs = Sequence[tuple[bool, re.Pattern[bytes]]]
"""A view's lines, compiled: neighbours of one sign together, the last first; True is negated."""

Chooser = Callable[[Iterable[bytes]], Iterable[bytes]]
"""Those of the paths that are shown."""


def chooser_of(view: View, runs: Runs) -> Chooser:
    """What chooses the files a view shows; `runs` count in exact mode only."""
    match view.mode:
        case Mode.FULL:
            return lambda paths: paths
        case Mode.CONE:
            return lambda paths: list_in_cone(view, paths)
        case Mode.EXACT:
            return lambda paths: list_named(runs, paths)


def list_in_cone(view: View, paths: Iterable[bytes]) -> Iterator[bytes]:
    """The files in cones and those directly in the directories of parent patterns."""
    cones, parents = read_cone(view)
    known: dict[str, bool] = {}
    for path in paths:
        directory = os.fsdecode(os.path.dirname(path))
        if directory not in known:
            known[directory] = directory in parents or is_below(directory, cones)
        if known[directory]:
            yield path


def read_cone(view: View) -> tuple[frozenset[str], frozenset[str]]:
    """The cones, and the directories that show their own files alone, of a cone's lines."""
    parents = {unescaped(line[1:-2].strip("/")) for line in view.lines if line.startswith("!")}
    named = {unescaped(line.strip("/")) for line in view.lines[1:] if not line.startswith("!")}
    return frozenset(named - parents), frozenset(parents)


def unescaped(pattern: str) -> str:
    """The name of a directory in a cone's pattern."""
    return re.sub(r"\\(.)", r"\1", pattern, flags=re.DOTALL)


def list_named(runs: Runs, paths: Iterable[bytes]) -> Iterator[bytes]:
    """By exact lines: the last line that names a path decides, else its directory's."""
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
