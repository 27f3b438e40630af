"""A filling that is killed before any of its steps, and its undoing too, loses nothing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from isolation.scope.change import change_view
from isolation.scope.refill import undo_refill
from tests.fixtures.repositories import Repository
from tests.integration.scoped import CONE, OTHER, SHOWN, Slot, make_slot, make_source
from tests.zoo import Snapshot, snapshot_of

TOP = Path(__file__).parents[2]
MOST = 100


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    return make_source(tmp_path_factory.mktemp("source"))


def list_slots(repo: Repository, directory: Path) -> Iterator[Slot]:
    """Slots that somebody wrote into while they were free."""
    for number in range(MOST):
        made = make_slot(repo, directory / str(number))
        made.tree.write({"README.md": "edited\n", "packages/one/src/a.py": "staged\n", ".env": "ignored\n"})
        made.tree.git("add", "packages")
        made.tree.write({"docs/new.md": "untracked\n"})
        yield made


def run_child(slot: Slot, what: str, at: int) -> int | None:
    """Do it in a process that dies before its step number `at`; how many it took, None when it died."""
    words = (sys.executable, "-m", "tests.integration.scope_child", what, str(at), slot.path, slot.aside)
    done = subprocess.run(words, cwd=TOP, capture_output=True, check=False, timeout=60)
    assert done.returncode in (0, -9), done.stderr.decode()
    return None if done.returncode else int(done.stdout)


def require_whole(slot: Slot, was: Snapshot) -> bool:
    """As it was, or filled with all of it in the aside; whether it is filled."""
    if not slot.aside.exists():
        assert snapshot_of(slot.path) == was
        return False
    assert snapshot_of(slot.aside / "tree") == was
    assert slot.look() == ()
    assert slot.files() == SHOWN[CONE.digest]
    assert slot.tree.git("rev-parse", "HEAD") == slot.repo.git("rev-parse", "later")
    return True


def steps_of(count: int | None, share: float) -> range:
    """Every step of so many, or some of each part."""
    assert count
    return range(1, count + 1, 1 if share == 1 else 8)


def test_a_kill_before_any_step_is_undone_or_finished(repo: Repository, tmp_path: Path, share: float) -> None:
    slots = list_slots(repo, tmp_path)
    count = run_child(next(slots), "fill", 0)
    outcomes = []
    for at, slot in zip(steps_of(count, share), slots, strict=False):
        was = snapshot_of(slot.path)
        assert run_child(slot, "fill", at) is None
        undo_refill(slot.git, slot.path, slot.aside)
        outcomes.append(require_whole(slot, was))
    assert outcomes == sorted(outcomes)
    assert set(outcomes) == {False, True}


@pytest.mark.parametrize("part", [0.5, 0.8], ids=["before all has moved", "after all has moved"])
def test_an_undoing_that_is_killed_is_done_by_the_next(
    repo: Repository, tmp_path: Path, share: float, part: float
) -> None:
    slots = list_slots(repo, tmp_path)
    count = run_child(next(slots), "fill", 0)
    assert count
    first = next(slots)
    run_child(first, "fill", int(part * count))
    undoing = run_child(first, "undo", 0)
    for at, slot in zip(steps_of(undoing, share), slots, strict=False):
        was = snapshot_of(slot.path)
        assert run_child(slot, "fill", int(part * count)) is None
        assert run_child(slot, "undo", at) is None
        undo_refill(slot.git, slot.path, slot.aside)
        assert require_whole(slot, was) == (part > 0.7)


def begin_change(repo: Repository, directory: Path) -> Slot:
    """A held slot with edits inside and outside of what it will show; one file is deleted."""
    slot = make_slot(repo, directory)
    slot.show(CONE)
    slot.tree.write({"packages/one/src/b.py": "edited\n", "packages/one/build/x": "ignored\n"})
    (slot.path / "packages/one/src/a.py").unlink()
    return slot


def test_a_change_of_view_that_is_killed_is_done_by_the_next(
    repo: Repository, tmp_path: Path, share: float
) -> None:
    first = begin_change(repo, tmp_path / "first")
    count = run_child(first, "change", 0)
    done = snapshot_of(first.path)
    for at in steps_of(count, share):
        slot = begin_change(repo, tmp_path / str(at))
        assert run_child(slot, "change", at) is None
        assert " D docs" not in slot.tree.git("status", "--porcelain")
        assert set(change_view(slot.git, slot.path, OTHER)) >= {
            "packages/one/build/",
            "packages/one/src/b.py",
        }
        assert snapshot_of(slot.path) == done


def test_files_that_a_killed_change_took_away_are_not_deleted(repo: Repository, tmp_path: Path) -> None:
    slot = begin_change(repo, tmp_path)
    (slot.ground.admin / "poolmgr-deleted").write_bytes(b"packages/one/src/a.py\0")
    slot.tree.git("checkout", "--quiet", "packages/one/src/b.py")
    (slot.path / "packages/one/src/b.py").unlink()
    assert "packages/one/src/b.py" not in change_view(slot.git, slot.path, OTHER)
    assert slot.tree.git("status", "--porcelain").split() == ["D", "packages/one/src/a.py"]
