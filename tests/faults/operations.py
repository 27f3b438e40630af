"""The operations that are killed at every point: the ground, the command, what must work afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.faults import scenes
from tests.faults.scenes import Scene

FREE = frozenset({"READY"})
IN_USE = frozenset({"READY", "LEASED"})
# Free slots have them where warm.copy says so; they are no work.
COPIES = frozenset(
    f"{slot} is READY with {words}"
    for slot in ("pool-wt-1", "pool-wt-2")
    for words in ("!! .env", "poolmgr-placed.json in its admin directory")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A command to be killed; `again` is what a user types after that, and it must succeed."""

    name: str
    prepare: Callable[[Scene], None]
    words: str
    again: Callable[[Scene], None]
    alone: bool = True
    pool_first: bool = True  # there is a pool when the command begins
    pool_stays: bool = True  # and when it has ended
    states: frozenset[str] = IN_USE
    known: frozenset[str] = frozenset()  # what the ground itself does wrong
    is_rare: bool = False  # killed only when batteries run whole; its steps are those of others

    @property
    def keeps_pool(self) -> bool:
        """Whether there is a pool all the time."""
        return self.pool_first and self.pool_stays

    def words_for(self, scene: Scene) -> tuple[str, ...]:
        """The command's words, with what only the scene knows."""
        facts = {"slot": scene.name, "rescue": scene.rescue, "salvage": scene.salvage}
        return tuple(word.format(**facts) for word in self.words.split())


def nothing(scene: Scene) -> None:
    """Nothing has to be done."""


def init_again(scene: Scene) -> None:
    """Init is safe to repeat."""
    scene.pool.init(2, most=3)
    assert len(scene.pool.slots()) == 2


def grow_again(scene: Scene) -> None:
    """The size is what was asked for."""
    scene.pool.run("pool", "resize", "3")
    assert len(scene.pool.slots()) == 3


def acquire_again(scene: Scene) -> None:
    """The same request gives the same lease."""
    first = scene.pool.acquire("--branch", "work", "--request-id", "first")
    again = scene.pool.acquire("--branch", "work", "--request-id", "first")
    assert (first["lease"], first["path"]) == (again["lease"], again["path"])
    scene.pool.release(first["slot"])


def acquire_files_again(scene: Scene) -> None:
    """The same request gives the lease with its files, and nobody took ours for somebody's work."""
    lent = scene.pool.acquire("--branch", "work", "--request-id", "first")
    port = scene.pool.ask("where", cwd=lent["path"])["ports"][0]
    assert Path(lent["path"], ".env").read_text() == f"PORT={port}\nKEY=of the user\n"
    assert f"\nA={lent['lease']}\n" in Path(lent["path"], ".env.worktree").read_text()
    scene.pool.release(lent["slot"])
    assert Path(lent["path"], ".env").read_text() == "KEY=of the user\nPORT=1\n"
    assert scene.pool.ask("rescue", "list")["rescues"] == []


def clean_files_again(scene: Scene) -> None:
    """The copies are the user's again, and the next lease gets files of its own."""
    scene.pool.await_ready(2)
    assert (scene.path / ".env").read_text() == "KEY=of the user\nPORT=1\n"
    acquire_files_again(scene)


def run_again(scene: Scene) -> None:
    """The same words work: the branch is waited for, and every slot is free at the end."""
    scene.pool.run("run", "--branch", "work", "--timeout", "30", "--", "true")
    scene.await_quiet()
    assert {slot["state"] for slot in scene.pool.slots().values()} == {"READY"}


def acquire_other_again(scene: Scene) -> None:
    """The branch that was there before is lent, and still where it was."""
    before = scene.pool.repo.git("rev-parse", "other")
    lent = scene.pool.acquire("--branch", "other", "--request-id", "second")
    assert scene.pool.git(lent["path"], "status", "--porcelain") == ""
    assert scene.pool.git(lent["path"], "rev-parse", "HEAD") == before
    scene.pool.release(lent["slot"])


