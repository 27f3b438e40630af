"""Every state of the zoo on every road that takes a slot's content away: nothing is lost.

By default each state takes one road, drawn once and for all; `--all` takes them all.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import is_whole
from tests.e2e.roads.ground import Ground, Made, break_ground, lay_out
from tests.e2e.roads.road import ROADS, Road, blocking
from tests.fixtures.commands import Commands
from tests.fixtures.dwellers import Dwellers
from tests.zoo import STATES, State, git, snapshot_of

SEED = "every state a road"


def draw_journeys(*, whole: bool) -> Iterator[tuple[State, Road]]:
    """Each state with all roads, or with one; every road has its share."""
    if whole:
        yield from itertools.product(STATES, ROADS)
        return
    shuffled = random.Random(SEED).sample(STATES, len(STATES))
    yield from zip(shuffled, itertools.cycle(ROADS), strict=False)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The journeys of this run."""
    if "road" in metafunc.fixturenames:
        journeys = draw_journeys(whole=is_whole(metafunc.config))
        cases = [pytest.param(state, road, id=f"{state.name}-by-{road.name}") for state, road in journeys]
        metafunc.parametrize(("state", "road"), cases)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lay_out(tmp_path_factory.mktemp("template") / "repo")


def test_a_state_is_not_lost(
    template: Path, tmp_path: Path, run_cli: Commands, dwellers: Dwellers, state: State, road: Road
) -> None:
    ground = break_ground(template, tmp_path, run_cli, road.size)
    made = road.take(ground, state, dwellers)
    if not road.name.startswith("cleanup"):
        ground.require_untouched()
    ground.collect()
    assert ground.parked() == []
    if not state.kinds:
        assert ground.rescues() == []
        assert ground.household.refs == ground.mine.refs
        return
    (kept,) = ground.rescues()
    back = tmp_path / "back"
    ground.pool.run("rescue", "restore", kept["id"], "--to", back)
    require_back(made, back)


def require_back(made: Made, place: Path) -> None:
    """Byte for byte what was there, and every object it needs."""
    for oid in made.objects:
        git(place, "cat-file", "-e", oid)
    assert snapshot_of(place) == made.before
    git(place, "fsck", "--connectivity-only")


@pytest.mark.battery
@pytest.mark.parametrize("wanted", [one for one in STATES if one.kinds], ids=lambda one: one.name)
def test_a_rescue_fills_a_newly_acquired_slot(
    template: Path, tmp_path: Path, run_cli: Commands, wanted: State
) -> None:
    ground = break_ground(template, tmp_path, run_cli, 1)
    ground.hold()
    made = ground.make(wanted)
    kept = ground.pool.release(ground.slot, "--rescue")["rescue"]
    ground.collect()
    place = Path(ground.pool.ask("rescue", "restore", kept)["path"])
    require_back(made, place)
    assert ground.pool.slot(ground.slot)["state"] == "LEASED"
    if blocking(wanted):
        assert ground.pool.refused("release", ground.slot)["code"] == "unsaved_work"
    assert [each["id"] for each in ground.rescues()] == [kept]
