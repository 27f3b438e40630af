"""What a hook decides: whether what is staged, or what a branch would become, keeps to the scope.

Standard library only: runs in hooks; words are imported when there is something to say.
"""

from __future__ import annotations

import os

from isolation.guards.launch import Unanswered
from isolation.guards.rule import INDEX, empty_tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from isolation.guards.case import Case
    from isolation.guards.rule import Change, Run

BRANCHES = b"refs/heads/"
SYMBOLIC = "ref:"  # from git 2.46 on, of a ref that names another
Verdict = tuple[bool, str]  # whether it is refused, and what to say


def judge_commit(case: Case, *, chained: bool, merging: bool = False) -> Verdict:
    """What is staged against HEAD, after the repository's own hooks."""
    said = []
    if chained and case.facts["unstage"]:
        from isolation.guards.unstaging import unstage

        said += unstage(case)
    try:
        refused, shared = case.find_outside("HEAD", INDEX)
    except Unanswered:  # no commit yet
        refused, shared = case.find_outside(empty_tree(case.run), INDEX)
    if refused:
        from isolation.guards.words import refuse_commit

        return True, "\n".join((*said, refuse_commit(case, refused, merging=merging)))
    case.note()
    return False, "\n".join((*said, *told_shared(shared)))


def judge_updates(case: Case, given: bytes) -> Verdict:
    """Lines of old, new and ref, as the hook gets them."""
    said: list[str] = []
    updates = [line.split(b" ", 2) for line in given.splitlines()]
    judged = dict.fromkeys((old, new, ref) for old, new, ref in updates if ref.startswith(BRANCHES))
    for old, new, ref in judged:
        refused, words = judge_update(case, os.fsdecode(old), os.fsdecode(new), os.fsdecode(ref))
        if refused:
            return True, words
        said += [words] if words else []
    return False, "\n".join(said)


def judge_update(case: Case, old: str, new: str, ref: str) -> Verdict:
    """One branch."""
    if new.startswith(SYMBOLIC):
        new = read_value(case.run, new.removeprefix(SYMBOLIC))
    # Without an old value it is to be changed "whatever it is".
    was = read_value(case.run, ref) if is_zero(old) or old.startswith(SYMBOLIC) else old
    if was == new or (is_zero(new) and not was):
        return False, ""
    if ref in case.facts["bases"] and ref != case.facts["branch"]:
        if is_zero(new) and is_pruned(case, ref):
            return False, ""
        from isolation.guards.words import refuse_base

        return True, refuse_base(case, ref)
    if is_zero(new):
        return False, ""
    if not was and ref != case.facts["branch"]:
        from isolation.guards.born import note_birth

        note_birth(case, ref, new)
        return False, ""
    refused, shared = case.find_outside(was or None, new)
    if refused:
        from isolation.guards.words import refuse_branch

        return True, refuse_branch(case, ref, (was, new), refused)
    return False, "\n".join(told_shared(shared))


def is_pruned(case: Case, ref: str) -> bool:
    """Whether git only drops the file of a ref that it has packed; to delete one it locks the pack."""
    try:
        with open(os.path.join(case.admin, "commondir"), "rb") as file:
            common = os.path.join(os.fsencode(case.admin), file.read().removesuffix(b"\n"))
        with open(os.path.join(common, b"packed-refs"), "rb") as file:
            is_packed = b" %s\n" % os.fsencode(ref) in file.read()
    except OSError:
        return False
    return is_packed and not os.path.exists(os.path.join(common, b"packed-refs.lock"))


def read_value(run: Run, ref: str) -> str:
    """What a ref names now, "" when it is not there."""
    return run("rev-parse", "--verify", "--quiet", "--end-of-options", ref).decode().strip()


def is_zero(oid: str) -> bool:
    """Whether it names no object."""
    return not oid.strip("0")


def told_shared(shared: list[Change]) -> list[str]:
    """The line about shared files, when there are any."""
    if not shared:
        return []
    from isolation.guards.words import note_shared

    return [note_shared(shared)]
