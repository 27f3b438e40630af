"""Every state of the zoo is seen, kept, survives the worktree's end and a gc, and comes back."""

from __future__ import annotations

from pathlib import Path

import pytest

from isolation.rescue import list_rescues, restore, restore_into
from isolation.work import Kind
from tests.integration.rescues import RULES, Pound, make_pound
from tests.zoo import STATES, State, git, snapshot_of


@pytest.fixture
def pound(tmp_path: Path) -> Pound:
    return make_pound(tmp_path)


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_a_state_comes_back_after_its_worktree_and_a_gc(pound: Pound, tmp_path: Path, state: State) -> None:
    objects = state.make(pound.cage) or ()
    before = snapshot_of(pound.root)
    status = git(pound.root, "status", "--porcelain=v2")

    work = pound.examine()
    assert {one.kind for one in work.findings} >= state.kinds
    if not state.kinds - {Kind.UNREFERENCED}:
        assert not work.blocking

    kept = pound.keep()
    assert snapshot_of(pound.root) == before
    assert list_rescues(pound.git, pound.where.archive_dir) == (kept,)

    pound.destroy()
    again = tmp_path / "again"
    restore(pound.git, kept, again)
    for oid in objects:
        git(again, "cat-file", "-e", oid)
    assert snapshot_of(again) == before
    assert git(again, "status", "--porcelain=v2") == status
    git(again, "fsck", "--connectivity-only")
    git(again, "gc", "--quiet", "--prune=now")


@pytest.mark.battery
@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_a_state_fills_another_slot(pound: Pound, tmp_path: Path, state: State) -> None:
    state.make(pound.cage)
    before = snapshot_of(pound.root)
    kept = pound.keep()
    pound.destroy()
    slot = tmp_path / "slots" / "wt-2"
    git(pound.common, "worktree", "add", "--quiet", "--detach", str(slot), "side")
    restore_into(pound.git, kept, slot, RULES)
    after = snapshot_of(slot)
    assert before.files.items() <= after.files.items()
    assert after == before or "sparse" in state.name  # a slot shows what was hidden, too
