"""Every state of the zoo on every road that takes a slot's content away: nothing is lost.

Several states share a repository, each in a slot of its own. By default each state takes one
road, drawn once and for all; with `--all` every state takes every road.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from isolation.work import Kind
from tests.conftest import is_whole
from tests.e2e.roads.ground import Ground, Made, break_ground, lay_out
from tests.e2e.roads.road import ROADS, Road, blocking
from tests.fixtures.commands import Commands
from tests.fixtures.dwellers import Dwellers
from tests.zoo import STATES, State, git, snapshot_of

SEED = "every state a road"
# They change settings that all worktrees share, and with them what git says of the others.
ALONE = (
    "untracked-while-status-hides-it", "excluded-by-info-exclude", "excluded-by-global-excludes",
    "hidden-by-a-setting-for-other-file-systems", "name-like-git-in-capitals", "filtered",
    "stash-stays-shared", "submodule-with-edits", "submodule-with-commit", "submodule-hidden-by-settings",
    "submodule-deinitialised-with-commit",
)  # fmt: skip


def draw_journeys(*, whole: bool) -> Iterator[tuple[Road, tuple[State, ...]]]:
    """Each road with the states that take it, as many at a time as bear one another."""
    shuffled = random.Random(SEED).sample(STATES, len(STATES))
    for number, road in enumerate(ROADS):
        taking = shuffled if whole else shuffled[number :: len(ROADS)]
        yield from ((road, (state,)) for state in taking if state.name in ALONE)
        social = [state for state in taking if state.name not in ALONE]
        for start in range(0, len(social), road.together):
            yield road, tuple(social[start : start + road.together])


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The journeys of this run."""
    if "road" in metafunc.fixturenames:
        journeys = draw_journeys(whole=is_whole(metafunc.config))
        cases = [pytest.param(*one, id=f"{one[0].name}-{describe(one[1])}") for one in journeys]
        metafunc.parametrize(("road", "states"), cases)


def describe(states: Sequence[State]) -> str:
    """The states by name, for the name of a test."""
    return "+".join(state.name for state in states)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lay_out(tmp_path_factory.mktemp("template") / "repo")


def test_no_state_is_lost(
    template: Path, tmp_path: Path, run_cli: Commands, dwellers: Dwellers, road: Road, states: Sequence[State]
) -> None:
    ground = break_ground(template, tmp_path, run_cli, len(states) + road.spare)
    made = road.take(ground, states, dwellers)
    assert len(states) == 1 or ground.is_bearable, f"one of them must travel alone: {describe(states)}"
    if not road.name.startswith("cleanup"):
        ground.require_untouched()
    ground.collect()
    assert ground.parked() == []
    require_kept(ground, made)


def require_kept(ground: Ground, made: Sequence[Made]) -> None:
    """Of each state that is work one rescue, and all of it comes back."""
    rescues = {each["slot"]: each["id"] for each in ground.rescues()}
    assert rescues.keys() == {one.slot for one in made if one.state.kinds}
    assert len(ground.rescues()) == len(rescues)
    for one in made:
        if one.slot in rescues:
            place = ground.directory / f"back-{one.slot}"
            ground.pool.run("rescue", "restore", rescues[one.slot], "--to", place)
            require_back(one, place)
    assert ground.household.refs == ground.mine.refs


def require_back(made: Made, place: Path) -> None:
    """Byte for byte what was there, and every object it needs."""
    for oid in made.objects:
        git(place, "cat-file", "-e", oid)
    assert snapshot_of(place) == made.before, made.state.name
    git(place, "fsck", "--connectivity-only")


def require_filled(made: Made, place: Path) -> None:
    """The same in a slot, which shows what was hidden, too."""
    there = snapshot_of(place)
    if "sparse" not in made.state.name:
        require_back(made, place)
    assert made.before.files.items() <= there.files.items(), made.state.name


@pytest.mark.battery
@pytest.mark.parametrize("state", [one for one in STATES if one.kinds], ids=lambda one: one.name)
def test_a_rescue_fills_a_newly_acquired_slot(
    template: Path, tmp_path: Path, run_cli: Commands, state: State
) -> None:
    ground = break_ground(template, tmp_path, run_cli, 1)
    (made,) = ground.hold([state])
    kept = ground.pool.release(made.slot, "--rescue")["rescue"]
    ground.collect()
    place = Path(ground.pool.ask("rescue", "restore", kept)["path"])
    require_filled(made, place)
    assert ground.pool.slot(made.slot)["state"] == "LEASED"
    if blocking(state) - {Kind.DETACHED, Kind.UNREADABLE}:  # a commit is on the branch now, a socket gone
        assert ground.pool.refused("release", made.slot)["code"] == "unsaved_work"
    assert [each["id"] for each in ground.rescues()] == [kept]


def test_the_states_that_travel_alone_are_states_of_the_zoo() -> None:
    assert {state.name for state in STATES} >= set(ALONE)
