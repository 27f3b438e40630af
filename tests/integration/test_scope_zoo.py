"""Every kind of unsaved work, made in a slot that shows a part: seen, kept, cleaned, brought back."""

from __future__ import annotations

from pathlib import Path

import pytest

from isolation.guards.install import worktree_config
from isolation.rescue import restore
from isolation.scope.aside import Wanted
from isolation.scope.ground import require_ground
from isolation.scope.refill import refill
from isolation.scope.verify import Difference, compare
from isolation.scope.view import View, Wish, plan_view
from isolation.work import Kind
from tests.integration.rescues import Pound, make_pound
from tests.integration.scoped import runs_of
from tests.zoo import STATES, State, git, snapshot_of

VIEWS = {
    "cone with the work": plan_view(Wish(owns=("/src/",), cones=("src",))),
    "cone beside the work": plan_view(Wish(owns=("/docs/",), cones=("docs",))),
    "exact with the work": plan_view(Wish(owns=("src/**", "*.txt", "/run.sh", "/.gitignore", "/link"))),
    "exact beside the work": plan_view(Wish(owns=("/docs/*.txt", "/.gitignore"))),
}


def make_scoped(directory: Path, view: View) -> Pound:
    """A caged worktree that shows a view."""
    pound = make_pound(directory)
    git(pound.common, "config", "extensions.worktreeConfig", "true")
    config = worktree_config(require_ground(pound.root).admin, view.mode)
    head = pound.cage.git("rev-parse", "HEAD")
    refill(pound.git, pound.root, directory / "aside", Wanted(head, view, config))
    pound.cage.git("symbolic-ref", "HEAD", "refs/heads/work")
    assert compare(pound.git, pound.root, view, runs_of(view)) == Difference()
    return pound


def make_as_far_as_git_lets(pound: Pound, state: State) -> tuple[str, ...]:
    """The state, found in all its kinds; git refuses to stage some things outside of the view."""
    try:
        objects = state.make(pound.cage) or ()
    except (AssertionError, FileNotFoundError):
        return ()
    found = {one.kind for one in pound.examine().findings}
    # A file that lies there is not hidden to git in a sparse checkout.
    assert found >= state.kinds - ({Kind.HIDDEN} if Kind.CHANGED in found else set())
    return objects


@pytest.mark.battery
@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_work_in_a_scoped_slot_is_kept_and_the_slot_clean_again(
    tmp_path: Path, state: State, share: float
) -> None:
    views = list(VIEWS.values())
    for number, view in enumerate(views if share == 1 else [views[STATES.index(state) % len(views)]]):
        keep_and_clean(tmp_path / str(number), state, view)


def keep_and_clean(directory: Path, state: State, view: View) -> None:
    pound = make_scoped(directory, view)
    objects = make_as_far_as_git_lets(pound, state)
    before = snapshot_of(pound.root)
    kept = pound.keep()
    pound.reset("side", view=view)
    assert pound.examine().is_clean
    assert compare(pound.git, pound.root, view, runs_of(view)) == Difference()
    restore(pound.git, kept, directory / "again")
    for oid in objects:
        git(directory / "again", "cat-file", "-e", oid)
    assert snapshot_of(directory / "again") == before
