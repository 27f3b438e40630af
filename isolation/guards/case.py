"""One call of a hook: git in this worktree, what the lease may do, and the note of what was judged.

A note lets the same git process go on without a second verdict on the same content; one that does
not fit costs time and nothing else. Standard library only: runs in hooks.
"""

from __future__ import annotations

import os

from isolation.guards.launch import starter
from isolation.guards.matching import matcher
from isolation.guards.remembered import decode, load_facts
from isolation.guards.rule import clear_sight, find_outside

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from isolation.guards.rule import Change


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
        """Git; what is staged against HEAD is remembered."""
        answer = self._run(*args, stdin=stdin)
        if "diff-index" in args and "HEAD" in args:
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
        try:  # without `contextlib`, whose import takes longer than the judgement
            with open(os.path.join(self.room, ".judged"), "w", encoding="ascii") as file:
                file.write(f"{self.pid} {digest}\n")
        except OSError:
            return