def acquire_scope_again(scene: Scene) -> None:
    """The same request gives a slot that shows its scope and can be worked in."""
    lent = scene.pool.acquire("--branch", "work", "--request-id", "first", "--scope", "src/**")
    assert sorted(path.name for path in Path(lent["path"], "src").iterdir()) == ["app.py", "lib"]
    assert not Path(lent["path"], "docs").exists()
    assert scene.pool.git(lent["path"], "status", "--porcelain") == ""
    scene.pool.run("scope", "verify", lent["slot"])
    scene.pool.release(lent["slot"])


def set_scope_again(scene: Scene) -> None:
    """The slot shows its new scope, and the edit beyond it is still there."""
    scene.pool.run("scope", "set", "docs/**", "--slot", scene.name)
    found = scene.pool.ask("scope", "verify", scene.name)
    assert found["sound"], found
    assert (scene.path / "src/app.py").read_bytes() == scene.work.contents["edited"], "the edit is gone"
    assert (scene.path / "docs/guide/start.md").exists(), "the new scope is not there"
    scene.pool.release(scene.name, "--rescue", "--allow-outside")


def release_again(scene: Scene) -> None:
    """A slot that was not given back yet can be."""
    if scene.pool.slot(scene.name)["state"] == "LEASED":
        scene.pool.release(scene.name, "--rescue")


def reclaim_again(scene: Scene) -> None:
    """A slot that was not taken yet can be; the number goes on in a new directory."""
    slots = scene.pool.slots()
    if slots.get(scene.name, {}).get("state") == "LEASED":
        scene.pool.run("reclaim", scene.name)
        scene.await_quiet()


def retire_again(scene: Scene) -> None:
    """A slot that is still there can be retired."""
    if scene.name in scene.pool.slots():
        scene.pool.run("pool", "retire", scene.name)
    assert len(scene.pool.slots()) == 1


def refresh_again(scene: Scene) -> None:
    """Every free slot stands at the new base."""
    scene.pool.run("pool", "refresh")
    base = scene.pool.repo.git("rev-parse", "refs/remotes/origin/main")
    assert {scene.pool.git(slot["path"], "rev-parse", "HEAD") for slot in scene.pool.slots().values()} == {
        base
    }


def restore_again(scene: Scene) -> None:
    """The rescue is brought back whole, under its own name."""
    if scene.salvage.exists():
        result = scene.pool.run("rescue", "restore", scene.rescue, "--to", str(scene.salvage), check=False)
        assert result.code == 0 or "exists already" in result.stderr, result
    else:
        scene.pool.run("rescue", "restore", scene.rescue, "--to", str(scene.salvage))
    found = {name: (scene.salvage / file).read_bytes() for name, file in RESTORED.items()}
    assert found == {name: scene.work.contents[name] for name in RESTORED}
    assert (
        scene.pool.git(scene.salvage, "show", ":README.md").encode() + b"\n" == scene.work.contents["staged"]
    )
    assert [path.name for path in scene.root.glob(".poolmgr*")] == []


def restore_here_again(scene: Scene) -> None:
    """A slot that was lent for it is given back; the rescue fills another one whole."""
    for slot in scene.pool.slots().values():
        if slot["state"] == "LEASED":
            scene.pool.release(slot["name"], "--rescue")
    place = Path(scene.pool.run("rescue", "restore", scene.rescue).stdout.strip())
    found = {name: (place / file).read_bytes() for name, file in RESTORED.items()}
    assert found == {name: scene.work.contents[name] for name in RESTORED}


RESTORED = {"edited": "README.md", "loose": "loose.txt", "secret": ".env"}


def adopt_again(scene: Scene) -> None:
    """A slot that is still parked can be adopted."""
    if any(slot["state"] == "PARKED" for slot in scene.pool.slots().values()):
        scene.pool.run("pool", "adopt", scene.name)
        scene.await_quiet()
    assert {slot["state"] for slot in scene.pool.slots().values()} == {"READY"}


def clean_up_again(scene: Scene) -> None:
    """The pool is gone."""
    result = scene.pool.run("cleanup", "--rescue", check=False)
    assert result.code == 0 or "no pool here" in result.stderr, result


