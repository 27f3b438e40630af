"""A repository somebody works in, its pool, and the slots that states of the zoo are made in."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.e2e.pooled import Json, Pooled
from tests.e2e.roads.household import GIVEN, Household, read_household, take_away
from tests.fixtures.commands import Commands
from tests.fixtures.repositories import Repository
from tests.zoo import Cage, Snapshot, State, git, is_disposable, make_repository, snapshot_of

SETTINGS = {"POOLMGR_RELEASE_DISPOSABLE": "[node_modules/, __pycache__/]"}


@dataclass(frozen=True, slots=True)
class OwnCage(Cage):
    """Writes what no other state of the same repository does: no rescue lives on another's objects."""

    name: str

    def write(self, name: str, content: bytes = b"unsaved\n") -> Path:
        """A file with this content, or with one of this state's own."""
        own = f"unsaved, {self.name}\n".encode()
        return Cage.write(self, name, own if content == b"unsaved\n" else content)


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A state in a slot: what has to come back, and the objects that have to exist."""

    state: State
    slot: str
    path: Path
    before: Snapshot
    objects: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class Ground:
    """One repository; `mine` is what is the user's own once all states are made."""

    pool: Pooled
    directory: Path
    original: Household
    pooled: Household
    mine: Household = field(init=False)

    @property
    def checkout(self) -> Path:
        """The user's own checkout."""
        return self.pool.repo.path

    @property
    def household(self) -> Household:
        """What is the user's own, now."""
        return read_household(self.checkout, self.directory / "by-hand")

    @property
    def is_bearable(self) -> bool:
        """Whether the states changed nothing that all worktrees share."""
        return all(self.mine.records[name] == self.pooled.records[name] for name in GIVEN)

    def hold(self, states: Sequence[State], *args: Sequence[str]) -> list[Made]:
        """For each state a slot that somebody holds; `args` are added to each acquire."""
        made = []
        for number, state in enumerate(states):
            how = args[number] if args else ()
            lent = self.pool.acquire("--branch", f"zoo/{number}", *how, agent=f"agent-{number}")
            made.append(self.make(state, lent["slot"], Path(lent["path"])))
        self.mine = self.household
        return made

    def write_into_free(self, states: Sequence[State]) -> list[Made]:
        """For each state a slot that nobody holds; the first slot stays clean."""
        paths = {name: Path(slot["path"]) for name, slot in self.pool.slots().items()}
        names = [f"pool-wt-{number}" for number in range(2, len(states) + 2)]
        made = [self.make(state, name, paths[name]) for state, name in zip(states, names, strict=True)]
        self.mine = self.household
        return made

    def make(self, state: State, slot: str, path: Path) -> Made:
        """The state, from outside."""
        outside = self.directory / "outside" / slot
        outside.mkdir(parents=True)
        objects = state.make(OwnCage(path, outside, state.name)) or ()
        return Made(state=state, slot=slot, path=path, before=snapshot_of(path), objects=objects)

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
        """The user's own is what it was before the pool did anything with the slots."""
        assert self.household == self.mine

    def require_given_back(self) -> None:
        """No trace of the pool but rescues; what the states themselves did to the repository stays."""
        asked = {
            name: take_away(self.pooled.records[name], self.original.records[name], self.mine.records[name])
            for name in GIVEN
        }
        assert self.household == replace(self.mine, records=self.mine.records | asked)
        assert {entry.name for entry in (self.checkout / ".git/worktrees").iterdir()} == {"by-hand"}
        assert not self.checkout.with_name("repo.worktrees").exists()
        state = self.checkout / ".git/poolmgr"
        assert not state.exists() or {entry.name for entry in state.iterdir()} == {"rescue"}

    def require_clean(self, *names: str) -> None:
        """These slots are free, at the base, and have nothing of their last holders."""
        slots = self.pool.slots()
        base = git(self.checkout, "rev-parse", "main")
        for name in names:
            slot = slots[name]
            assert (slot["state"], slot["lease"], slot["branch"]) == ("READY", None, None), slot
            words = ("status", "--porcelain", "--ignored", "-z", "--untracked-files=all")
            shown = git(Path(slot["path"]), *words).split("\0")
            assert [line for line in shown if line and not is_cache(line[3:])] == [], name
            assert git(Path(slot["path"]), "rev-parse", "HEAD") == base


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
    """A copy of the template with a worktree made by hand and a pool of its own."""
    checkout, by_hand = directory / "repo", directory / "by-hand"
    shutil.copytree(template, checkout, symlinks=True)
    git(checkout, "worktree", "add", "--quiet", "-b", "by-hand", str(by_hand), "side")
    (by_hand / "app.txt").write_bytes(b"edited by hand\n")
    git(checkout, "status", "--porcelain")  # the index learns the times of the copied files
    original = read_household(checkout, by_hand)
    cli.background = ("worker*.lock",)
    cli.variables |= SETTINGS
    pool = Pooled(Repository(checkout), cli)
    pool.init(size)
    pooled = read_household(checkout, by_hand)
    given = {name: original.records[name] for name in GIVEN}
    assert replace(pooled, records=pooled.records | given) == original
    return Ground(pool=pool, directory=directory, original=original, pooled=pooled)
