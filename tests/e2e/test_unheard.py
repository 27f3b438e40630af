"""A lease whose command was killed before it could tell anybody ends, if nothing was done with it."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from tests.e2e.pooled import Pooled
from tests.e2e.visits import findings, mend
from tests.fixtures.dwellers import Dwellers
from tests.invariants import Allowed, require_sound


def forget_delivery(pool: Pooled, slot: str) -> None:
    """As if the command that asked had been killed before it could say anything, two minutes ago."""
    pool.cli.settle()
    with closing(sqlite3.connect(pool.repo.state / "state.db")) as connection:
        connection.execute("UPDATE requests SET delivered = 0")
        connection.execute("UPDATE leases SET used_mono = used_mono - 120")
        connection.execute("UPDATE slots SET since_mono = since_mono - 120 WHERE name = ?", (slot,))
        connection.commit()


def test_a_slot_lent_to_a_command_that_died_unheard_is_taken_back(pool: Pooled) -> None:
    lent = pool.acquire()
    forget_delivery(pool, lent["slot"])
    mend(pool, "undelivered")
    assert pool.slot(lent["slot"])["state"] == "READY"
    assert pool.ask("rescue", "list")["rescues"] == []
    require_sound(pool.repo, Allowed())


def test_who_waits_gets_a_slot_that_nobody_heard_of(pool: Pooled) -> None:
    lent = pool.acquire()
    pool.acquire(agent="bob")
    forget_delivery(pool, lent["slot"])
    assert pool.acquire("--timeout", "30", agent="carol")["slot"] == lent["slot"]


def test_an_unheard_lease_stays_when_anything_was_done_with_it(pool: Pooled) -> None:
    lent = pool.acquire()
    pool.git(lent["path"], "commit", "--quiet", "--allow-empty", "--message", "Work.")
    forget_delivery(pool, lent["slot"])
    assert findings(pool, "--fix", code=0) == {}
    assert pool.slot(lent["slot"])["lease"] == lent["lease"]


def test_an_unheard_lease_stays_while_somebody_is_inside(pool: Pooled, dwellers: Dwellers) -> None:
    lent = pool.acquire()
    forget_delivery(pool, lent["slot"])
    dwellers(lent["path"])
    assert findings(pool, "--fix", code=0) == {}


def test_an_unheard_lease_stays_when_the_caller_named_its_request(pool: Pooled) -> None:
    lent = pool.acquire("--request-id", "mine")
    forget_delivery(pool, lent["slot"])
    assert findings(pool, "--fix", code=0) == {}
    assert pool.acquire("--request-id", "mine")["lease"] == lent["lease"]
