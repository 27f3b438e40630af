"""The roads: each takes a slot with a state of the zoo in it away from whoever has it.

`before` is what is done before the state is made, `take` the road itself; it says what is left.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from isolation.work import Kind
from tests.e2e.pooled import Json
from tests.e2e.roads.ground import Ground, Made
from tests.fixtures.dwellers import Dwellers, end
from tests.zoo import State
from tests.zoo.repository import change_on

QUIET = frozenset({Kind.UNREFERENCED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Road:
    """One way, and how many slots the pool needs for it."""

    name: str
    size: int
    take: Callable[[Ground, State, Dwellers], Made]


ROADS: list[Road] = []
Take = Callable[[Ground, State, Dwellers], Made]


def road(size: int) -> Callable[[Take], Take]:
    """Enter a road into the list under its own name."""

    def enter(take: Take) -> Take:
        ROADS.append(Road(name=take.__name__.replace("_", "-"), size=size, take=take))
        return take

    return enter


def blocking(state: State) -> frozenset[Kind]:
    """The kinds that a release must refuse."""
    return state.kinds - QUIET


def refuse(ground: Ground, state: State) -> None:
    """A plain release says what is unsaved, of which kind, and which command keeps it."""
    command = f"poolmgr release {ground.slot} --rescue"
    told = ground.pool.run("release", ground.slot, check=False)
    assert told.code == 1, told
    assert command in told.stderr
    error = ground.pool.refused("release", ground.slot)
    assert (error["code"], error["slot"]) == ("unsaved_work", ground.slot)
    assert command in error["hint"]
    findings: list[Json] = error["findings"]
    assert {one["kind"] for one in findings} >= blocking(state)
    assert all(one["path"] or one["detail"] for one in findings)
    for one in findings:
        assert one["kind"] in told.stderr
    named = [one["path"] for one in findings if one["path"].isascii() and one["path"].isprintable()]
    assert all(path in told.stderr for path in named[:20])
    assert ground.pool.slot(ground.slot)["state"] == "LEASED"


@road(1)
def release(ground: Ground, state: State, _: Dwellers) -> Made:
    """The holder gives it back, with --rescue only where a plain release refuses."""
    ground.hold()
    made = ground.make(state)
    if blocking(state):
        refuse(ground, state)
    ground.pool.release(ground.slot, *(["--rescue"] if blocking(state) else []))
    ground.require_clean(ground.slot)
    return made


@road(1)
def death(ground: Ground, state: State, dwellers: Dwellers) -> Made:
    """The process a lease is bound to is killed; whatever command comes next takes the slot back."""
    holder = dwellers()
    ground.hold("--pid", str(holder.pid))
    made = ground.make(state)
    end(holder)
    ground.pool.run("status")
    ground.pool.cli.settle()
    ground.require_clean(ground.slot)
    return made


@road(1)
def reclaim(ground: Ground, state: State, _: Dwellers) -> Made:
    """A person takes it; the number goes on in a new directory."""
    ground.hold()
    made = ground.make(state)
    ground.pool.run("reclaim", ground.slot)
    ground.pool.cli.settle()
    ground.require_clean(f"{ground.slot}.g2")
    assert [entry.name for entry in ground.path.iterdir()] == [".git"]
    return made


@road(1)
def cleanup(ground: Ground, state: State, _: Dwellers) -> Made:
    """The pool goes while somebody holds the slot."""
    ground.hold()
    made = ground.make(state)
    if blocking(state):
        assert ground.pool.refused("cleanup")["slots"] == [ground.slot]
    ground.pool.run("cleanup", "--rescue")
    ground.require_given_back()
    return made


@road(2)
def cleanup_of_a_free_slot(ground: Ground, state: State, _: Dwellers) -> Made:
    """The pool goes after somebody wrote into a slot that nobody holds."""
    ground.find_free()
    made = ground.make(state)
    ground.pool.run("cleanup", "--rescue")
    ground.require_given_back()
    return made


@road(2)
def resize(ground: Ground, state: State, _: Dwellers) -> Made:
    """The pool is made smaller."""
    return shrink(ground, state, "pool", "resize", "1")


@road(2)
def scale_down(ground: Ground, state: State, _: Dwellers) -> Made:
    """One slot less."""
    return shrink(ground, state, "pool", "scale-down")


@road(2)
def retire(ground: Ground, state: State, _: Dwellers) -> Made:
    """The slot is taken away by its name."""
    return shrink(ground, state, "pool", "retire", "pool-wt-2")


def shrink(ground: Ground, state: State, *command: str) -> Made:
    """A free slot that somebody wrote into goes."""
    ground.find_free()
    made = ground.make(state)
    ground.pool.run(*command)
    ground.pool.cli.settle()
    assert ground.pool.slots().keys() == {"pool-wt-1"}
    assert not ground.path.exists()
    return made


@road(2)
def refresh(ground: Ground, state: State, _: Dwellers) -> Made:
    """A free slot that somebody wrote into is moved to a newer base, which has another app.txt."""
    ground.find_free()
    change_on(ground.checkout, "main", "app.txt", b"moved on\n")
    made = ground.make(state)
    assert ground.slot in ground.pool.ask("pool", "refresh")["refreshed"]
    ground.pool.cli.settle()
    ground.require_clean(ground.slot)
    return made
