"""Leases that end without a release: dead holders, silent holders, and a person who takes a slot."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.pooled import Json, Pooled, end_of, variables
from tests.fixtures.dwellers import Dwellers, end
from tests.fixtures.patience import await_that

IDLE = variables(LEASE_IDLE="1s")


def write(lent: Json, name: str, text: str = "work\n") -> Path:
    place = Path(lent["path"], name)
    place.write_text(text)
    return place


def kept(pool: Pooled) -> str:
    """The paths of the one rescue there is."""
    (rescue,) = pool.ask("rescue", "list")["rescues"]
    return pool.run("rescue", "show", rescue["id"]).stdout


def test_a_bound_lease_ends_with_its_process_and_the_work_is_kept(pool: Pooled, dwellers: Dwellers) -> None:
    holder = dwellers()
    lent = pool.acquire("--pid", str(holder.pid))
    write(lent, "new.txt")
    pool.run("pool", "refresh")
    assert pool.slot(lent["slot"])["state"] == "LEASED"
    end(holder)
    other = pool.acquire("--timeout", "60", agent="bob")
    third = pool.acquire("--timeout", "60", agent="carol")
    assert {other["slot"], third["slot"]} == {"pool-wt-1", "pool-wt-2"}
    assert "new.txt" in kept(pool)
    assert not Path(lent["path"], "new.txt").exists()


def test_a_bound_holder_that_is_not_reaped_yet_counts_as_dead(pool: Pooled, dwellers: Dwellers) -> None:
    holder = dwellers()
    pool.acquire("--pid", str(holder.pid))
    holder.kill()  # nobody waits for it: a zombie
    agents = {pool.acquire("--timeout", "60", agent=name)["slot"] for name in ("bob", "carol")}
    assert agents == {"pool-wt-1", "pool-wt-2"}


def test_a_lease_is_not_bound_to_a_process_that_does_not_exist(pool: Pooled) -> None:
    ended = subprocess.Popen((sys.executable, "-c", "pass"))
    ended.wait()
    assert pool.refused("acquire", "--pid", str(ended.pid), code=2)["code"] == "usage"
    assert pool.snapshot().leases == ()


def test_children_of_a_dead_holder_are_named_and_waited_for(pool: Pooled, dwellers: Dwellers) -> None:
    holder = dwellers()
    lent = pool.acquire("--pid", str(holder.pid))
    child = dwellers(lent["path"])
    end(holder)
    other = pool.acquire("--timeout", "60", agent="bob")
    pool.acquire("--timeout", "60", agent="carol")
    assert other["path"] != lent["path"]
    slot = pool.slot(lent["slot"])
    assert (slot["state"], slot["inside"][0]["pid"]) == ("RELEASING", child.pid)


def test_a_standing_lease_survives_the_shell_that_asked_for_it(pool: Pooled) -> None:
    script = f"{sys.executable} -m poolmgr acquire --agent alice --json"
    shell = subprocess.run(
        ("sh", "-c", script),
        cwd=pool.repo,
        env=pool.environment(),
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert shell.returncode == 0
    for _ in range(3):
        pool.run("pool", "refresh")
    assert pool.slot("pool-wt-1")["state"] == "LEASED"
    pool.refused("acquire", "--timeout", "0", "--branch", "alice/1-3", agent_holds(pool), code=1)


def agent_holds(pool: Pooled) -> str:
    return f"--agent={pool.slot('pool-wt-1')['agent']}"


def make_idle(pool: Pooled, lent: Json) -> None:
    """Nobody was there for longer than the settings allow; some command notices."""

    def notice() -> bool:
        pool.run("pool", "refresh", env=IDLE)
        return bool(pool.slot(lent["slot"])["state"] == "SUSPECT")

    await_that(notice, "the lease is suspect")


def test_a_silent_lease_is_suspect_but_not_taken_while_nobody_waits(pool: Pooled) -> None:
    lent = pool.acquire()
    write(lent, "new.txt")
    make_idle(pool, lent)
    for _ in range(3):
        pool.run("pool", "refresh", env=IDLE)
    slot = pool.slot(lent["slot"])
    assert (slot["state"], slot["agent"], slot["lease"]) == ("SUSPECT", "alice", lent["lease"])
    assert pool.acquire(agent="bob")["slot"] == "pool-wt-2"
    assert pool.slot(lent["slot"])["state"] == "SUSPECT"


def test_a_suspect_slot_is_taken_with_a_rescue_when_somebody_waits_at_the_maximum(unpooled: Pooled) -> None:
    unpooled.init(1)
    lent = unpooled.acquire()
    write(lent, "new.txt")
    make_idle(unpooled, lent)
    waiter = unpooled.start("acquire", "--json", "--agent", "bob", "--timeout", "60", env=IDLE)
    ended = end_of(waiter, patience=70)
    assert ended.code == 0, ended.stderr
    assert "new.txt" in kept(unpooled)


def test_a_suspect_is_trusted_again_when_its_holder_is_seen(pool: Pooled) -> None:
    lent = pool.acquire()
    make_idle(pool, lent)
    pool.run("where", cwd=lent["path"])
    assert pool.slot(lent["slot"])["state"] == "LEASED"


def test_a_suspect_may_release(pool: Pooled) -> None:
    lent = pool.acquire()
    make_idle(pool, lent)
    pool.release(lent["slot"], "--lease", lent["lease"])
    pool.await_state(lent["slot"], "READY")


@pytest.mark.parametrize("sign", ["process", "file"])
def test_who_lives_or_writes_in_a_slot_is_not_silent(pool: Pooled, dwellers: Dwellers, sign: str) -> None:
    lent = pool.acquire()
    make_idle(pool, lent)
    if sign == "process":
        dwellers(lent["path"])
        pool.run("pool", "refresh", env=IDLE)
    else:
        write(lent, "new.txt")
        pool.run("pool", "refresh", env=variables(LEASE_IDLE="30s"))
    assert pool.slot(lent["slot"])["lease"] == lent["lease"]


def test_a_person_takes_a_slot_and_its_work_is_kept(pool: Pooled, tmp_path: Path) -> None:
    lent = pool.acquire("--branch", "fix/login")
    write(lent, "new.txt")
    write(lent, ".env", "SECRET=1\n")
    taken = pool.ask("reclaim", lent["slot"])
    pool.run("rescue", "restore", taken["rescue"], "--to", tmp_path / "back")
    assert (tmp_path / "back/new.txt").read_text() == "work\n"
    assert (tmp_path / "back/.env").read_text() == "SECRET=1\n"


def test_after_a_reclaim_the_old_path_is_dead_and_the_number_goes_on(pool: Pooled) -> None:
    lent = pool.acquire("--branch", "fix/login")
    pool.repo.write({"dirty.txt": "the user's own\n"})
    pool.ask("reclaim", lent["slot"])
    pool.await_state("pool-wt-1.g2", "READY")
    await_that(lambda: pool.stored("pool-wt-1") is None, "the old directory is retired")
    old = Path(lent["path"])
    assert (old / ".git").read_text().startswith("gitdir: /poolmgr/")
    late = subprocess.run(("git", "add", "-A"), cwd=old, capture_output=True, check=False, timeout=60)
    assert late.returncode != 0
    assert subprocess.run(("git", "commit", "-m", "x"), cwd=old, capture_output=True, check=False).returncode
    assert pool.repo.git("status", "--porcelain") == "?? dirty.txt"
    new = pool.acquire(agent="bob")
    assert new["path"] == str(old.with_name("pool-wt-1.g2"))
    assert new["fence"] > lent["fence"]


def test_while_the_old_holder_lives_his_slot_says_that_it_was_revoked(
    pool: Pooled, dwellers: Dwellers
) -> None:
    lent = pool.acquire("--branch", "fix/login")
    admin = Path(pool.git(lent["path"], "rev-parse", "--absolute-git-dir"))
    dwellers(lent["path"])
    pool.ask("reclaim", lent["slot"])
    assert (admin / "revoked").exists()
    assert pool.slot(lent["slot"])["lease"] is None
    error = pool.refused("release", "--lease", lent["lease"], cwd=lent["path"])
    assert error["code"] in {"wrong_state", "not_the_holder"}


def test_what_the_old_holder_writes_after_a_reclaim_is_kept_too(pool: Pooled, dwellers: Dwellers) -> None:
    lent = pool.acquire("--branch", "fix/login")
    dweller = dwellers(lent["path"])
    pool.ask("reclaim", lent["slot"])
    write(lent, "late.txt")
    end(dweller)

    def is_gone() -> bool:
        pool.run("pool", "refresh")
        return pool.stored("pool-wt-1") is None

    await_that(is_gone, "the old directory is retired")
    assert "late.txt" in kept(pool)


def test_a_reclaim_by_the_holder_of_a_dead_process_is_no_different(pool: Pooled, dwellers: Dwellers) -> None:
    holder = dwellers()
    lent = pool.acquire("--pid", str(holder.pid))
    write(lent, "new.txt")
    end(holder)
    result = pool.run("reclaim", lent["slot"], check=False)
    assert result.code in {0, 1, 75}  # a worker may have been first
    pool.await_ready(2)
    assert "new.txt" in kept(pool)


def test_reclaiming_a_slot_whose_directory_is_gone_loses_no_commit(pool: Pooled) -> None:
    lent = pool.acquire("--branch", "fix/login")
    pool.git(lent["path"], "commit", "--quiet", "--allow-empty", "--message", "Kept.")
    head = pool.git(lent["path"], "rev-parse", "HEAD")
    shutil.rmtree(lent["path"])
    pool.ask("reclaim", lent["slot"])
    assert pool.repo.git("rev-parse", "fix/login") == head


def test_the_branch_of_a_reclaimed_slot_can_be_taken_up_again(pool: Pooled) -> None:
    lent = pool.acquire("--branch", "fix/login")
    pool.git(lent["path"], "commit", "--quiet", "--allow-empty", "--message", "Kept.")
    head = pool.git(lent["path"], "rev-parse", "HEAD")
    pool.ask("reclaim", lent["slot"])
    again = pool.acquire("--branch", "fix/login", "--timeout", "60", agent="bob")
    assert pool.git(again["path"], "rev-parse", "HEAD") == head
    assert os.path.samefile(again["path"], pool.git(again["path"], "rev-parse", "--show-toplevel"))
