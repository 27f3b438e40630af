"""The roads: each makes states of the zoo in slots and then takes the slots away from whoever has them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from isolation.work import Kind
from tests.e2e.pooled import Json
from tests.e2e.roads.ground import Ground, Made
from tests.fixtures.dwellers import Dwellers, end
from tests.zoo import State, git, snapshot_of
from tests.zoo.repository import change_on

Take = Callable[[Ground, Sequence[State], Dwellers], list[Made]]
QUIET = frozenset({Kind.UNREFERENCED})
SHOWN = 20  # findings in the words of a refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Road:
    """One way, how many slots the pool needs beside those with states, and how many states go together."""

    name: str
    spare: int
    together: int
    take: Take


ROADS: list[Road] = []


def road(*, spare: int, together: int = 5) -> Callable[[Take], Take]:
    """Enter a road into the list under its own name."""

    def enter(take: Take) -> Take:
        name = take.__name__.replace("_", "-")
        ROADS.append(Road(name=name, spare=spare, together=together, take=take))
        return take

    return enter


def blocking(state: State) -> frozenset[Kind]:
    """The kinds that a release must refuse."""
    return state.kinds - QUIET


def require_refusal(ground: Ground, made: Made) -> None:
    """A plain release says what is unsaved, of which kind, and which command keeps it."""
    command = f"poolmgr release {made.slot} --rescue"
    told = ground.pool.run("release", made.slot, check=False)
    assert told.code == 1, f"{made.state.name}: {told}"
    error = ground.pool.refused("release", made.slot)
    assert (error["code"], error["slot"]) == ("unsaved_work", made.slot)
    assert command in error["hint"]
    assert command in told.stderr
    findings: list[Json] = error["findings"]
    assert {one["kind"] for one in findings} >= blocking(made.state), made.state.name
    assert [one["kind"] for one in findings if one["kind"] not in told.stderr] == []
    for one in findings[:SHOWN]:
        assert one["path"] or one["detail"]
        assert one["path"] in told.stderr or not one["path"].isascii() or not one["path"].isprintable()


@road(spare=0)
def release(ground: Ground, states: Sequence[State], _: Dwellers) -> list[Made]:
    """The holders give them back, with --rescue only where a plain release refuses."""
    made = ground.hold(states)
    for one in made:
        if blocking(one.state):
            require_refusal(ground, one)
        given = ground.pool.ask("release", one.slot, *(["--rescue"] if blocking(one.state) else []))
        assert bool(given["rescue"]) == bool(one.state.kinds), one.state.name
    ground.pool.cli.settle()
    ground.require_clean(*(one.slot for one in made))
    return made


@road(spare=0)
def death(ground: Ground, states: Sequence[State], dwellers: Dwellers) -> list[Made]:
    """The processes the leases are bound to are killed; whatever command comes next takes the slots back."""
    holders = [dwellers() for _ in states]
    made = ground.hold(states, *(("--pid", str(holder.pid)) for holder in holders))
    for holder in holders:
        end(holder)
    ground.pool.run("status")
    ground.pool.cli.settle()
    ground.require_clean(*(one.slot for one in made))
    return made


@road(spare=0)
def reclaim(ground: Ground, states: Sequence[State], _: Dwellers) -> list[Made]:
    """A person takes them; the numbers go on in new directories."""
    made = ground.hold(states)
    for one in made:
        ground.pool.run("reclaim", one.slot)
    ground.pool.cli.settle()
    ground.require_clean(*(f"{one.slot}.g2" for one in made))
    for one in made:
        assert [entry.name for entry in one.path.iterdir()] == [".git"]
    return made


@road(spare=0)
def cleanup(ground: Ground, states: Sequence[State], _: Dwellers) -> list[Made]:
    """The pool goes while the slots are held."""
    made = ground.hold(states)
    unsaved = [one.slot for one in made if blocking(one.state)]
    if unsaved:
        assert ground.pool.refused("cleanup")["slots"] == unsaved
    ground.pool.run("cleanup", "--rescue")
    ground.require_given_back()
    return made


@road(spare=1)
def cleanup_of_free_slots(ground: Ground, states: Sequence[State], _: Dwellers) -> list[Made]:
    """The pool goes after somebody wrote into slots that nobody holds."""
    made = ground.write_into_free(states)
    ground.pool.run("cleanup", "--rescue")
    ground.require_given_back()
    return made


@road(spare=1)
def resize(ground: Ground, states: Sequence[State], _: Dwellers) -> list[Made]:
    """The pool is made smaller."""
    made = ground.write_into_free(states)
    ground.pool.run("pool", "resize", "1")
    require_gone(ground, made)
    return made


@road(spare=1)
def scale_down(ground: Ground, states: Sequence[State], _: Dwellers) -> list[Made]:
    """One slot less, and one less."""
    made = ground.write_into_free(states)
    for _one in made:
        ground.pool.run("pool", "scale-down")
    require_gone(ground, made)
    return made


@road(spare=1)
def retire(ground: Ground, states: Sequence[State], _: Dwellers) -> list[Made]:
    """The slots are taken away by name."""
    made = ground.write_into_free(states)
    for one in made:
        ground.pool.run("pool", "retire", one.slot)
    require_gone(ground, made)
    return made


def require_gone(ground: Ground, made: list[Made]) -> None:
    """Only the slot that nobody wrote into is left."""
    ground.pool.cli.settle()
    assert ground.pool.slots().keys() == {"pool-wt-1"}
    assert not [one.path for one in made if one.path.exists()]


@road(spare=1)
def refresh(ground: Ground, states: Sequence[State], _: Dwellers) -> list[Made]:
    """Free slots that somebody wrote into are moved to a newer base, which has another app.txt."""
    change_on(ground.checkout, "main", "app.txt", b"moved on\n")
    made = ground.write_into_free(states)
    ground.pool.run("pool", "refresh")
    ground.pool.cli.settle()
    ground.require_clean("pool-wt-1", *(one.slot for one in made))
    return made


@road(spare=1, together=2)
def lend(ground: Ground, states: Sequence[State], _: Dwellers) -> list[Made]:
    """Free slots that somebody wrote into are lent: cleaned first, or with all that is in them."""
    made = ground.write_into_free(states)
    slots = ("pool-wt-1", *(one.slot for one in made))
    lent = [ground.pool.acquire("--timeout", "60", agent=f"for-{slot}") for slot in slots]
    branches = {f"refs/heads/{one['branch']}": one["base"] for one in lent}
    ground.mine = replace(ground.mine, refs=dict(sorted({**ground.mine.refs, **branches}.items())))
    assert {one["slot"] for one in lent} == set(slots)
    for one in made:
        assert snapshot_of(one.path).head == git(ground.checkout, "rev-parse", "main")
    for slot in slots:
        ground.pool.run("release", slot, "--rescue")
    ground.pool.cli.settle()
    ground.require_clean(*slots)
    return made
