"""The way back from what was refused: one command that leaves nothing of it behind.

In the middle of an operation only its own `--abort` knows all it did; to unstage some of a merge
would make a merge that drops the others' changes. Standard library only: runs in hooks.
"""

from __future__ import annotations

import os

from isolation.guards.rule import INDEX, read_changes, with_options
from isolation.work.operation import find_abort

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from isolation.guards.case import Case
    from isolation.guards.rule import Change

MOST_IN_COMMAND = 5
MAGIC = frozenset("*?[\\")


def back_from_commit(case: Case, refused: Sequence[Change], *, merging: bool) -> str:
    """How to commit without the refused paths; of a merge git says only later that it goes on."""
    abort = "git merge --abort" if merging else find_abort(case.admin)
    if abort:
        return f"the way back: {abort}"
    if os.path.basename(case.environment.get("GIT_INDEX_FILE", "index")) == "index":
        return f"to leave it out: {unstaging(change.path for change in refused)}"
    # Of `commit -a` and `commit -- PATH`: nothing is staged yet.
    return "to leave it out: name what to commit: git commit -- PATH…"


def back_from_branch(case: Case, was: str, new: str, refused: Sequence[Change]) -> str:
    """What to do about index and files, where git had moved them before it asked."""
    abort = find_abort(case.admin)
    if abort:
        return f"the way back: {abort}"
    if not was:
        return "the branch is not made, and nothing else was changed"
    run = with_options(case.run)
    if not read_changes(run, new, INDEX) and is_elsewhere(case, new):
        is_left = read_changes(run, was, new).keys() & set(
            run("diff-files", "-z", "--name-only").split(b"\0")
        )
        return f"the way back: git {'reset -q' if is_left else f'read-tree -m -u {new[:12]} HEAD'}"
    staged = read_changes(run, was, INDEX).keys()
    paths = [change.path for change in refused if change.path in staged]
    if paths:
        return f"to leave it out: {unstaging(paths)}"
    return f"the branch stays at {was[:12]}, and nothing else was changed"


def is_elsewhere(case: Case, oid: str) -> bool:
    """Whether a ref has a commit already: what it brought is lost with no file."""
    return bool(case.run("for-each-ref", "--count=1", "--format=%(refname)", "--contains", oid))


def unstaging(paths: Iterable[bytes]) -> str:
    """The command; `git restore --staged` would leave hidden paths deleted."""
    texts = [os.fsdecode(path) for path in dict.fromkeys(paths)]
    if len(texts) > MOST_IN_COMMAND:
        return "git reset -q -- PATH…, or all of it: git reset -q"
    return " ".join(("git reset -q --", *map(pathspec, texts)))


def pathspec(path: str) -> str:
    """A word for the shell that means one path of the repository from any of its directories."""
    is_plain = not os.environ.get("GIT_PREFIX") and not MAGIC.intersection(path) and path[0] != ":"
    return quoted(path if is_plain else f":(top,literal){path}")


def quoted(text: str) -> str:
    """A word that bash, zsh and ksh read as this text, whatever is in it."""
    if text.isprintable():
        return "'" + text.replace("'", "'\\''") + "'"
    return "$'" + "".join(map(escaped, os.fsencode(text))) + "'"


def escaped(byte: int) -> str:
    """One byte within `$'…'`."""
    char = chr(byte)
    if char in "\\'":
        return f"\\{char}"
    return char if " " <= char <= "~" else f"\\x{byte:02x}"
