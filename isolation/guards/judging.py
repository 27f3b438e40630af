"""What a hook decides: whether what is staged, or what a branch would become, keeps to the scope.

A commit that was judged is noted, so that the same git process need not wait for a second
verdict on the same content; a note that does not fit costs time and nothing else. Standard library
only: runs in hooks.
"""

from __future__ import annotations

import os

from isolation.guards.launch import Unanswered, starter
from isolation.guards.matching import matcher
from isolation.guards.remembered import decode, load_facts
from isolation.guards.rule import INDEX, clear_sight, empty_tree, find_outside

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from isolation.guards.rule import Change, Run

BRANCHES = b"refs/heads/"
Verdict = tuple[bool, str]  # whether it is refused, and what to say


class Case:
    """One call of a hook: git in this worktree, and what the lease may do."""

    def __init__(self, admin: str, pid: str, environment: Mapping[str, str]) -> None:
        self.admin = admin
        self.room = os.path.join(admin, "poolmgr-hooks")
        self.pid = pid
        self.environment = clear_sight(environment) | {"GIT_DIR": admin}
        self.diff: bytes | None = None
        self._run = starter(self.environment, self.room)
        self.facts = load_facts(admin, self.room)
        self.owns = self.matcher("runs")
        self.bases: tuple[str, ...] = (*self.facts["bases"], self.facts["base_oid"])

    def matcher(self, name: str) -> Callable[[bytes], bool]:
        """The matcher of one list of the facts."""
        return matcher([(negated, decode(code)) for negated, code in self.facts["codes"][name]])

    def run(self, *args: str, stdin: bytes | None = None) -> bytes:
        """Git; what is staged is remembered."""
        answer = self._run(*args, stdin=stdin)
        if "diff-index" in args:
            self.diff = answer
        return answer

    def find_outside(self, old: str | None, new: str) -> tuple[list[Change], list[Change]]:
        """What is refused, and what is outside too but shared by all."""
        found = find_outside(self.run, old, new, self.bases, self.owns)
        if not found:
            return [], []
        is_shared = self.matcher("shared")
        refused = [change for change in found if not is_shared(change.path)]
        return refused, [change for change in found if is_shared(change.path)]

    def note(self) -> None:
        """Remember that what is staged was judged, by the git process that asked."""
        try:
            from _sha1 import sha1  # type: ignore[import-not-found]  # hashlib loads OpenSSL
        except ImportError:
            return
        raw = self.diff or b""
        digest = sha1(b"blob %d\0%s" % (len(raw), raw)).hexdigest()
        with open(os.path.join(self.room, ".judged"), "w", encoding="ascii") as file:
            file.write(f"{self.pid} {digest}\n")


def judge_commit(case: Case, *, chained: bool) -> Verdict:
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

        return True, "\n".join((*said, refuse_commit(case, refused)))
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
    was = read_value(case.run, ref) if is_zero(old) else old  # no old value: "whatever it is"
    if was == new or (is_zero(new) and not was):
        return False, ""
    if ref in case.facts["bases"] and ref != case.facts["branch"]:
        from isolation.guards.words import refuse_base

        return True, refuse_base(case, ref)
    if is_zero(new) or (not was and ref != case.facts["branch"]):
        return False, ""
    refused, shared = case.find_outside(was or None, new)
    if refused:
        from isolation.guards.words import refuse_branch

        return True, refuse_branch(case, ref, refused)
    return False, "\n".join(told_shared(shared))


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
