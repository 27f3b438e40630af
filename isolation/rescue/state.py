"""The git state of a restored worktree.

Says what of the admin directory comes back, and fits it to the new place: HEAD detached,
submodule pointers, per-worktree settings.
"""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from isolation.rescue.manifest import Entry, Manifest

if TYPE_CHECKING:
    from isolation.git.program import Git
    from isolation.work.place import Place

# HEAD is set by git; settings are merged, never replaced.
FITTED = frozenset({"HEAD", "config.worktree"})
# Of the old place: guards, and programs that nobody asked to run here.
NOT_RESTORED = frozenset({"core.hookspath", "core.worktree", "core.fsmonitor", "core.bare"})
POINTER = re.compile(rb"worktrees/[^/]+/modules/(.+?)\s*\Z", re.DOTALL)


def is_state(entry: Entry) -> bool:
    """Whether a file of the admin directory comes back as it was."""
    return entry.path not in FITTED


def ensure_state(git: Git, place: Place, manifest: Manifest, settings: bytes) -> None:
    """HEAD, submodule pointers and settings of a worktree that has just been filled."""
    if not manifest.head and manifest.head_ref:
        ensure_unborn(git, place, manifest.head_ref)
    ensure_modules(git, place, place.root)
    if settings:
        ensure_settings(git, place, settings)


def ensure_unborn(git: Git, place: Place, ref: str) -> None:
    """HEAD on a branch that has no commit, under a free name when it has one by now."""
    name = ref
    number = 1
    while git.run("rev-parse", "--verify", "--quiet", name, accept=(0, 1)).text:
        number += 1
        name = f"{ref}-{number}"
    (place.admin / "HEAD").write_bytes(b"ref: " + os.fsencode(name) + b"\n")


def ensure_modules(git: Git, place: Place, home: Path) -> None:
    """Submodules find their git directories, and these their files, once the tree lies at `home`."""
    if not (place.admin / "modules").is_dir():
        return
    for pointer in place.root.rglob(".git"):
        if pointer.parent == place.root or not pointer.is_file():
            continue
        match = POINTER.search(pointer.read_bytes())
        module = place.admin / "modules" / os.fsdecode(match[1]) if match else None
        if module is not None and module.is_dir():
            at_home = home / pointer.parent.relative_to(place.root)
            pointer.write_bytes(b"gitdir: " + os.fsencode(os.path.relpath(module, at_home)) + b"\n")
            back = os.path.relpath(at_home, module)
            git.run("config", "--file", str(module / "config"), "core.worktree", back)


def ensure_settings(git: Git, place: Place, settings: bytes) -> None:
    """The rescued per-worktree settings, where the repository has such settings at all."""
    inside = place.git(git)
    if inside.run("config", "--bool", "extensions.worktreeConfig", accept=(0, 1)).text != "true":
        return
    with tempfile.TemporaryDirectory(prefix="poolmgr-config-") as directory:
        copy = Path(directory) / "config"
        copy.write_bytes(settings)
        fields = git.run("config", "--file", str(copy), "-z", "--list").fields
    for field in fields:
        name, _, value = field.partition("\n")
        if name.lower() not in NOT_RESTORED:
            inside.run("config", "--worktree", name, value)
