"""Waiting for a slot: who is served when, and how one stops waiting."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from typing import Any

import pytest

from tests.e2e.pooled import Json, Pooled, end_of, variables
from tests.fixtures.dwellers import await_state
from tests.fixtures.patience import await_that

LONG = ("--timeout", "60")
Waiter = subprocess.Popen[bytes]


@pytest.fixture
def full(unpooled: Pooled) -> Pooled:
    """One slot, and somebody has it."""
    unpooled.init(1)
    unpooled.acquire(agent="holder")
    return unpooled


def wait(pool: Pooled, agent: str, *args: str, **how: Any) -> Waiter:
    """A request, once it is in the queue under its agent's name."""
    before = len(pool.snapshot().queue)
    waiter = pool.start("acquire", "--agent", agent, "--json", *(args or LONG), **how)
    await_that(lambda: len(pool.snapshot().queue) > before, f"{agent} waits")
    return waiter


def holder(pool: Pooled) -> str | None:
    """Who has the only slot."""
    return next((lease.agent for lease in pool.snapshot().leases), None)


def served(pool: Pooled, waiters: dict[str, Waiter]) -> list[str]:
    """Give the slot back again and again: who gets it each time."""
    order = ["holder"]
    for _ in waiters:
        pool.run("release", "1")
        order.append(await_that(lambda: next_holder(pool, order[-1]), "somebody is served"))
        assert end_of(waiters[order[-1]]).code == 0
    return order[1:]


def next_holder(pool: Pooled, last: str) -> str:
    """Who has the only slot after the last one; "" while nobody has."""
    current = holder(pool)
    return current if current and current != last else ""


def test_priority_goes_first_then_who_came_first(full: Pooled) -> None:
    wishes = (("a", "3"), ("b", "2"), ("c", "0"), ("d", "2"))
    waiters = {agent: wait(full, agent, *LONG, "--priority", priority) for agent, priority in wishes}
    assert served(full, waiters) == ["c", "b", "d", "a"]


def test_who_waited_long_rises(full: Pooled) -> None:
    env = variables(QUEUE_AGING="1s")
    old = wait(full, "old", *LONG, "--priority", "4", env=env)
    request = full.snapshot().queue[0]
    await_that(lambda: full.ask("queue", "list")["queue"][0]["waiting_s"] > 4.2, "old waited for 4 s")
    new = wait(full, "new", *LONG, "--priority", "1", env=env)
    full.cli.variables |= env
    assert [each["agent"] for each in full.ask("queue", "list")["queue"]] == ["old", "new"]
    assert full.snapshot().queue[0].priority == request.priority == 4
    assert served(full, {"old": old, "new": new}) == ["old", "new"]


def test_a_newcomer_does_not_barge_in(full: Pooled) -> None:
    first = wait(full, "first")
    full.run("release", "1")
    newcomer = end_of(full.start("acquire", "--agent", "newcomer", "--timeout", "0"))
    assert newcomer.code == 75
    assert end_of(first).code == 0
    assert holder(full) == "first"


def test_waiting_ends_with_75_and_leaves_no_request(full: Pooled) -> None:
    error = full.refused("acquire", "--agent", "late", "--timeout", "0.3", code=75)
    assert error["code"] == "timed_out"
    assert full.ask("status")["queue"] == []


def test_the_time_out_is_a_setting_of_10_seconds(full: Pooled) -> None:
    began = time.monotonic()
    full.refused("acquire", "--agent", "late", code=75, env=variables(QUEUE_TIMEOUT="300ms"))
    assert time.monotonic() - began < 9
    shown = full.run("config", "show").stdout
    assert "timeout: 10s" in shown


def test_a_cancelled_waiter_is_told(full: Pooled) -> None:
    waiter = wait(full, "late", "--wait", "--request-id", "mine")
    assert full.ask("queue", "cancel", "mine") == {
        "contract_version": 1, "request_id": "mine", "state": "CANCELLED",
    }  # fmt: skip
    ended = end_of(waiter)
    assert ended.code == 75
    assert '"cancelled"' in ended.stdout
    assert full.snapshot().queue == ()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_waiter_leaves_the_queue(full: Pooled, number: signal.Signals) -> None:
    waiter = wait(full, "late", "--wait")
    waiter.send_signal(number)
    ended = end_of(waiter)
    assert ended.code == (130 if number is signal.SIGINT else 128 + number) or ended.code == -number
    full.run("release", "1")
    full.await_ready(1)
    assert full.ask("status")["queue"] == []


