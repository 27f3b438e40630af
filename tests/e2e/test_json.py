"""What programs read: the shapes of --json, field by field."""

from __future__ import annotations

import json
from pathlib import Path

from tests.e2e.pooled import Pooled, end_of

ACQUIRE = {"contract_version", "slot", "path", "branch", "agent", "lease", "fence", "base", "request_id"}
SLOT = {"name", "state", "path", "branch", "agent", "lease", "fence", "dirty", "ahead", "since"}
LEASE_FIELDS = ("branch", "agent", "lease", "fence", "dirty", "ahead", "since")
REQUEST = {"request_id", "agent", "priority", "waiting_s"}
RESCUE = {"id", "slot", "fence", "ref", "files", "bytes", "created", "reason"}
FINDING = {"kind", "subject", "detail", "fixed", "hint"}


def test_acquire_answers_its_promised_fields(pool: Pooled) -> None:
    lent = pool.acquire("--branch", "fix/login")
    assert lent.keys() >= ACQUIRE
    assert (lent["slot"], lent["branch"], lent["agent"]) == ("pool-wt-1", "fix/login", "alice")
    assert lent["path"] == str(pool.repo.path.with_name("repo.worktrees") / "pool-wt-1")
    assert lent["base"] == pool.repo.git("rev-parse", "main")
    assert isinstance(lent["fence"], int)


def test_without_json_acquire_prints_the_path_alone(pool: Pooled) -> None:
    result = pool.run("acquire", "--agent", "alice")
    assert result.stdout == f"{pool.repo.path.with_name('repo.worktrees') / 'pool-wt-1'}\n"


def test_status_answers_pool_slots_and_queue(pool: Pooled) -> None:
    lent = pool.acquire("--branch", "fix/login")
    pool.repo.write({"../repo.worktrees/pool-wt-1/new.txt": "new\n"})
    status = pool.ask("status")
    assert status.keys() >= {"contract_version", "pool", "slots", "queue"}
    assert status["pool"] == {"min": 1, "max": 2, "size": 2}
    held, free = status["slots"]
    assert held.keys() >= SLOT
    assert {name: held[name] for name in ("name", "path", "branch", "agent", "lease", "fence")} == {
        "name": lent["slot"], **{name: lent[name] for name in ("path", "branch", "agent", "lease", "fence")},
    }  # fmt: skip
    assert (held["state"], held["dirty"], held["ahead"]) == ("LEASED", True, 0)
    assert free["state"] == "READY"
    assert [free[name] for name in LEASE_FIELDS] == [None] * len(LEASE_FIELDS)


def test_status_counts_commits_ahead(pool: Pooled) -> None:
    lent = pool.acquire("--branch", "fix/login")
    for number in range(3):
        pool.git(lent["path"], "commit", "--quiet", "--allow-empty", "--message", f"Commit {number}.")
    held = pool.slot(lent["slot"])
    assert (held["dirty"], held["ahead"]) == (False, 3)


def test_the_queue_is_listed_in_the_order_of_service(pool: Pooled) -> None:
    for agent in ("one", "two"):
        pool.acquire(agent=agent)
    waiters = []
    for agent, priority in (("late", "4"), ("first", "0"), ("middle", "2")):
        waiters.append(pool.start("acquire", "--agent", agent, "--priority", priority, "--timeout", "60"))
        pool.await_queue(*("late", "first", "middle")[: len(waiters)])
    queue = pool.ask("status")["queue"]
    assert [(each["agent"], each["priority"]) for each in queue] == [("first", 0), ("middle", 2), ("late", 4)]
    assert all(each.keys() >= REQUEST and each["waiting_s"] >= 0 for each in queue)
    assert [each["request_id"] for each in pool.ask("queue", "list")["queue"]] == [
        each["request_id"] for each in queue
    ]
    for each in queue:
        pool.run("queue", "cancel", each["request_id"])
    assert [end_of(waiter).code for waiter in waiters] == [75, 75, 75]


def test_where_shows_the_slot_around_its_caller(pool: Pooled) -> None:
    lent = pool.acquire("--branch", "fix/login")
    where = pool.ask("where", cwd=f"{lent['path']}/src/lib")
    assert where.keys() >= SLOT
    assert (where["name"], where["lease"]) == (lent["slot"], lent["lease"])
    assert pool.refused("where")["code"] == "no_such_slot"


def test_rescue_list_answers_its_promised_fields(pool: Pooled) -> None:
    assert pool.ask("rescue", "list")["rescues"] == []
    lent = pool.acquire()
    pool.repo.write({"../repo.worktrees/pool-wt-1/new.txt": "new\n"})
    given = pool.release(lent["slot"], "--rescue")
    (rescue,) = pool.ask("rescue", "list")["rescues"]
    assert rescue.keys() >= RESCUE
    assert rescue["id"] == given["rescue"] == f"1-{lent['fence']}"
    assert (rescue["fence"], rescue["ref"]) == (lent["fence"], f"refs/poolmgr/rescue/1/{lent['fence']}")
    assert pool.repo.git("rev-parse", "--verify", rescue["ref"])
    assert rescue["files"] >= 1
    assert rescue["bytes"] >= 4


def test_doctor_of_a_sound_pool_finds_nothing_to_fix(pool: Pooled) -> None:
    answer = pool.ask("doctor")
    assert answer.keys() >= {"contract_version", "findings"}
    assert all(each.keys() >= FINDING for each in answer["findings"])


def test_errors_are_json_too(pool: Pooled) -> None:
    for line, exit_code, code in (
        ("release pool-wt-9", 1, "no_such_slot"),
        ("release pool-wt-1", 1, "wrong_state"),
        ("reclaim pool-wt-2", 1, "wrong_state"),
        ("acquire --branch a..b", 2, "bad_name"),
        ("acquire --base no-such-ref", 2, "bad_name"),
        ("acquire --priority 5", 2, "usage"),
        ("acquire --no-such-option", 2, "usage"),
        ("no-such-command", 2, "usage"),
        ("queue cancel unknown", 1, "refused"),
        ("rescue show 9-9", 1, "no_such_rescue"),
        ("pool resize 99", 1, "refused"),
        ("pool retire pool-wt-8", 1, "no_such_slot"),
        ("pool adopt pool-wt-1", 1, "wrong_state"),
    ):
        error = pool.refused(*line.split(), code=exit_code)
        assert error["code"] == code, line
        assert error["hint"], line


def test_options_stand_before_or_after_the_command(pool: Pooled, tmp_path: Path) -> None:
    before = pool.run("--json", "--repo", pool.repo, "status", cwd=tmp_path).json()
    after = pool.run("status", f"--repo={pool.repo.path}", "--json", cwd=tmp_path).json()
    assert before["pool"] == after["pool"]


def test_every_line_of_events_is_json_when_followed(pool: Pooled) -> None:
    pool.acquire()
    following = pool.start("events", "--follow", "--json")
    assert following.stdout
    line = json.loads(following.stdout.readline())
    following.terminate()
    end_of(following)
    assert line.keys() >= {"contract_version", "id", "time", "slot", "from", "to", "action", "reason"}
