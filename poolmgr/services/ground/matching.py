"""Glob lists as isolation takes them."""

from __future__ import annotations

from collections.abc import Iterable

from isolation.work import Matcher
from tracks.globs import compile_globs


def matcher(globs: Iterable[str]) -> Matcher:
    """Whether a list of globs means a path."""
    compiled = compile_globs(tuple(globs))

    def matches(path: bytes, is_dir: bool) -> bool:  # noqa: FBT001 - the shape isolation takes
        return compiled.matches(path, is_dir=is_dir)

    return matches
