"""A cage to make a state in, and the list that states enter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from isolation.work import Kind
from tests.zoo.repository import git, make_repository


@dataclass(frozen=True, slots=True)
class Cage:
    """A linked worktree to make a state in, and a directory outside of it."""

    root: Path
    outside: Path

    def git(self, *args: str, check: bool = True, stdin: bytes | None = None) -> str:
        """Git in the worktree."""
        return git(self.root, *args, check=check, stdin=stdin)

    def write(self, name: str, content: bytes = b"unsaved\n") -> Path:
        """A file with this content."""
        place = self.root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        return place

    def path(self, name: str) -> Path:
        """A path of git's own for this worktree."""
        return Path(self.git("rev-parse", "--path-format=absolute", "--git-path", name))

    def commit(self, name: str, content: bytes = b"unsaved\n") -> str:
        """A commit of one file; its id."""
        self.write(name, content)
        self.git("add", "-f", "--", name)
        self.git("commit", "--quiet", "-m", f"Commit {name}.")
        return self.git("rev-parse", "HEAD")


Maker = Callable[[Cage], "tuple[str, ...] | None"]


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """One kind of unsaved work. `make` answers the objects that must still exist afterwards."""

    name: str
    make: Maker
    kinds: frozenset[Kind]
    keepable: bool = True


STATES: list[State] = []


def state(*kinds: Kind, keepable: bool = True) -> Callable[[Maker], Maker]:
    """Enter a maker into the list under its own name."""

    def enter(make: Maker) -> Maker:
        name = make.__name__.replace("_", "-")
        STATES.append(State(name=name, make=make, kinds=frozenset(kinds), keepable=keepable))
        return make

    return enter


def make_cage(directory: Path) -> Cage:
    """A linked worktree on a branch of its own, of a new repository."""
    repository = make_repository(directory / "repo")
    outside = directory / "outside"
    outside.mkdir()
    worktree = directory / "slots" / "wt-1"
    git(repository, "worktree", "add", "--quiet", "-b", "work", str(worktree))
    return Cage(worktree, outside)