def test_ctrl_c_ends_with_130(full: Pooled) -> None:
    waiter = wait(full, "late", "--wait")
    waiter.send_signal(signal.SIGINT)
    ended = end_of(waiter)
    assert ended.code == 130
    assert full.snapshot().queue == ()
    assert "Traceback" not in ended.stderr


def test_a_killed_waiter_gives_its_place_up(full: Pooled) -> None:
    killed = wait(full, "killed", "--wait")
    patient = wait(full, "patient")
    killed.kill()
    killed.communicate()
    full.run("release", "1")
    assert end_of(patient).code == 0
    assert holder(full) == "patient"


def test_the_queue_does_not_show_a_killed_waiter_for_long(full: Pooled) -> None:
    killed = wait(full, "killed", "--wait")
    killed.kill()
    killed.communicate()
    full.run("release", "1")
    assert full.acquire(agent="next")["agent"] == "next"
    assert full.ask("status")["queue"] == []


def test_a_stopped_waiter_is_passed_over_and_served_later(full: Pooled) -> None:
    stopped = wait(full, "stopped", "--wait")
    patient = wait(full, "patient")
    stopped.send_signal(signal.SIGSTOP)
    await_state(stopped.pid, "T")
    full.run("release", "1")
    assert end_of(patient).code == 0
    stopped.send_signal(signal.SIGCONT)
    full.run("release", "1")
    assert end_of(stopped).code == 0
    assert holder(full) == "stopped"


def test_an_agent_at_its_cap_lets_others_pass(unpooled: Pooled) -> None:
    unpooled.cli.variables["POOLMGR_POOL_PER_AGENT"] = "1"
    unpooled.init(2)
    unpooled.acquire(agent="greedy")
    greedy = wait(unpooled, "greedy")
    assert unpooled.acquire(agent="modest")["slot"] == "pool-wt-2"
    unpooled.run("release", "2")
    unpooled.await_state("pool-wt-2", "READY")
    assert greedy.poll() is None
    unpooled.run("release", "1")
    assert end_of(greedy).code == 0


def test_below_the_maximum_the_pool_grows_instead_of_waiting(unpooled: Pooled) -> None:
    unpooled.init(1, most=3)
    slots = [unpooled.acquire(*LONG, agent=f"agent-{number}")["slot"] for number in range(3)]
    assert sorted(slots) == ["pool-wt-1", "pool-wt-2", "pool-wt-3"]
    unpooled.refused("acquire", "--agent", "late", "--timeout", "0", code=75)


def wake_up(pool: Pooled) -> float:
    """Seconds from the moment a slot became READY to its claim by the one who waits."""
    waiter = wait(pool, "waiter")
    pool.run("release", "1")
    assert end_of(waiter).code == 0
    events: list[Json] = pool.ask("events", "--last", "50")["events"]
    ready = [event["time"] for event in events if event["to"] == "READY"][-1]
    claimed = [event["time"] for event in events if event["to"] == "ASSIGNING"][-1]
    return float(claimed - ready)


def test_a_waiter_is_woken(full: Pooled) -> None:
    assert wake_up(full) < 2


def test_where_no_fifo_can_be_made_a_waiter_looks_by_itself(full: Pooled) -> None:
    room = full.repo.state / "waiters"
    room.rmdir()
    room.write_text("not a directory")
    assert wake_up(full) < 3


def test_asking_again_with_the_same_id_gives_the_same_lease(pool: Pooled) -> None:
    first = pool.acquire("--request-id", "build-1", "--branch", "one")
    again = pool.acquire("--request-id", "build-1", "--branch", "one")
    assert {name: first[name] for name in ("slot", "lease", "fence", "branch", "path")} == {
        name: again[name] for name in ("slot", "lease", "fence", "branch", "path")
    }
    assert pool.slot("pool-wt-2")["state"] == "READY"


