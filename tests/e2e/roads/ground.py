"""A repository somebody works in, its pool, and the slot a state of the zoo is made in."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from tests.e2e.pooled import Json, Pooled
from tests.e2e.roads.household import Household, read_household, take_away
from tests.fixtures.commands import Commands
from tests.fixtures.repositories import Repository
from tests.zoo import Cage, Snapshot, State, git, is_disposable, make_repository, snapshot_of

BRANCH = "zoo/work"
GIVEN = ("config", "info/exclude")
SETTINGS = {"POOLMGR_RELEASE_DISPOSABLE": "[node_modules/, __pycache__/]"}


class Made(NamedTuple):
    """A state as it was made: what has to come back, and the objects that have to exist."""

    state: State
    before: Snapshot
    objects: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class Ground:
    """One repository with one slot that matters."""

    pool: Pooled
    directory: Path
    original: Household
    pooled: Household
    slot: str = ""
    path: Path = Path()
    mine: Household = field(init=False)

    @property
    def checkout(self) -> Path:
        """The user's own checkout."""
        return self.pool.repo.path

    @property
    def household(self) -> Household:
        """What is the user's own, now."""
        return read_household(self.checkout, self.directory / "by-hand")

    def hold(self, *args: str) -> None:
        """Somebody holds the slot."""
        lent = self.pool.acquire("--branch", BRANCH, *args)
        self.slot, self.path = lent["slot"], Path(lent["path"])

    def find_free(self) -> None:
        """The slot that goes first when the pool shrinks; nobody holds it."""
        self.slot = "pool-wt-2"
        self.path = Path(self.pool.slot(self.slot)["path"])

    def make(self, state: State) -> Made:
        """The state, from outside; what is the user's from now on is what must stay."""
        outside = self.directory / "outside"
        outside.mkdir()
        objects = state.make(Cage(self.path, outside)) or ()
        self.mine = self.household
        return Made(state, snapshot_of(self.path), objects)

    def collect(self) -> None:
        """No reflog and no grace keeps anything."""
        git(self.checkout, "reflog", "expire", "--expire=now", "--all")
        git(self.checkout, "gc", "--quiet", "--prune=now")

    def rescues(self) -> list[Json]:
        """What is kept."""
        found: list[Json] = self.pool.ask("rescue", "list")["rescues"]
        return found

    def parked(self) -> list[Path]:
        """Directories that were put aside."""
        room = self.checkout / ".git/poolmgr/parked"
        return sorted(room.iterdir()) if room.is_dir() else []

    def require_untouched(self) -> None:
        """The user's own is what it was before the pool did anything with the slot."""
        assert self.household == self.mine

    def require_given_back(self) -> None:
        """No trace of the pool but rescues; what the state itself did to the repository stays."""
        asked = {
            name: take_away(self.pooled.records[name], self.original.records[name], self.mine.records[name])
            for name in GIVEN
        }
        assert self.household == replace(self.mine, records=self.mine.records | asked)
        assert {entry.name for entry in (self.checkout / ".git/worktrees").iterdir()} == {"by-hand"}
        assert not self.path.parent.exists()
        state = self.checkout / ".git/poolmgr"
        assert not state.exists() or {entry.name for entry in state.iterdir()} == {"rescue"}

    def require_clean(self, name: str) -> None:
        """The slot is free and has nothing of its last holder."""
        slot = self.pool.slot(name)
        assert (slot["state"], slot["lease"], slot["branch"]) == ("READY", None, None), slot
        shown = git(Path(slot["path"]), "status", "--porcelain", "--ignored", "-z", "--untracked-files=all")
        left = [line for line in shown.split("\0") if line and not is_cache(line[3:])]
        assert left == []
        assert git(Path(slot["path"]), "rev-parse", "HEAD") == git(self.checkout, "rev-parse", "main")


def is_cache(path: str) -> bool:
    """Whether a path lies in a directory that may stay."""
    return any(is_disposable(part.encode(), True) for part in path.split("/"))


def lay_out(place: Path) -> Path:
    """A repository with work of the user's own in it: staged, edited, new, ignored, stashed, hooked."""
    checkout = make_repository(place)
    (checkout / "other.txt").write_bytes(b"stashed by the user\n")
    git(checkout, "stash", "--quiet")
    git(checkout, "branch", "users-own", "side")
    git(checkout, "tag", "users-tag", "side")
    (checkout / "src/main.txt").write_bytes(b"staged by the user\n")
    git(checkout, "add", "src/main.txt")
    (checkout / "run.sh").write_bytes(b"#!/bin/sh\nexit 1\n")
    (checkout / "notes.txt").write_bytes(b"new\n")
    (checkout / ".env").write_bytes(b"USER=1\n")
    hook = checkout / ".git/hooks/pre-push"
    hook.write_bytes(b"#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    return checkout


def break_ground(template: Path, directory: Path, cli: Commands, size: int) -> Ground:
    """A copy of the template with a pool of its own."""
    checkout = directory / "repo"
    shutil.copytree(template, checkout, symlinks=True)
    git(checkout, "worktree", "add", "--quiet", "-b", "by-hand", str(directory / "by-hand"), "side")
    (directory / "by-hand/app.txt").write_bytes(b"edited by hand\n")
    git(checkout, "status", "--porcelain")  # the index learns the times of the copied files
    original = read_household(checkout, directory / "by-hand")
    cli.background = ("worker*.lock",)
    cli.variables |= SETTINGS
    pool = Pooled(Repository(checkout), cli)
    pool.init(size)
    pooled = read_household(checkout, directory / "by-hand")
    given = {name: original.records[name] for name in GIVEN}
    assert replace(pooled, records=pooled.records | given) == original
    return Ground(pool=pool, directory=directory, original=original, pooled=pooled)


Breaker = Callable[[int], Ground]
