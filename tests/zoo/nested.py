"""Repositories inside the worktree."""

from __future__ import annotations

import shutil
from pathlib import Path

from isolation.work import Kind
from tests.zoo.repository import git
from tests.zoo.state import Cage, state


def make_nested(path: Path) -> str:
    """A repository with a commit of its own; the commit."""
    path.mkdir(parents=True)
    git(path, "init", "--quiet", "--initial-branch=main")
    (path / "inner.txt").write_bytes(b"inner\n")
    git(path, "add", "--all")
    git(path, "commit", "--quiet", "-m", "Inner.")
    return git(path, "rev-parse", "HEAD")


def add_submodule(cage: Cage) -> Path:
    """A submodule, committed, with its own git directory in the admin directory."""
    source = cage.outside / "library"
    make_nested(source)
    cage.git("submodule", "--quiet", "add", str(source), "library")
    cage.git("commit", "--quiet", "-m", "Add the library.")
    return cage.root / "library"


@state(Kind.NESTED)
def nested_repository(cage: Cage) -> None:
    make_nested(cage.root / "inside")
    cage.write("inside/dirty.txt")


@state(Kind.NESTED)
def nested_in_tracked_directory(cage: Cage) -> None:
    git(cage.root / "src", "init", "--quiet")
    git(cage.root / "src", "add", "main.txt")
    git(cage.root / "src", "commit", "--quiet", "-m", "Inner.")


@state(Kind.NESTED, Kind.IGNORED)
def nested_in_ignored_directory(cage: Cage) -> None:
    make_nested(cage.root / "scratch/inside")


@state(Kind.NESTED)
def nested_in_disposable_directory(cage: Cage) -> None:
    make_nested(cage.root / "node_modules/inside")


@state(Kind.NESTED)
def broken_nested_repository(cage: Cage) -> None:
    cage.write("inside/.git/notes.txt", b"not a repository\n")
    (cage.root / "inside/.git/broken").symlink_to("nowhere")


@state(Kind.NESTED)
def worktree_whose_record_was_pruned(cage: Cage) -> None:
    inside = cage.root / "inside"
    cage.git("worktree", "add", "--quiet", "--detach", str(inside))
    cage.write("inside/dirty.txt")
    admin = git(inside, "rev-parse", "--absolute-git-dir")
    shutil.rmtree(admin)


@state(Kind.NESTED)
def submodule_with_edits(cage: Cage) -> None:
    library = add_submodule(cage)
    (library / "inner.txt").write_bytes(b"edited\n")


@state(Kind.NESTED, Kind.CHANGED)
def submodule_with_commit(cage: Cage) -> None:
    library = add_submodule(cage)
    (library / "inner.txt").write_bytes(b"edited\n")
    git(library, "commit", "--quiet", "-a", "-m", "Edit.")


@state(Kind.NESTED)
def submodule_hidden_by_settings(cage: Cage) -> None:
    library = add_submodule(cage)
    cage.git("config", "submodule.library.ignore", "all")
    cage.git("config", "diff.ignoreSubmodules", "all")
    (library / "inner.txt").write_bytes(b"edited\n")


@state(Kind.NESTED)
def submodule_deinitialised_with_commit(cage: Cage) -> None:
    library = add_submodule(cage)
    git(library, "checkout", "--quiet", "-b", "work")
    (library / "inner.txt").write_bytes(b"edited\n")
    git(library, "commit", "--quiet", "-a", "-m", "Edit.")
    git(library, "checkout", "--quiet", "main")
    cage.git("submodule", "--quiet", "deinit", "library")
