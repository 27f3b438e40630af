"""What a scope leaves to be done is done by the next command, and takes nothing from anybody."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from poolmgr.core.records import OpKind
from poolmgr.core.scope import Scope
from poolmgr.services.ground.job import lock_file
from poolmgr.services.ground.pool import read_moment
from poolmgr.services.life.clearing import try_clear
from poolmgr.services.scoping.asides import GOING, PROVING, list_asides
from poolmgr.services.upkeep.chores import try_set_scope
from poolmgr.store import gate
from poolmgr.store.tables.leases import set_scope
from poolmgr.store.tables.ops import add_op, close_op
from poolmgr.wiring import open_pool
from resources.probes.processes import read_identity
from tests.e2e.pooled import Pooled
from tests.e2e.shop import ALWAYS, files_in
from tests.fixtures.dwellers import Dwellers

DOCS = {"docs/guide/start.md", "docs/plan.md"}


def dead_identity() -> str:
    with subprocess.Popen(("sleep", "60")) as process:
        identity = read_identity(process.pid)
        process.kill()
    assert identity
    return identity


@pytest.mark.parametrize("verb", ["add", "request", "drop", "grant"])
def test_a_full_slot_is_told_that_it_has_everything_and_keeps_it(open_shop: Pooled, verb: str) -> None:
    lent = open_shop.acquire()
    words = (lent["slot"], "docs/**") if verb == "grant" else ("docs/**", "--slot", lent["slot"])
    error = open_shop.refused("scope", verb, *words)
    assert error["code"] == "wrong_state"
    assert error["hint"].startswith("poolmgr scope set ")
    assert "full" in error["message"]
    assert open_shop.ask("scope", "show", lent["slot"])["scope"] is None
    assert "src/pay/card.py" in files_in(lent)


def test_a_killed_change_of_scope_is_finished_though_nothing_else_is_due(open_shop: Pooled) -> None:
    lent = open_shop.acquire("--scope", "src/login/**")
    open_shop.cli.settle()
    pool = open_pool(Path(open_shop.repo))
    slot = next(each for each in pool.snapshot().slots if each.name == lent["slot"])
    lease = pool.snapshot().lease_of(slot)
    assert lease
    with pool.engine.write() as session:
        set_scope(session, lease._replace(scope=Scope(owns=("docs/**",))), changing=dead_identity())
    with gate.held(lock_file(pool, slot.id), patience=0):
        assert not try_set_scope(pool, pool.snapshot(), slot), "somebody else is at it"
    open_shop.run("status")
    open_shop.cli.settle()
    assert files_in(lent) == ALWAYS | DOCS


def test_what_somebody_writes_into_what_lies_aside_is_kept(open_shop: Pooled) -> None:
    with Dwellers() as dwell:
        editors = []
        for slot in open_shop.slots().values():
            place = Path(slot["path"], "late")
            place.mkdir()
            editors.append(dwell(place))
        lent = open_shop.acquire("--scope", "web/src/ui/form.ts")
        open_shop.cli.settle()
        (aside,) = list_asides(open_pool(Path(open_shop.repo)), open_shop.snapshot())
        assert not aside.name.endswith(GOING)
        (aside / "tree/late/note.txt").write_text("written late\n")
    open_shop.run("status")
    open_shop.cli.settle()
    assert not aside.exists()
    assert not list(Path(lent["path"]).parent.glob(".aside/*"))
    rescue = open_shop.ask("rescue", "list")["rescues"][0]
    assert "before it was filled" in rescue["reason"]
    assert "late/note.txt" in open_shop.run("rescue", "show", rescue["id"]).stdout
    for slot in open_shop.slots().values():
        if Path(slot["path"], "late").is_dir():
            Path(slot["path"], "late").rmdir()


def test_an_aside_that_is_being_filled_is_taken_up_by_nobody(open_shop: Pooled) -> None:
    open_shop.cli.settle()
    pool = open_pool(Path(open_shop.repo))
    slot = pool.snapshot().slots[0]
    aside = slot.path.parent / ".aside" / f"{slot.name}-999999"
    (aside / "tree").mkdir(parents=True)
    assert aside in list_asides(pool, pool.snapshot())
    with pool.engine.write() as session:
        args = {"aside": str(aside)}
        op = add_op(session, slot, OpKind.ASSIGN, owner=pool.me, args=args, now=read_moment())
    assert not try_clear(pool, aside)
    assert aside.exists()
    with pool.engine.write() as session:
        close_op(session, op, now=read_moment())
    (aside / "tree").rmdir()
    aside.rmdir()


@pytest.mark.parametrize(("ending", "left"), [("", True), (PROVING, True), (GOING, False)])
def test_only_what_is_proven_goes_without_a_look(open_shop: Pooled, ending: str, *, left: bool) -> None:
    open_shop.cli.settle()
    pool = open_pool(Path(open_shop.repo))
    slot = pool.snapshot().slots[0]
    aside = slot.path.parent / ".aside" / f"{slot.name}-999998{ending}"
    (aside / "tree").mkdir(parents=True)
    (aside / "tree/note.txt").write_text("of a worktree that git cannot read\n")
    assert try_clear(pool, aside) is not left
    places = [each for each in list_asides(pool, pool.snapshot()) if "999998" in each.name]
    assert bool(places) is left
    for place in places:
        (place / "tree/note.txt").unlink()
        assert try_clear(pool, place.rename(aside.with_name(f"{slot.name}-999998{GOING}")))
