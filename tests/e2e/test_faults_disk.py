"""A disk that is full or read-only: one clear error, `status` still answers, nothing lost, then all goes on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.pooled import Pooled
from tests.faults.mounts import full, read_only, small_disk
from tests.faults.scenes import Scene, lay_out_user, lend_dirty
from tests.faults.starving import list_rudeness
from tests.fixtures.commands import Commands
from tests.fixtures.repositories import Repositories
from tests.invariants import list_violations
from tests.invariants.user import list_changes, look_at_user
from tests.invariants.work import collect_garbage, list_lost

DISK = 24 * 1024 * 1024
LEFT = (0, 4, 8, 16, 32, 64, 128, 256, 512, 1024)  # KiB
COMMANDS = ("acquire --branch more --timeout 3", "release {slot} --rescue", "reclaim {slot}", "pool scale-up")
SOUND = frozenset({"READY", "LEASED", "PARKED"})


def make_scene(root: Path) -> Scene:
    """A slot lent, every kind of work in it, and a user's checkout."""
    commands = Commands(root, background=("worker*.lock",))
    scene = Scene(Pooled(Repositories(root)("repo"), commands), root)
    lay_out_user(scene)
    lend_dirty(scene)
    scene.await_quiet()
    return scene


@pytest.fixture
def cramped(tmp_path: Path) -> Iterator[Scene]:
    """A scene on a small disk of its own."""
    with small_disk(tmp_path / "disk", DISK) as root:
        scene = make_scene(root)
        yield scene
        scene.pool.cli.finish()


@pytest.fixture
def roomy(tmp_path: Path) -> Iterator[Scene]:
    """A scene on the disk of the test."""
    root = tmp_path / "stage"
    root.mkdir()
    scene = make_scene(root)
    yield scene
    scene.pool.cli.finish()


def list_wrong(scene: Scene) -> list[str]:
    """What is wrong once there is room again."""
    scene.await_quiet()
    fixed = scene.pool.run("doctor", "--fix", check=False)
    scene.await_quiet()
    repo = scene.pool.repo
    return [
        *([] if fixed.code == 0 else [f"doctor: {fixed.stdout}{fixed.stderr}"]),
        *list_violations(repo, scene.allowed(SOUND)),
        *list_lost(repo, scene.work),
        *list_changes(scene.user, look_at_user(repo, scene.handmade)),
    ]


@pytest.mark.battery
@pytest.mark.timeout(300)
@pytest.mark.parametrize("left", LEFT)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_full_disk_is_said_and_nothing_is_lost(command: str, left: int, cramped: Scene) -> None:
    words = command.format(slot=cramped.name).split()
    with full(cramped.root, left * 1024):
        result = cramped.pool.run(*words, check=False)
        looked = cramped.pool.run("status", check=False)
        cramped.pool.cli.settle()
    assert list_rudeness(result) == []
    assert looked.code == 0, looked
    assert list_wrong(cramped) == []
    if cramped.pool.slot(cramped.name)["state"] == "LEASED":
        cramped.pool.release(cramped.name, "--rescue")
    cramped.await_quiet()
    collect_garbage(cramped.pool.repo)
    assert list_wrong(cramped) == []


def test_a_full_disk_is_what_the_test_says_it_is(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 1024 * 1024) as place, full(place, 0), pytest.raises(OSError, match="No space"):
        (place / "file").write_bytes(bytes(4096))


@pytest.mark.parametrize("command", [*COMMANDS, "init", "doctor --fix", "cleanup --rescue"])
def test_a_read_only_state_is_named_and_status_answers(command: str, roomy: Scene) -> None:
    words = command.format(slot=roomy.name).split()
    with read_only(roomy.pool.repo.state):
        refused = roomy.pool.run(*words, check=False)
        status = roomy.pool.ask("status")
        where = roomy.pool.run("where", cwd=roomy.path, check=False)
    assert refused.code == 1, refused
    assert list_rudeness(refused) == []
    assert str(roomy.pool.repo.state) in refused.stderr
    assert {slot["name"] for slot in status["slots"]} == {"pool-wt-1", "pool-wt-2"}
    assert where.code == 0, where
    assert list_wrong(roomy) == []
    roomy.pool.release(roomy.name, "--rescue")
    assert list_wrong(roomy) == []


def test_a_read_only_slots_directory_is_named_and_nothing_is_lost(roomy: Scene) -> None:
    place = roomy.root / "repo.worktrees"
    with read_only(place):
        refused = roomy.pool.run("pool", "scale-up", check=False)
        status = roomy.pool.ask("status")
        kept = roomy.pool.run("release", roomy.name, "--rescue", check=False)
        roomy.pool.cli.settle()
    assert list_rudeness(refused) == []
    assert list_rudeness(kept) == []
    assert len(status["slots"]) >= 2
    assert list_wrong(roomy) == []


def test_a_read_only_place_is_what_the_test_says_it_is(tmp_path: Path) -> None:
    with read_only(tmp_path) as place, pytest.raises(OSError, match="Read-only"):
        os.mkdir(place / "directory")
