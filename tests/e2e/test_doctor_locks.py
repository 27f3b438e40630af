"""Lock files of the dead go, those of the living stay, and who froze is named."""

from __future__ import annotations

import signal

import pytest

from tests.e2e.pooled import Pooled
from tests.e2e.visits import admin_of, findings, make_old, mend
from tests.fixtures.dwellers import Dwellers, await_state


@pytest.mark.parametrize("name", ["index.lock", "HEAD.lock"])
def test_a_dead_lock_file_in_a_slot_goes(pool: Pooled, name: str) -> None:
    lent = pool.acquire()
    lock = admin_of(pool, lent["path"]) / name
    make_old(lock)
    mend(pool, "stale_lock")
    assert not lock.exists()


@pytest.mark.parametrize(
    "name", ["packed-refs.lock", "config.lock", "refs/heads/main.lock", "objects/maintenance.lock"]
)
def test_an_old_lock_file_that_everybody_shares_goes(pool: Pooled, name: str) -> None:
    lock = pool.repo.path / ".git" / name
    make_old(lock)
    mend(pool, "stale_lock")
    assert not lock.exists()


def test_a_young_lock_file_that_everybody_shares_may_be_anybodys(pool: Pooled) -> None:
    lock = pool.repo.path / ".git" / "packed-refs.lock"
    lock.touch()
    assert findings(pool, "--fix", code=0) == {}
    assert lock.exists()


def test_a_lock_file_somebody_has_open_stays(pool: Pooled, dwellers: Dwellers) -> None:
    lent = pool.acquire()
    locks = [admin_of(pool, lent["path"]) / "index.lock", pool.repo.path / ".git" / "packed-refs.lock"]
    for lock in locks:
        make_old(lock)
    dwellers(setup=f"files = [open(name) for name in {[str(lock) for lock in locks]!r}]")
    assert findings(pool, "--fix", code=0) == {}
    assert all(lock.exists() for lock in locks)


def test_a_lock_file_stays_while_a_git_works_in_the_slot(pool: Pooled, dwellers: Dwellers) -> None:
    lent = pool.acquire()
    lock = admin_of(pool, lent["path"]) / "index.lock"
    make_old(lock)
    name = "import ctypes; ctypes.CDLL(None).prctl(15, b'git', 0, 0, 0)"
    dwellers(lent["path"], setup=name)
    assert findings(pool, "--fix", code=0) == {}
    assert lock.exists()


def test_a_lock_of_the_users_own_checkout_is_only_told(pool: Pooled) -> None:
    lock = pool.repo.path / ".git" / "index.lock"
    make_old(lock)
    assert "checkout_lock" in findings(pool, "--fix", code=0)
    assert lock.exists()


def test_a_frozen_holder_of_a_lock_is_named_with_the_way_out(pool: Pooled, dwellers: Dwellers) -> None:
    pool.cli.settle()
    gate = pool.repo.state / "gate.lock"
    holder = dwellers(
        setup=f"import fcntl; file = open({str(gate)!r}, 'a'); fcntl.flock(file, fcntl.LOCK_EX)"
    )
    holder.send_signal(signal.SIGSTOP)
    await_state(holder.pid, "T")
    found = findings(pool, "--fix", code=1)
    assert f"kill -CONT {holder.pid}" in found["frozen_process"]["detail"]
    holder.send_signal(signal.SIGCONT)
    holder.kill()
    holder.wait()
    assert findings(pool, code=0) == {}
