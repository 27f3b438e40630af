"""What kind of list globs are, as far as the text tells."""

from __future__ import annotations

import os

from tracks.globs import Glob, Globs
from tracks.wildmatch.tokens import DEEP, SLASH, SPECIAL


def cone_directories(globs: Globs) -> tuple[str, ...] | None:
    """The directories, without those inside others, if the globs could all be literal ones from the top.

    `src/web` may still be a file, which only the tree knows. None for anything else.
    """
    found = [find_directory(glob) for glob in globs.globs]
    chosen: list[str] = []
    for directory in sorted({f"{directory}/" for directory in found if directory}):
        if not chosen or not directory.startswith(chosen[-1]):
            chosen.append(directory)
    return None if None in found else tuple(directory[:-1] for directory in chosen)


def find_directory(glob: Glob) -> str | None:
    """What an anchored literal glob names, or one that takes all below a literal directory."""
    if glob.negated or glob.floating:
        return None
    text = glob.text.removeprefix("/").removesuffix("/")
    if not glob.directories_only and glob.tokens[-2:] == (SLASH, DEEP):
        text = text.removesuffix("/**")
    return None if SPECIAL.search(os.fsencode(text)) else text
