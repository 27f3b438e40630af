"""Short words for the tests of rescue: a caged worktree and what poolmgr does with it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from isolation.clean import reset_to
from isolation.git.program import Git
from isolation.guards.install import worktree_config
from isolation.rescue import Rescue, RescuePlace, keep
from isolation.scope.aside import Wanted
from isolation.scope.ground import require_ground
from isolation.scope.view import FULL, View
from isolation.work import Matcher, Rules, Work, examine
from tests.zoo import Cage, git, is_disposable, make_cage

RULES = Rules(disposable=is_disposable)


def nothing(_path: bytes, _is_dir: bool) -> bool:  # noqa: FBT001 - the shape of a Matcher
    """A matcher that means no path."""
    return False


@dataclass(frozen=True, slots=True)
class Pound:
    """A caged worktree and the place of its rescues."""

    cage: Cage
    where: RescuePlace

    @property
    def root(self) -> Path:
        """The worktree."""
        return self.cage.root

    @property
    def common(self) -> Path:
        """The repository's git directory."""
        return self.where.common_dir

    @property
    def git(self) -> Git:
        """Our git."""
        return Git(self.common)

    def keep(self, fence: int = 1, rules: Rules = RULES) -> Rescue:
        """A rescue of slot 1."""
        return keep(
            self.git,
            self.root,
            where=self.where,
            slot=1,
            fence=fence,
            rules=rules,
            reason="a test",
            created="2026-01-01T00:00:00+0000",
        )

    def examine(self, rules: Rules = RULES) -> Work:
        """What is unsaved."""
        return examine(self.git, self.root, rules)

    def reset(
        self, revision: str, work: Work | None = None, keep: Matcher = nothing, view: View = FULL
    ) -> str:
        """Clean the worktree at a revision; the commit it is."""
        oid = git(self.common, "rev-parse", revision)
        wanted = Wanted(oid, view, worktree_config(require_ground(self.root).admin, view.mode))
        reset_to(self.git, self.root, wanted, work or self.examine(), RULES, keep=keep)
        return oid

    def destroy(self) -> None:
        """The worktree and all that git knows of it are gone, and nothing unreachable stays."""
        admin = Path(self.cage.git("rev-parse", "--absolute-git-dir"))
        for directory in self.root.rglob("*"):
            if directory.is_dir() and not directory.is_symlink():
                directory.chmod(0o700)
        shutil.rmtree(self.root)
        shutil.rmtree(admin)
        self.collect()

    def collect(self) -> None:
        """No reflog and no grace keeps anything."""
        git(self.common, "reflog", "expire", "--expire=now", "--all")
        git(self.common, "gc", "--quiet", "--prune=now")


def make_pound(directory: Path) -> Pound:
    """A worktree to make a state in."""
    cage = make_cage(directory)
    common = Path(cage.git("rev-parse", "--path-format=absolute", "--git-common-dir"))
    return Pound(cage, RescuePlace(common_dir=common, archive_dir=common / "poolmgr" / "rescue"))
