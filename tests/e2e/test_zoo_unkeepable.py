"""Work that no rescue can hold is never removed: its directory is set aside whole, on every road."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.e2e.pooled import Pooled
from tests.e2e.roads.ground import Ground, Made, break_ground, lay_out
from tests.faults.mounts import read_only
from tests.fixtures.commands import Commands
from tests.fixtures.dwellers import Dwellers, end
from tests.zoo import Cage, State, git, snapshot_of
from tests.zoo.nested import make_nested

ROADS: dict[str, tuple[str, ...]] = {
    "release": ("release", "pool-wt-1", "--rescue"),
    "reclaim": ("reclaim", "pool-wt-1"),
    "death": ("status",),
    "cleanup": ("cleanup", "--rescue"),
    "cleanup-of-a-free-slot": ("cleanup", "--rescue"),
    "resize": ("pool", "resize", "1"),
    "scale-down": ("pool", "scale-down"),
    "retire": ("pool", "retire", "pool-wt-2"),
    "refresh": ("pool", "refresh"),
    "lend": ("acquire", "--agent", "bob"),
}
HELD = ("release", "reclaim", "death", "cleanup")
REFUSED = ("cleanup", "cleanup-of-a-free-slot", "retire")  # they say that something is left


def worktree_of_another_repository(cage: Cage) -> None:
    """What is staged there lies in a git directory that is not ours to take."""
    library = cage.outside / "library"
    make_nested(library)
    git(library, "worktree", "add", "--quiet", "--detach", str(cage.root / "inside"))
    cage.write("inside/inner.txt")
    git(cage.root / "inside", "add", "inner.txt")
    cage.write("app.txt")


def worktree_of_this_repository(cage: Cage) -> tuple[str, ...]:
    """Its index, its HEAD and what was amended in it are in git's record of it and nowhere else."""
    inside = cage.root / "inside"
    cage.git("worktree", "add", "--quiet", "--detach", str(inside))
    made = []
    for words in (("-m", f"Inside {cage.root.name}."), ("--amend", "-m", f"Amended in {cage.root.name}.")):
        git(inside, "commit", "--quiet", "--allow-empty", *words)
        made.append(git(inside, "rev-parse", "HEAD"))
    cage.write("inside/inner.txt", cage.root.name.encode())
    git(inside, "add", "inner.txt")
    cage.write("inside/inner.txt")
    cage.write("app.txt")
    return (*made, git(inside, "rev-parse", ":inner.txt"))


MAKERS = {"another": worktree_of_another_repository, "this": worktree_of_this_repository}
Way = tuple[Ground, Made]


@pytest.fixture
def take(tmp_path: Path, run_cli: Commands, dwellers: Dwellers) -> Callable[..., Way]:
    """Makes a worktree in a slot, held or free, and takes a road."""

    def go(road: str, whose: str = "another") -> Way:
        state = State(name="unkeepable", make=MAKERS[whose], kinds=frozenset())
        ground = break_ground(lay_out(tmp_path / "template"), tmp_path, run_cli, 1 if road in HELD else 2)
        holder = dwellers()
        bound = ["--pid", str(holder.pid)] if road == "death" else []
        (made,) = ground.hold([state], bound) if road in HELD else ground.write_into_free([state])
        end(holder)
        if road == "refresh":
            ground.pool.git(ground.checkout, "commit", "--quiet", "--all", "--message", "Move on.")
        if road == "lend":
            ground.pool.acquire(agent="alice")
        ground.mine = ground.household
        code = ground.pool.run(*ROADS[road], check=False).code
        assert code == int(road in REFUSED)
        ground.pool.cli.settle()
        return ground, made

    return go


def require_aside(ground: Ground, made: Made) -> Path:
    """Where the slot lies, with everything that was in it."""
    (left,) = [slot for slot in ground.pool.slots().values() if slot["state"] in {"PARKED", "BROKEN"}]
    place = Path(left["path"])
    assert left["lease"] is None
    assert snapshot_of(place) == made.before
    require_whole(made, place / "inside")
    return place


def require_whole(made: Made, inside: Path) -> None:
    """The worktree as it was made."""
    assert git(inside, "diff", "--cached", "--name-only") == "inner.txt"
    for oid in made.objects:
        git(inside, "cat-file", "-e", oid)


def collect(ground: Ground) -> None:
    """Git forgets what is not in its place and keeps nothing that is not named."""
    for repository in (ground.checkout, *ground.directory.glob("outside/*/library")):
        git(repository, "worktree", "prune", "--expire=now")
    ground.collect()


@pytest.mark.battery
@pytest.mark.parametrize("whose", MAKERS)
@pytest.mark.parametrize("road", ROADS)
def test_what_cannot_be_kept_is_set_aside_whole(take: Callable[..., Way], road: str, whose: str) -> None:
    ground, made = take(road, whose)
    collect(ground)
    require_aside(ground, made)
    assert ground.rescues() == []
    assert ground.household.files == ground.mine.files


