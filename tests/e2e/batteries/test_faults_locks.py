"""Git's lock files: those of the dead go, with proof; one whose owner lives is left alone."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tests.faults.ordeal import list_wrong
from tests.faults.scenes import Scene
from tests.fixtures.dwellers import Dwellers

IN_SLOT = ("index.lock", "HEAD.lock", "ORIG_HEAD.lock", "config.worktree.lock")
SHARED = (
    "packed-refs.lock",
    "config.lock",
    "shallow.lock",
    "refs/heads/work.lock",
    "refs/heads/deep/er.lock",
)
HOUR = 3600


def admin_of(scene: Scene) -> Path:
    """Git's directory for the slot that is lent."""
    return Path(scene.pool.git(scene.path, "rev-parse", "--absolute-git-dir"))


@pytest.mark.battery
@pytest.mark.parametrize("name", IN_SLOT)
@pytest.mark.parametrize("command", ["release {slot} --rescue", "reclaim {slot}"])
def test_a_dead_lock_in_a_slot_does_not_keep_it(name: str, command: str, used: Scene) -> None:
    (admin_of(used) / name).write_bytes(b"")
    used.pool.run(*command.format(slot=used.name).split())
    assert list_wrong(used) == []
    assert {slot["state"] for slot in used.pool.slots().values()} == {"READY"}


@pytest.mark.battery
@pytest.mark.parametrize("name", IN_SLOT)
def test_the_lock_of_a_living_git_is_left_alone(name: str, used: Scene, dwellers: Dwellers) -> None:
    lock = admin_of(used) / name
    git = dwellers(setup=f"lock = open({str(lock)!r}, 'x')")
    used.pool.run("release", used.name, "--rescue", check=False)
    used.pool.run("doctor", "--fix", check=False)
    assert lock.exists()
    git.kill()
    git.wait()
    fixed = used.pool.run("doctor", "--fix", check=False)
    if any(slot["state"] == "BROKEN" for slot in used.pool.slots().values()):
        used.pool.run("pool", "adopt", used.name)
    assert list_wrong(used) == [], fixed


@pytest.mark.battery
@pytest.mark.parametrize("name", SHARED)
def test_an_old_lock_that_nobody_holds_goes_and_a_held_one_stays(
    name: str, used: Scene, dwellers: Dwellers
) -> None:
    lock = used.pool.repo.state.parent / name
    lock.parent.mkdir(exist_ok=True)
    git = dwellers(setup=f"lock = open({str(lock)!r}, 'x')")
    os.utime(lock, (time.time() - HOUR, time.time() - HOUR))
    used.pool.run("doctor", "--fix", check=False)
    assert lock.exists()
    git.kill()
    git.wait()
    assert list_wrong(used) == []
    assert not lock.exists()


@pytest.mark.battery
@pytest.mark.parametrize("name", SHARED)
def test_a_young_lock_that_may_be_somebody_elses_stays(name: str, used: Scene) -> None:
    lock = used.pool.repo.state.parent / name
    lock.parent.mkdir(exist_ok=True)
    lock.write_bytes(b"")
    used.pool.run("doctor", "--fix", check=False)
    assert lock.exists()
