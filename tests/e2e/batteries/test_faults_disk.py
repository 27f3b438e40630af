"""A disk that is full or read-only: one clear error, `status` answers, nothing is lost, then all goes on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.faults.mounts import full, read_only, small_disk
from tests.faults.ordeal import list_wrong
from tests.faults.scenes import Scene
from tests.faults.starving import list_rudeness
from tests.invariants.work import collect_garbage, list_lost

LEFT = (0, 4, 8, 16, 32, 64, 128, 256, 512, 1024)  # KiB
COMMANDS = ("acquire --branch more --timeout 3", "release {slot} --rescue", "reclaim {slot}", "pool scale-up")


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
    assert left or "only 0 bytes are free on its disk" in result.stderr
    assert list_wrong(cramped) == []
    if cramped.pool.slots().get(cramped.name, {}).get("state") == "LEASED":
        cramped.pool.release(cramped.name, "--rescue")
    assert list_wrong(cramped) == []
    collect_garbage(cramped.pool.repo)
    assert list_lost(cramped.pool.repo, cramped.work) == []


def test_a_full_disk_is_what_the_test_says_it_is(tmp_path: Path) -> None:
    with (
        small_disk(tmp_path / "disk", 1024 * 1024) as place,
        full(place, 0),
        pytest.raises(OSError, match="No space"),
    ):
        (place / "file").write_bytes(bytes(4096))


@pytest.mark.parametrize("command", [*COMMANDS, "init", "doctor --fix", "cleanup --rescue"])
def test_a_read_only_state_is_named_and_status_answers(command: str, used: Scene) -> None:
    words = command.format(slot=used.name).split()
    with read_only(used.pool.repo.state):
        refused = used.pool.run(*words, check=False)
        status = used.pool.ask("status")
        where = used.pool.run("where", cwd=used.path, check=False)
    assert refused.code == 1, refused
    assert list_rudeness(refused) == []
    assert str(used.pool.repo.state) in refused.stderr
    assert {slot["name"] for slot in status["slots"]} == {"pool-wt-1", "pool-wt-2"}
    assert where.code == 0, where
    assert list_wrong(used) == []
    used.pool.release(used.name, "--rescue")
    assert list_wrong(used) == []


def test_a_read_only_slots_directory_is_named_and_nothing_is_lost(used: Scene) -> None:
    place = used.root / "repo.worktrees"
    with read_only(place):
        refused = used.pool.run("pool", "scale-up", check=False)
        status = used.pool.ask("status")
        kept = used.pool.run("release", used.name, "--rescue", check=False)
        used.pool.cli.settle()
    assert list_rudeness(refused) == []
    assert list_rudeness(kept) == []
    assert len(status["slots"]) >= 2
    assert list_wrong(used) == []


def test_a_read_only_place_is_what_the_test_says_it_is(tmp_path: Path) -> None:
    with read_only(tmp_path) as place, pytest.raises(OSError, match="Read-only"):
        os.mkdir(place / "directory")
