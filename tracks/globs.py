"""What a glob means: gitignore's language, read the way git reads it.

Paths are bytes, relative to the root, `/` between components. A match of a directory covers all
below it, and nothing below can be taken out again; else the last glob that matches decides.
`git check-ignore` is the judge: a property test compares. Pure: text in, values out.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import groupby

from tracks.wildmatch import translated


class GlobError(ValueError):
    """A text that is no glob, or one that git would read as something else."""

    def __init__(self, glob: str, reason: str) -> None:
        super().__init__(f"{glob!r}: {reason}")
        self.glob = glob
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Glob:
    """One glob; `expression` matches from the start of a path to the end of what the glob names."""

    text: str
    negated: bool
    directories_only: bool
    floating: bool
    expression: bytes

    @property
    def ended(self) -> bytes:
        """The expression with its end: a directory's path carries a trailing slash."""
        return self.expression + (rb"/" if self.directories_only else rb"(?:/|\Z)")


class Globs:
    """Globs in order, as one matcher."""

    def __init__(self, globs: Iterable[Glob]) -> None:
        self.globs = tuple(globs)

    @property
    def lines(self) -> tuple[str, ...]:
        """The globs as git takes them, a line each."""
        return tuple(glob.text for glob in self.globs)

    @property
    def expression(self) -> bytes:
        """One expression for all; only where nothing is negated does one say the whole truth."""
        if any(glob.negated for glob in self.globs):
            raise ValueError("negated globs have no single expression")
        return joined(self.globs)

    @cached_property
    def runs(self) -> tuple[tuple[bool, re.Pattern[bytes]], ...]:
        """Neighbours of one sign together, the last first."""
        grouped = [(sign, tuple(run)) for sign, run in groupby(self.globs, lambda glob: glob.negated)]
        return tuple((sign, re.compile(joined(run), re.DOTALL)) for sign, run in reversed(grouped))

    def matches(self, path: str | bytes, *, is_dir: bool = False) -> bool:
        """Whether the path, or a directory it lies in, is matched."""
        raw = os.fsencode(path).rstrip(b"/") + (b"/" if is_dir else b"")
        if len(self.runs) == 1:
            negated, pattern = self.runs[0]
            return not negated and pattern.match(raw) is not None
        return any(self._names(part) for part in prefixes(raw))

    def _names(self, raw: bytes) -> bool:
        """Whether the last glob that matches exactly this path takes it in."""
        for negated, pattern in self.runs:
            if pattern.fullmatch(raw):
                return not negated
        return False


def compile_globs(globs: Iterable[str]) -> Globs:
    """The matcher of these globs; a text that is none raises GlobError."""
    return compile_lines(tuple(globs))


@lru_cache(maxsize=64)
def compile_lines(lines: tuple[str, ...]) -> Globs:
    """The same; a long list costs ten milliseconds, and callers ask for it once per slot."""
    return Globs(parse_glob(text) for text in lines)


def prefixes(raw: bytes) -> Iterable[bytes]:
    """The directories above a path with their slash, from the top, then the path."""
    at = raw.find(b"/")
    while 0 <= at < len(raw) - 1:
        yield raw[: at + 1]
        at = raw.find(b"/", at + 1)
    yield raw


def joined(globs: Iterable[Glob]) -> bytes:
    """An alternation that finds the start of floating globs once for all of them."""
    chosen = tuple(globs)
    anchored = [glob.ended for glob in chosen if not glob.floating]
    floating = [glob.ended for glob in chosen if glob.floating]
    if floating:
        anchored.append(rb"(?:.*/)?(?:%s)" % b"|".join(floating))
    return rb"(?:%s)" % b"|".join(anchored) if anchored else rb"(?!)"


def parse_glob(text: str) -> Glob:
    """One glob."""
    line = stripped(text)
    body = line.removeprefix("!")
    directories_only = body.endswith("/")
    core = body.removesuffix("/")
    refuse(text, line, core)
    raw = os.fsencode(core)
    floating = b"/" not in raw
    try:
        expression = translated(raw.removeprefix(b"/"), is_floating=floating)
    except ValueError as error:
        raise GlobError(text, str(error)) from error
    return Glob(
        text=line,
        negated=line.startswith("!"),
        directories_only=directories_only,
        floating=floating,
        expression=expression,
    )


def stripped(text: str) -> str:
    """The text without trailing blanks, as git drops them: one that is escaped stays."""
    line = text
    while line.endswith(" ") and not escaped_at(line, len(line) - 1):
        line = line[:-1]
    return line


def escaped_at(text: str, at: int) -> bool:
    """Whether an odd number of backslashes stands before this place."""
    before = text[:at]
    return (len(before) - len(before.rstrip("\\"))) % 2 == 1


def refuse(text: str, line: str, core: str) -> None:
    """Raise for what git would not read as this glob, or could never match."""
    components = core.removeprefix("/").split("/")
    reasons = (
        ("\n" in text, "a newline would make two globs of it"),
        ("\0" in text, "NUL is in no file name"),
        (line.endswith("\r"), "git drops a carriage return at the end"),
        (line.startswith("#"), "git takes it for a comment; write \\# for a name that begins so"),
        (core in ("", "/"), "it is empty"),
        (".." in components, "`..` leads out of the repository"),
        ("." in components, "paths have no `.` component; leave it out"),
        ("" in components, "an empty component matches nothing"),
        (escaped_at(line, len(line)), "the backslash at its end escapes nothing"),
        (
            any(part.endswith("\\") and escaped_at(part, len(part)) for part in components[:-1]),
            "a slash cannot be escaped",
        ),
        (escaped_at(core, len(core)), "a slash cannot be escaped"),
    )
    for is_bad, reason in reasons:
        if is_bad:
            raise GlobError(text, reason)
