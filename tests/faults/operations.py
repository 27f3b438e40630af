"""The operations that are killed at every point: the ground, the command, what must work afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass

from tests.faults import repeats, scenes
from tests.faults.scenes import Scene

IN_USE = frozenset({"READY", "LEASED"})
PARKING = IN_USE | {"PARKED"}
# Free slots have them where warm.copy says so; they are no work.
COPIES = frozenset(
    f"{slot} is READY with {words}"
    for slot in ("pool-wt-1", "pool-wt-2")
    for words in ("!! .env", "poolmgr-placed.json in its admin directory")
)
# Nobody was told of this slot; it is taken back when somebody wants one, or by its holder.
DETACHED = frozenset({"pool-wt-1 is lent on work, its HEAD is detached"})
LOOSE = frozenset({"pool-wt-2 is READY with ?? loose.txt"})
WORK = "_work"
FIRST = "acquire --branch work --agent alice --request-id first"


@dataclass(frozen=True, slots=True)
class Operation:
    """A command to be killed; `again` is what a user types after that, and it must succeed."""

    name: str
    prepare: Callable[[Scene], None]
    words: str
    again: Callable[[Scene], None]
    _: KW_ONLY
    pool_first: bool = True  # there is a pool when the command begins
    pool_stays: bool = True  # and when it has ended
    states: frozenset[str] = IN_USE
    known: frozenset[str] = frozenset()  # what the ground itself does wrong
    is_rare: bool = False  # killed only when batteries run whole; its steps are those of others

    @property
    def alone(self) -> bool:
        """Whether it leaves to nobody what it may leave to workers: unless it is one."""
        return self.words != WORK

    @property
    def keeps_pool(self) -> bool:
        """Whether there is a pool all the time."""
        return self.pool_first and self.pool_stays

    def words_for(self, scene: Scene) -> tuple[str, ...]:
        """The command's words, with what only the scene knows."""
        facts = {"slot": scene.name, "rescue": scene.rescue, "salvage": scene.salvage}
        return tuple(word.format(**facts) for word in self.words.split())


OPERATIONS = (
    Operation("init", repeats.nothing, "init --size 2", repeats.init, pool_first=False),
    Operation("scale-up", scenes.make_pool, "pool scale-up", repeats.grow),
    Operation("acquire", scenes.make_pool, FIRST, repeats.acquire),
    Operation(
        "acquire an existing branch",
        scenes.make_pool,
        "acquire --branch other --agent alice --request-id second",
        repeats.acquire_other,
        is_rare=True,
    ),
    Operation("acquire with files", scenes.furnish, FIRST, repeats.acquire_files, known=COPIES, is_rare=True),
    Operation(
        "clean a slot with files",
        scenes.give_furnished_back,
        WORK,
        repeats.clean_files,
        known=COPIES,
        is_rare=True,
    ),
    Operation("acquire a scope", scenes.inhabit, f"{FIRST} --scope src/**", repeats.acquire_scope),
    Operation("change a scope", scenes.lend_scoped, "scope set docs/** --slot {slot}", repeats.set_scope),
    Operation(
        "release a scope", scenes.lend_scoped, "release {slot} --rescue", repeats.release, is_rare=True
    ),
    Operation("keep what lies aside", scenes.lay_aside, WORK, repeats.nothing, is_rare=True),
    Operation(
        "run",
        scenes.make_pool,
        "run --branch work --scope src/** --rescue -- cp src/app.py src/loose.txt",
        repeats.run,
        is_rare=True,
    ),
    Operation("release", scenes.lend, "release {slot}", repeats.release),
    Operation("release with a rescue", scenes.lend_dirty, "release {slot} --rescue", repeats.release),
    Operation(
        "release into parking", scenes.nest, "release {slot} --rescue", repeats.release, states=PARKING
    ),
    Operation("recycle", scenes.give_back, WORK, repeats.nothing),
    Operation("reclaim", scenes.lend_dirty, "reclaim {slot}", repeats.reclaim),
    Operation("go on after a reclaim", scenes.take_away, WORK, repeats.nothing, is_rare=True),
    Operation("retire", scenes.visit, "pool retire {slot}", repeats.retire, known=LOOSE),
    Operation("refresh", scenes.advance, "pool refresh", repeats.refresh, is_rare=True),
    Operation("restore", scenes.keep, "rescue restore {rescue} --to {salvage}", repeats.restore),
    Operation(
        "restore into a slot",
        scenes.keep,
        "rescue restore {rescue}",
        repeats.restore_here,
        known=DETACHED,
        is_rare=True,
    ),
    Operation("end with the holder", scenes.bereave, WORK, repeats.nothing, is_rare=True),
    Operation("rebuild", scenes.lose_state, "doctor --fix", repeats.release, pool_first=False, is_rare=True),
    Operation("adopt", scenes.park, "pool adopt {slot}", repeats.adopt, states=PARKING, is_rare=True),
    Operation("cleanup", scenes.lend_dirty, "cleanup --rescue", repeats.clean_up, pool_stays=False),
)
