"""Pools with work in them, each the ground on which an operation is killed or starved."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from isolation.database.address import Address
from tests.e2e.pooled import Pooled
from tests.faults.launch import Launcher
from tests.fixtures.patience import await_that
from tests.invariants import Allowed
from tests.invariants.places import list_admins, place_of
from tests.invariants.rows import read_rows
from tests.invariants.user import look_at_user
from tests.invariants.work import Work

LODGER = "lodger"
TEXTS = ("staged", "edited", "loose", "secret", "kept", "amended")


@dataclass(slots=True)
class Scene:
    """A pool, the work in it that was acknowledged, and the user's own things as they were."""

    pool: Pooled
    root: Path
    work: Work = field(default_factory=Work)
    user: dict[str, str] = field(default_factory=dict)
    path: Path = Path()
    name: str = ""
    rescue: str = ""
    admin: Address | None = None  # of a server of somebody's, where the slots' databases are

    @property
    def has_databases(self) -> bool:
        """Whether the pool's slots have databases, on whatever server."""
        return self.admin is not None or (self.pool.repo.state / "server").exists()

    @property
    def goes_on(self) -> bool:
        """Whether nothing is put back for the next case, as a server's databases would not be."""
        return self.pool.cli.variables.get("POOLMGR_DATABASE_MODE", "off") != "off"

    @property
    def handmade(self) -> Path:
        """A worktree that the user made."""
        return self.root / "by hand"

    @property
    def salvage(self) -> Path:
        """Where a rescue is brought back to."""
        return self.root / "salvage"

    @property
    def launcher(self) -> Launcher:
        """The killer, in the repository."""
        report = self.root.with_name(f"{self.root.name}.points")
        return Launcher(self.pool.repo.path, report, dict(self.pool.cli.variables))

    def allowed(self, states: frozenset[str]) -> Allowed:
        """What there may be beside the slots."""
        places = map(place_of, list_admins(self.pool.repo))
        lodgers = (place for place in places if place.name == LODGER)
        return Allowed(states, frozenset({self.handmade, self.salvage, *lodgers}))

    def run_alone(self, *words: str) -> None:
        """A command that leaves to others what it may leave to them, and no others are there."""
        self.await_quiet()
        ended = self.launcher.run(("--alone",), words)
        assert ended.code == 0, ended.words

    def await_quiet(self) -> None:
        """Wait until nobody works on the pool any more; what is still open then is a finding."""

        def is_quiet() -> bool:
            self.pool.cli.settle()
            return not (self.pool.repo.state / "state.db").exists() or not read_rows(self.pool.repo.state).ops

        try:
            await_that(is_quiet, "no intent is open", patience=1.0)
        except AssertionError:
            return

    def rest(self) -> None:
        """The same, and everything is done that databases need."""
        room = self.pool.repo.state / "database"

        def is_at_rest() -> bool:
            self.await_quiet()
            asked = [room / "due", room / "ahead-due"]
            if any(map(Path.exists, asked)):
                for later in room.glob("*later"):
                    later.unlink(missing_ok=True)  # as if its minute were over
                self.pool.run("status")
            return not any(map(Path.exists, asked))

        await_that(is_at_rest, "what databases need is done")


def lay_out_user(scene: Scene) -> None:
    """A checkout in use: changed, staged, stashed, with a hook and a worktree of the user's own."""
    repo = scene.pool.repo
    repo.git("branch", "other", "HEAD~1")
    repo.write({"stashed.txt": "put away\n"})
    repo.git("add", "stashed.txt")
    repo.git("stash", "push", "--quiet")
    repo.write({"README.md": "the user's\n", "src/app.py": "staged by the user\n", "notes": "untracked\n"})
    repo.git("add", "src/app.py")
    repo.git("worktree", "add", "--quiet", "-b", "handmade", str(scene.handmade))
    (scene.handmade / "mine.txt").write_text("made by hand\n")
    hook = repo.state.parent / "hooks" / "post-checkout"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    scene.user = look_at_user(repo, scene.handmade)


def make_pool(scene: Scene) -> None:
    """Two free slots, three at most."""
    scene.pool.init(2, most=3)


def furnish(scene: Scene) -> None:
    """Two free slots with a copied file, over which variables of the lease's own will be written."""
    scene.pool.cli.variables |= {
        "POOLMGR_WARM_COPY": ".env",
        "POOLMGR_ENV": '{A: "{lease}", .env: {PORT: "{port}"}}',
    }
    (scene.pool.repo.path / ".env").write_text("KEY=of the user\nPORT=1\n")
    scene.user = look_at_user(scene.pool.repo, scene.handmade)
    make_pool(scene)


def give_furnished_back(scene: Scene) -> None:
    """A slot with such files given back, to be cleaned by whoever comes next."""
    furnish(scene)
    take_slot(scene)
    scene.run_alone("release", scene.name)


def lend(scene: Scene, *words: str) -> None:
    """One slot lent, with nothing in it but a commit."""
    make_pool(scene)
    take_slot(scene, *words)
    commit(scene, "kept")