OPERATIONS = (
    Operation(name="init", prepare=nothing, words="init --size 2", again=init_again, pool_first=False),
    Operation(name="scale-up", prepare=scenes.make_pool, words="pool scale-up", again=grow_again),
    Operation(
        name="acquire",
        prepare=scenes.make_pool,
        words="acquire --branch work --agent alice --request-id first",
        again=acquire_again,
    ),
    Operation(
        name="acquire an existing branch",
        prepare=scenes.make_pool,
        again=acquire_other_again,
        words="acquire --branch other --agent alice --request-id second",
    ),
    Operation(
        name="acquire with files",
        prepare=scenes.furnish,
        words="acquire --branch work --agent alice --request-id first",
        again=acquire_files_again,
        known=COPIES,
        is_rare=True,
    ),
    Operation(
        name="clean a slot with files",
        prepare=scenes.give_furnished_back,
        words="_work",
        alone=False,
        again=clean_files_again,
        known=COPIES,
        is_rare=True,
    ),
    Operation(
        name="acquire a scope",
        prepare=scenes.inhabit,
        words="acquire --branch work --agent alice --request-id first --scope src/**",
        again=acquire_scope_again,
    ),
    Operation(
        name="change a scope",
        prepare=scenes.lend_scoped,
        words="scope set docs/** --slot {slot}",
        again=set_scope_again,
    ),
    Operation(
        name="release a scope",
        prepare=scenes.lend_scoped,
        words="release {slot} --rescue",
        again=release_again,
        is_rare=True,
    ),
    Operation(
        name="keep what lies aside",
        prepare=scenes.lay_aside,
        words="_work",
        alone=False,
        again=nothing,
        is_rare=True,
    ),
    Operation(
        name="run",
        prepare=scenes.make_pool,
        words="run --branch work --scope src/** --rescue -- cp src/app.py src/loose.txt",
        again=run_again,
        is_rare=True,
    ),
    Operation(name="release", prepare=scenes.lend, words="release {slot}", again=release_again),
    Operation(
        name="release with a rescue",
        prepare=scenes.lend_dirty,
        words="release {slot} --rescue",
        again=release_again,
    ),
    Operation(
        name="release into parking",
        prepare=scenes.nest,
        words="release {slot} --rescue",
        again=release_again,
        states=IN_USE | {"PARKED"},
    ),
    Operation(name="recycle", prepare=scenes.give_back, words="_work", alone=False, again=nothing),
    Operation(name="reclaim", prepare=scenes.lend_dirty, words="reclaim {slot}", again=reclaim_again),
    Operation(
        name="go on after a reclaim", prepare=scenes.take_away, words="_work", alone=False, again=nothing
    ),
    Operation(
        name="retire",
        prepare=scenes.visit,
        words="pool retire {slot}",
        again=retire_again,
        known=frozenset({"pool-wt-2 is READY with ?? loose.txt"}),
    ),
    Operation(name="refresh", prepare=scenes.advance, words="pool refresh", again=refresh_again),
    Operation(
        name="restore",
        prepare=scenes.keep,
        words="rescue restore {rescue} --to {salvage}",
        again=restore_again,
    ),
    Operation(
        name="restore into a slot",
        prepare=scenes.keep,
        words="rescue restore {rescue}",
        again=restore_here_again,
        # Nobody was told of this slot; it is taken back when somebody wants one, or by its holder.
        known=frozenset({"pool-wt-1 is lent on work, its HEAD is detached"}),
    ),
    Operation(name="end with the holder", prepare=scenes.bereave, words="_work", alone=False, again=nothing),
    Operation(
        name="rebuild",
        prepare=scenes.lose_state,
        words="doctor --fix",
        again=release_again,
        pool_first=False,
    ),
    Operation(
        name="adopt",
        prepare=scenes.park,
        words="pool adopt {slot}",
        again=adopt_again,
        states=IN_USE | {"PARKED"},
    ),
    Operation(
        name="cleanup",
        prepare=scenes.lend_dirty,
        words="cleanup --rescue",
        again=clean_up_again,
        pool_stays=False,
    ),
)