def test_a_release_that_parks_says_so_and_adopting_changes_nothing(take: Callable[..., Way]) -> None:
    ground, made = take("release", "this")
    place = require_aside(ground, made)
    assert place.parent == ground.checkout / ".git/poolmgr/parked"
    assert ground.pool.slot(made.slot)["state"] == "PARKED"
    told = ground.pool.run("pool", "adopt", made.slot, check=False)
    assert told.code == 1
    assert "inside" in told.stderr
    collect(ground)
    ground.pool.run("pool", "adopt", made.slot, check=False)
    collect(ground)
    assert require_aside(ground, made) == place
    assert ground.pool.refused("cleanup")["slots"] == [made.slot]
    assert ground.pool.run("cleanup", "--rescue", check=False).code == 1
    assert require_aside(ground, made) == place
    assert place in ground.parked()


def test_a_worktree_inside_a_slot_outlives_it(tmp_path: Path, run_cli: Commands) -> None:
    ground = break_ground(lay_out(tmp_path / "template"), tmp_path, run_cli, 3)
    state = State(name="lodger", make=worktree_of_this_repository, kinds=frozenset())
    made = ground.hold([state] * 3)
    ground.pool.run("release", made[0].slot, "--rescue")
    ground.pool.run("reclaim", made[1].slot)
    assert ground.pool.run("cleanup", "--rescue", check=False).code == 1
    collect(ground)
    for one, (name, slot) in zip(made, sorted(ground.pool.slots().items()), strict=True):
        out = ground.directory / f"out-of-{one.slot}"
        assert (name, slot["state"]) == (one.slot, "PARKED")
        require_whole(one, Path(slot["path"], "inside"))
        git(ground.checkout, "worktree", "move", f"{slot['path']}/inside", str(out))
        kept = ground.pool.ask("pool", "adopt", name)["rescue"]
        ground.pool.cli.settle()
        collect(ground)
        require_whole(replace(one, objects=one.objects[1:]), out)  # whose reflog went is the user's by now
        assert kept in {each["id"] for each in ground.rescues()}
    ground.pool.run("cleanup", "--rescue")
    assert ground.parked() == []


@pytest.mark.parametrize("road", ["release", "cleanup-of-a-free-slot"])
def test_once_the_reason_is_gone_an_adopted_slot_is_kept_and_lent_again(
    take: Callable[..., Way], road: str
) -> None:
    ground, made = take(road, "this")
    collect(ground)
    place = require_aside(ground, made)
    git(ground.checkout, "worktree", "remove", "--force", str(place / "inside"))
    before = snapshot_of(place)
    kept = ground.pool.ask("pool", "adopt", made.slot)["rescue"]
    ground.pool.cli.settle()
    ground.collect()
    git(ground.checkout, "cat-file", "-e", made.objects[0])  # which no reflog names any more
    ground.pool.run("rescue", "restore", kept, "--to", ground.directory / "back")
    assert snapshot_of(ground.directory / "back") == before
    assert ground.parked() == []
    assert git(ground.checkout, "for-each-ref", "refs/poolmgr/parked") == ""


def test_where_a_rescue_has_no_room_the_way_on_is_said_and_goes_on(pool: Pooled) -> None:
    lent = pool.acquire("--branch", "fix/room")
    Path(lent["path"], "mine.txt").write_text("mine")
    pool.cli.settle()
    with read_only(pool.repo.state / "rescue"):
        assert "then poolmgr status" in pool.refused("release", lent["slot"], "--rescue")["hint"]
        pool.cli.settle()
    pool.run("status")
    pool.await_ready(2)
    assert len(pool.ask("rescue", "list")["rescues"]) == 1


def test_a_repository_in_the_place_of_the_git_file_is_set_aside_whole(pool: Pooled) -> None:
    lent = pool.acquire("--branch", "fix/init")
    path = Path(lent["path"])
    (path / "mine.txt").write_text("mine")
    (path / ".git").unlink()
    git(path, "init", "--quiet")
    git(path, "add", "mine.txt")
    assert "taken_place" in {each["kind"] for each in pool.ask("doctor", "--fix", check=False)["findings"]}
    pool.run("release", lent["slot"], "--rescue")
    for _ in range(2):  # what is set aside stays, and stays listed
        assert pool.run("cleanup", "--rescue", check=False).code == 1
        assert {each["state"] for each in pool.slots().values()} == {"PARKED"}
    aside = Path(pool.slot(lent["slot"])["path"])
    assert git(aside, "show", ":mine.txt") == "mine"
    shutil.rmtree(aside / ".git")
    pool.run("pool", "adopt", lent["slot"])
    pool.run("cleanup", "--rescue")
    assert any(each["files"] for each in pool.ask("rescue", "list")["rescues"])