def lend_dirty(scene: Scene, *words: str) -> None:
    """One slot lent, with every common kind of work in it."""
    lend(scene, *words)
    path, texts = scene.path, {name: f"{name} in {scene.name}\n".encode() for name in TEXTS}
    commit(scene, "amended")
    scene.pool.git(path, "reset", "--quiet", "--hard", "HEAD~1")
    (path / "README.md").write_bytes(texts["staged"])
    scene.pool.git(path, "add", "README.md")
    (path / "README.md").write_bytes(texts["edited"])
    (path / "loose.txt").write_bytes(texts["loose"])
    (path / ".env").write_bytes(texts["secret"])
    scene.work.contents |= texts


def take_slot(scene: Scene, *words: str) -> None:
    """A slot whose place is remembered."""
    lent = scene.pool.acquire("--branch", "work", "--request-id", "first", *words)
    scene.path, scene.name = Path(lent["path"]), lent["slot"]


def commit(scene: Scene, name: str) -> None:
    """A file committed in the slot."""
    (scene.path / f"{name}.txt").write_text(f"{name} in {scene.name}\n")
    scene.pool.git(scene.path, "add", "--", f"{name}.txt")
    scene.pool.git(scene.path, "commit", "--quiet", "-m", f"Add {name}.")
    scene.work.commits[name] = scene.pool.git(scene.path, "rev-parse", "HEAD")


def lend_scoped(scene: Scene) -> None:
    """A slot with a scope, a commit and an edit in it; what the free slots held lies no more aside."""
    make_pool(scene)
    take_slot(scene, "--scope", "src/**")
    commit(scene, "src/kept")
    edited = f"edited in {scene.name}\n".encode()
    (scene.path / "src/app.py").write_bytes(edited)
    scene.work.contents["edited"] = edited
    scene.await_quiet()


def inhabit(scene: Scene) -> None:
    """Free slots in which somebody left what git ignores and nobody can make again."""
    make_pool(scene)
    for slot in scene.pool.slots().values():
        secret = f"left in {slot['name']}\n".encode()
        Path(slot["path"], ".env").write_bytes(secret)
        scene.work.contents[slot["name"]] = secret


def lay_aside(scene: Scene) -> None:
    """A slot filled anew; what it held lies aside and is still to be kept."""
    inhabit(scene)
    scene.run_alone("acquire", "--branch", "work", "--request-id", "first", "--scope", "src/**")


def give_back(scene: Scene) -> None:
    """Work kept, and the slot to be cleaned by whoever comes next."""
    lend_dirty(scene)
    scene.run_alone("release", scene.name, "--rescue")


def take_away(scene: Scene) -> None:
    """A slot taken from a living holder; its old directory is to go, and a new one to come."""
    lend_dirty(scene)
    scene.run_alone("reclaim", scene.name)


def bereave(scene: Scene) -> None:
    """A slot bound to a process that has ended."""
    holder = subprocess.Popen(("sleep", "600"))
    try:
        lend_dirty(scene, "--pid", str(holder.pid))
        scene.await_quiet()
    finally:
        holder.kill()
        holder.wait()


def lose_state(scene: Scene) -> None:
    """A pool in use whose database is gone."""
    lend_dirty(scene)
    scene.await_quiet()
    for file in scene.pool.repo.state.glob("state.db*"):
        file.unlink()


def visit(scene: Scene) -> None:
    """A free slot in which somebody left a file."""
    make_pool(scene)
    scene.name = "pool-wt-2"
    scene.path = Path(scene.pool.slot(scene.name)["path"])
    (scene.path / "loose.txt").write_bytes(b"left in a free slot\n")
    scene.work.contents["left"] = b"left in a free slot\n"


def advance(scene: Scene) -> None:
    """Free slots whose base is behind."""
    make_pool(scene)
    repo = scene.pool.repo
    tree = repo.git("rev-parse", "other^{tree}")
    newer = repo.git("commit-tree", "-p", "main", "-m", "Go on.", tree)
    repo.git("update-ref", "refs/remotes/origin/main", newer)
    repo.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    scene.user = look_at_user(repo, scene.handmade)


def keep(scene: Scene) -> None:
    """A rescue."""
    lend_dirty(scene)
    scene.rescue = scene.pool.release(scene.name, "--rescue")["rescue"]


def nest(scene: Scene) -> None:
    """Work that cannot be proven kept: a worktree inside the slot, with work of every kind."""
    lend_dirty(scene)
    inside, git = scene.path / LODGER, scene.pool.git
    unhooked = ("-c", "core.hooksPath=/dev/null")  # the user's hook refuses
    git(scene.path, *unhooked, "worktree", "add", "--quiet", "--detach", str(inside))
    git(inside, "commit", "--quiet", "--allow-empty", "-m", "Inside.")
    scene.work.commits["inside"] = git(inside, "rev-parse", "HEAD")
    scene.work.contents |= {"staged inside": b"staged inside\n", "edited inside": b"edited inside\n"}
    (inside / "deep.txt").write_bytes(b"staged inside\n")
    git(inside, "add", "deep.txt")
    (inside / "deep.txt").write_bytes(b"edited inside\n")


def park(scene: Scene) -> None:
    """A parked slot whose work can be kept by now."""
    nest(scene)
    answer = scene.pool.release(scene.name, "--rescue")
    assert answer["parked"], answer
    scene.path = Path(answer["path"])
    scene.pool.repo.git("worktree", "move", str(scene.path / LODGER), str(scene.root / LODGER))
