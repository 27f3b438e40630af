"""What a user types after a killed command, and what must be so then."""

from __future__ import annotations

from pathlib import Path

from tests.faults.scenes import Scene

RESTORED = {"edited": "README.md", "loose": "loose.txt", "secret": ".env"}


def nothing(scene: Scene) -> None:
    """Nothing has to be done."""


def init(scene: Scene) -> None:
    """Init is safe to repeat."""
    scene.pool.init(2, most=3)
    assert len(scene.pool.slots()) == 2


def grow(scene: Scene) -> None:
    """The size is what was asked for."""
    scene.pool.run("pool", "resize", "3")
    assert len(scene.pool.slots()) == 3


def acquire(scene: Scene) -> None:
    """The same request gives the same lease."""
    first = scene.pool.acquire("--branch", "work", "--request-id", "first")
    again = scene.pool.acquire("--branch", "work", "--request-id", "first")
    assert (first["lease"], first["path"]) == (again["lease"], again["path"])
    scene.pool.release(first["slot"])


def acquire_files(scene: Scene) -> None:
    """The same request gives the lease with its files, and nobody took ours for somebody's work."""
    lent = scene.pool.acquire("--branch", "work", "--request-id", "first")
    port = scene.pool.ask("where", cwd=lent["path"])["ports"][0]
    assert Path(lent["path"], ".env").read_text() == f"PORT={port}\nKEY=of the user\n"
    assert f"\nA={lent['lease']}\n" in Path(lent["path"], ".env.worktree").read_text()
    scene.pool.release(lent["slot"])
    assert Path(lent["path"], ".env").read_text() == "KEY=of the user\nPORT=1\n"
    assert scene.pool.ask("rescue", "list")["rescues"] == []


def clean_files(scene: Scene) -> None:
    """The copies are the user's again, and the next lease gets files of its own."""
    scene.pool.await_ready(2)
    assert (scene.path / ".env").read_text() == "KEY=of the user\nPORT=1\n"
    acquire_files(scene)


def run(scene: Scene) -> None:
    """The same words work: the branch is waited for, and every slot is free at the end."""
    scene.pool.run("run", "--branch", "work", "--timeout", "30", "--", "true")
    scene.await_quiet()
    assert {slot["state"] for slot in scene.pool.slots().values()} == {"READY"}


def acquire_other(scene: Scene) -> None:
    """The branch that was there before is lent, and still where it was."""
    before = scene.pool.repo.git("rev-parse", "other")
    lent = scene.pool.acquire("--branch", "other", "--request-id", "second")
    assert scene.pool.git(lent["path"], "status", "--porcelain") == ""
    assert scene.pool.git(lent["path"], "rev-parse", "HEAD") == before
    scene.pool.release(lent["slot"])


def acquire_scope(scene: Scene) -> None:
    """The same request gives a slot that shows its scope and can be worked in."""
    lent = scene.pool.acquire("--branch", "work", "--request-id", "first", "--scope", "src/**")
    assert sorted(path.name for path in Path(lent["path"], "src").iterdir()) == ["app.py", "lib"]
    assert not Path(lent["path"], "docs").exists()
    assert scene.pool.git(lent["path"], "status", "--porcelain") == ""
    scene.pool.run("scope", "verify", lent["slot"])
    scene.pool.release(lent["slot"])


def set_scope(scene: Scene) -> None:
    """The slot shows its new scope, and the edit beyond it is still there."""
    scene.pool.run("scope", "set", "docs/**", "--slot", scene.name)
    found = scene.pool.ask("scope", "verify", scene.name)
    assert found["sound"], found
    assert (scene.path / "src/app.py").read_bytes() == scene.work.contents["edited"], "the edit is gone"
    assert (scene.path / "docs/guide/start.md").exists(), "the new scope is not there"
    scene.pool.release(scene.name, "--rescue", "--allow-outside")


def release(scene: Scene) -> None:
    """A slot that was not given back yet can be."""
    if scene.pool.slot(scene.name)["state"] == "LEASED":
        scene.pool.release(scene.name, "--rescue")


def reclaim(scene: Scene) -> None:
    """A slot that was not taken yet can be; the number goes on in a new directory."""
    slots = scene.pool.slots()
    if slots.get(scene.name, {}).get("state") == "LEASED":
        scene.pool.run("reclaim", scene.name)
        scene.await_quiet()


def retire(scene: Scene) -> None:
    """A slot that is still there can be retired."""
    if scene.name in scene.pool.slots():
        scene.pool.run("pool", "retire", scene.name)
    assert len(scene.pool.slots()) == 1


def refresh(scene: Scene) -> None:
    """Every free slot stands at the new base."""
    scene.pool.run("pool", "refresh")
    base = scene.pool.repo.git("rev-parse", "refs/remotes/origin/main")
    assert {scene.pool.git(slot["path"], "rev-parse", "HEAD") for slot in scene.pool.slots().values()} == {
        base
    }


def restore(scene: Scene) -> None:
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


def restore_here(scene: Scene) -> None:
    """A slot that was lent for it is given back; the rescue fills another one whole."""
    for slot in scene.pool.slots().values():
        if slot["state"] == "LEASED":
            scene.pool.release(slot["name"], "--rescue")
    place = Path(scene.pool.run("rescue", "restore", scene.rescue).stdout.strip())
    found = {name: (place / file).read_bytes() for name, file in RESTORED.items()}
    assert found == {name: scene.work.contents[name] for name in RESTORED}


def adopt(scene: Scene) -> None:
    """A slot that is still parked can be adopted."""
    if any(slot["state"] == "PARKED" for slot in scene.pool.slots().values()):
        scene.pool.run("pool", "adopt", scene.name)
        scene.await_quiet()
    assert {slot["state"] for slot in scene.pool.slots().values()} == {"READY"}


def clean_up(scene: Scene) -> None:
    """The pool is gone."""
    result = scene.pool.run("cleanup", "--rescue", check=False)
    assert result.code == 0 or "no pool here" in result.stderr, result
