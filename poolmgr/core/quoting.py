"""Words as a shell reads them back."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable


def quoted(text: str) -> str:
    """A word for the shell; `$'…'`, which bash and zsh know, where a character cannot be printed."""
    if text.isprintable():
        return shlex.quote(text)
    return "$'" + "".join(map(escaped, os.fsencode(text))) + "'"


def escaped(byte: int) -> str:
    """One byte inside of `$'…'`."""
    char = chr(byte)
    if char in "\\'":
        return f"\\{char}"
    return char if " " <= char <= "~" else f"\\x{byte:02x}"


def line_of(words: Iterable[str]) -> str:
    """A command line."""
    return " ".join(map(quoted, words))
