"""What a glob means: gitignore's language, read the way git reads it.

Paths are bytes, relative to the root, `/` between components. A match of a directory covers all
below it, and nothing below can be taken out again; else the last glob that matches decides.
`git check-ignore` is the judge: a property test compares. Pure: text in, values out.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache
from itertools import groupby
from typing import NamedTuple

from tracks.wildmatch.tokens import expression_of, literal_length, parse_tokens

LONGEST = 4096  # bytes, what systems take as a path


class GlobError(ValueError):
    """A text that is no glob, or one that git would read as something else."""

    def __init__(self, glob: str, reason: str) -> None:
        super().__init__(f"{glob!r}: {reason}")
        self.glob = glob
        self.reason = reason


class Glob(NamedTuple):
    """One glob; `literal` is what every path of it starts with, in lower case where case is folded."""

    text: str
    negated: bool
    directories_only: bool
    floating: bool
    literal: bytes
    tokens: tuple[int, ...]

    @property
    def ended(self) -> bytes:
        """The expression with its end: a directory's path carries a trailing slash."""
        return expression_of(self.tokens) + (rb"/" if self.directories_only else rb"(?:/|\Z)")


class Globs:
    """Globs in order, as one matcher."""

    def __init__(self, globs: Iterable[Glob], *, fold: bool = False) -> None:
        self.globs = tuple(globs)
        self.fold = fold

    @property
    def lines(self) -> tuple[str, ...]:
        """The globs as git takes them, a line each."""
        return tuple(glob.text for glob in self.globs)

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

    def among(self, files: Iterable[bytes]) -> Iterator[bytes]:
        """The files that are matched, in their order; several times faster than asking for each."""
        if len(self.runs) == 1:
            negated, pattern = self.runs[0]
            return iter(()) if negated else filter(pattern.match, files)
        return self._among(files)

    def _among(self, files: Iterable[bytes]) -> Iterator[bytes]:
        """The same where some are negated: each directory is looked at once."""
        covered = {b"": False}
        for file in files:
            above = file[: file.rfind(b"/") + 1]
            if above not in covered:
                covered[above] = self.matches(above, is_dir=True)
            if covered[above] or self._names(file):
                yield file

    def _names(self, raw: bytes) -> bool:
        """Whether the last glob that matches exactly this path takes it in."""
        for negated, pattern in self.runs:
            if pattern.fullmatch(raw):
                return not negated
        return False


def compile_globs(globs: Iterable[str], *, fold: bool = False) -> Globs:
    """The matcher of these globs; `fold` is git's core.ignoreCase. A text that is none raises GlobError."""
    return compile_lines(tuple(globs), fold)


@lru_cache(maxsize=64)
def compile_lines(lines: tuple[str, ...], fold: bool) -> Globs:  # noqa: FBT001 - a cache's key
    """The same; a long list costs ten milliseconds, and callers ask for it once per slot."""
    return Globs((parse_glob(text, fold=fold) for text in lines), fold=fold)


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


def parse_glob(text: str, *, fold: bool = False) -> Glob:
    """One glob."""
    line = stripped(text)
    body = line.removeprefix("!")
    core = body.removesuffix("/")
    floating = "/" not in core
    refuse(text, line, core)
    raw = encoded(text, core).removeprefix(b"/")
    try:
        tokens = parse_tokens(raw, is_floating=floating, fold=fold)
    except ValueError as error:
        raise GlobError(text, str(error)) from error
    literal = b"" if floating else raw[: literal_length(raw)]
    return Glob(
        text=line,
        negated=line.startswith("!"),
        directories_only=body.endswith("/"),
        floating=floating,
        literal=literal.lower() if fold else literal,
        tokens=tokens,
    )


def encoded(text: str, core: str) -> bytes:
    """The bytes of a glob, as they would stand in a path."""
    try:
        raw = os.fsencode(core)
    except UnicodeEncodeError as error:
        raise GlobError(text, "it has characters that no file name can have") from error
    if len(raw) > LONGEST:
        raise GlobError(text, f"it is longer than a path can be ({LONGEST} bytes)")
    return raw


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
        (line.startswith("-"), "git could take it for an option; write \\- for a name that begins so"),
        (line.startswith("\ufeff"), "git drops a byte order mark at the start"),
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