def test_an_id_whose_lease_has_ended_may_be_used_again(pool: Pooled) -> None:
    first = pool.acquire("--request-id", "build-1")
    pool.release(first["slot"])
    second = pool.acquire("--request-id", "build-1")
    assert second["lease"] != first["lease"]
    assert second["fence"] > first["fence"]


@pytest.mark.parametrize("branch", [(), ("--branch", "fix/login")], ids=["no branch", "branch"])
def test_20_who_ask_at_once_with_one_id_get_one_lease(pool: Pooled, branch: tuple[str, ...]) -> None:
    asked = ("acquire", "--json", "--agent", "alice", "--request-id", "build-1", *branch, *LONG)
    askers = [pool.start(*asked) for _ in range(20)]
    ended = [end_of(asker, patience=100) for asker in askers]
    assert [each.code for each in ended] == [0] * 20, [each.stdout for each in ended if each.code]
    assert len({line for each in ended for line in each.stdout.splitlines() if '"lease"' in line}) == 1
    assert len(pool.snapshot().leases) == 1


def test_who_asks_again_while_the_first_asker_waits_keeps_the_place(full: Pooled) -> None:
    first = wait(full, "alice", *LONG, "--request-id", "build-1")
    wait_behind = wait(full, "bob")
    first.kill()
    first.communicate()
    again = full.start("acquire", "--json", "--agent", "alice", "--request-id", "build-1", *LONG)
    me = full.snapshot().queue[0].waiter
    await_that(
        lambda: full.snapshot().queue[0].waiter != me or full.snapshot().queue[0].id != "build-1", "adopted"
    )
    full.run("release", "1")
    assert end_of(again).code == 0
    full.run("release", "1")
    assert end_of(wait_behind).code == 0


def test_the_death_of_another_asker_of_the_same_ends_nobodys_waiting(full: Pooled) -> None:
    first = wait(full, "alice", *LONG, "--request-id", "build-1")
    me = full.snapshot().queue[0].waiter
    again = full.start("acquire", "--json", "--agent", "alice", "--request-id", "build-1", *LONG)
    await_that(lambda: full.snapshot().queue[0].waiter != me, "adopted")
    again.kill()
    again.communicate()
    await_that(lambda: [each.waiter for each in full.snapshot().queue] == [me], "the place is the first's")
    full.run("release", "1")
    assert end_of(first).code == 0


def test_a_waiter_leaves_no_file_behind(full: Pooled) -> None:
    waiter = wait(full, "late")
    full.run("release", "1")
    assert end_of(waiter).code == 0
    assert list((full.repo.state / "waiters").iterdir()) == []


def test_who_is_told_to_end_while_files_are_checked_out_holds_nothing(pool: Pooled) -> None:
    started, rest = pool.repo.path.parent / "started", pool.repo.path.parent / "rest"
    os.mkfifo(rest)
    pool.repo.git("config", "filter.slow.smudge", f"touch {started}; cat {rest}")
    pool.repo.git("switch", "--quiet", "--create", "slow")
    pool.repo.commit("Slow.", {".gitattributes": "*.slow filter=slow\n", "a.slow": "a\n"})
    pool.repo.git("switch", "--quiet", "main")
    taker = pool.start("acquire", "--branch", "slow")
    await_that(started.exists, "git asks the filter")
    taker.send_signal(signal.SIGTERM)
    assert end_of(taker).code == -signal.SIGTERM
    assert pool.snapshot().leases == ()
    pool.repo.git("config", "filter.slow.smudge", "cat")
    assert pool.acquire("--branch", "slow")["branch"] == "slow"


def test_a_branch_that_goes_while_its_asker_waits_is_made_anew(full: Pooled) -> None:
    full.repo.git("branch", "topic", "main~1")
    waiter = wait(full, "late", "--branch", "topic", "--wait")
    full.repo.git("branch", "--quiet", "-D", "topic")
    full.run("release", "1")
    ended = end_of(waiter)
    assert ended.code == 0, ended.stderr
    assert full.repo.git("rev-parse", "topic") == full.repo.git("rev-parse", "main")
