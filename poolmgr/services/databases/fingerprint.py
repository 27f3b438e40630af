"""Which template a commit needs: a digest of all that a template is made from.

The files that `migrations` means, those that the commands name, the commands themselves, the
server's major version. Files as the commit has them: what is not committed does not count.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
from collections.abc import Collection, Iterator

from isolation.git.program import Git
from poolmgr.core.settings import TemplateSettings
from tracks.globs import Glob, GlobError, Globs, compile_globs, parse_glob

RECIPE = 1  # raised when templates are built in another way
LENGTH = 16
FORM = re.compile(r"[0-9a-f]{16}")
WILD = re.compile(r"[*?\[\\]")
BREAKS = re.compile(r"[=<>;|&()]+")


def fingerprint(git: Git, commit: str, template: TemplateSettings, major: int) -> str:
    """The digest; "" where no command is set, and databases begin empty."""
    if not (template.run or template.seed):
        return ""
    facts = json.dumps([RECIPE, major, template.run, template.seed]).encode()
    return hashlib.sha256(b"\0".join((facts, *list_inputs(git, commit, template)))).hexdigest()[:LENGTH]


def list_inputs(git: Git, commit: str, template: TemplateSettings) -> tuple[bytes, ...]:
    """The files of a commit that a template of it is made from, as `git ls-tree` shows them, by path."""
    places = {place_of(glob) for globs in globs_of(template) for glob in globs.globs if not glob.negated}
    if not places:
        return ()
    below = () if "" in places else ("--", *sorted(places))
    listed = git.run("--literal-pathspecs", "ls-tree", "-r", "-z", "--full-tree", commit, *below)
    lines = {line.partition(b"\t")[2]: line for line in listed.stdout.split(b"\0") if line}
    return tuple(lines[path] for path in choose(template, lines))


def globs_of(template: TemplateSettings) -> tuple[Globs, Globs]:
    """What `migrations` means, and what the commands name."""
    return compile_globs(template.migrations), compile_globs(named_globs(template))


def choose(template: TemplateSettings, paths: Collection[bytes]) -> list[bytes]:
    """Those of these files that go into a template."""
    return sorted({path for globs in globs_of(template) for path in globs.among(paths)})


def place_of(glob: Glob) -> str:
    """A path that all paths of a glob begin with, "" where there is none: git lists what is below it."""
    if glob.floating:
        return ""
    if not WILD.search(glob.text):
        return glob.text.strip("/")
    return os.fsdecode(glob.literal[: glob.literal.rfind(b"/") + 1])


def named_globs(template: TemplateSettings) -> tuple[str, ...]:
    """What the commands may name of the repository, relative to its top: seeds, scripts, directories."""
    words = {word for command in (*template.run, *template.seed) for word in words_of(command)}
    return tuple(f"/{word}" for word in sorted(words) if is_usable(word))


def words_of(command: str) -> Iterator[str]:
    """The words of a command line, without flags in front of them."""
    try:
        words = shlex.split(command)
    except ValueError:  # an open quote: the shell will say so
        words = command.split()
    for part in (part for word in words for part in BREAKS.split(word)):
        for text in {part, part[2:]} if part.startswith("-") else {part}:
            yield text.removeprefix("./").rstrip("/")


def is_usable(word: str) -> bool:
    """Whether it can be a path of the repository."""
    if not word.strip("*./") or word.startswith("/") or ".." in word.split("/"):
        return False
    try:
        parse_glob(f"/{word}")
    except GlobError:
        return False
    return True
