"""Edits that the index hides."""

from __future__ import annotations

from isolation.work import Kind
from tests.fixtures.moments import edit_at_once
from tests.zoo.state import Cage, state


@state(Kind.HIDDEN)
def assume_unchanged_edit(cage: Cage) -> None:
    cage.git("update-index", "--assume-unchanged", "app.txt")
    cage.write("app.txt")


@state(Kind.HIDDEN)
def assume_unchanged_edit_in_the_second_of_the_index(cage: Cage) -> None:
    edit_at_once(cage.root / "app.txt", cage.path("index"), "--assume-unchanged")


@state(Kind.HIDDEN)
def assume_unchanged_deleted(cage: Cage) -> None:
    cage.git("update-index", "--assume-unchanged", "app.txt")
    (cage.root / "app.txt").unlink()


@state(Kind.HIDDEN)
def skip_worktree_edit(cage: Cage) -> None:
    cage.git("update-index", "--skip-worktree", "app.txt")
    cage.write("app.txt")


@state(Kind.HIDDEN)
def skip_worktree_edit_in_split_index(cage: Cage) -> None:
    cage.git("update-index", "--split-index")
    cage.git("update-index", "--skip-worktree", "app.txt")
    cage.write("app.txt")


@state(Kind.CHANGED)
def edit_outside_sparse_cone(cage: Cage) -> None:
    cage.git("sparse-checkout", "set", "--cone", "src")
    cage.write("docs/guide.txt", b"edited outside the cone\n")


@state(Kind.CHANGED)
def edit_outside_sparse_index(cage: Cage) -> None:
    cage.git("sparse-checkout", "set", "--cone", "--sparse-index", "src")
    cage.write("docs/guide.txt", b"edited outside the cone\n")


@state(Kind.UNTRACKED)
def new_file_outside_sparse_index(cage: Cage) -> None:
    cage.git("sparse-checkout", "set", "--cone", "--sparse-index", "src")
    cage.write("docs/new.txt")


@state(Kind.HIDDEN)
def edit_expected_outside_sparse_patterns(cage: Cage) -> None:
    cage.git("sparse-checkout", "set", "--no-cone", "/src/")
    cage.git("config", "--worktree", "sparse.expectFilesOutsideOfPatterns", "true")
    cage.git("config", "--worktree", "core.sparseCheckout", "false")
    cage.write("docs/guide.txt", b"edited outside the patterns\n")
