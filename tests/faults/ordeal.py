"""A pool in use, and whether it came through an ordeal."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.e2e.pooled import Pooled
from tests.faults.scenes import Scene, lay_out_user
from tests.fixtures.commands import Commands
from tests.fixtures.repositories import FILES, Repositories
from tests.invariants import list_violations
from tests.invariants.user import list_changes, look_at_user
from tests.invariants.work import list_lost

SOUND = frozenset({"READY", "LEASED", "PARKED"})


def lay_out(root: Path, name: str = "repo", files: Mapping[str, str] = FILES) -> Scene:
    """A repository in use, everything of it beneath `root`."""
    commands = Commands(root, background=("worker*.lock",))
    scene = Scene(Pooled(Repositories(root)(name, files=files), commands), root)
    lay_out_user(scene)
    return scene


def list_wrong(scene: Scene) -> list[str]:
    """What is wrong once there is room again."""
    scene.await_quiet()
    fixed = scene.pool.run("doctor", "--fix", check=False)
    scene.await_quiet()
    repo = scene.pool.repo
    return [
        *([] if fixed.code == 0 else [f"doctor: {fixed.stdout}{fixed.stderr}"]),
        *list_violations(repo, scene.allowed(SOUND)),
        *list_lost(repo, scene.work),
        *list_changes(scene.user, look_at_user(repo, scene.handmade)),
    ]
