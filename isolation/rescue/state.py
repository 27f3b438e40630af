"""The git state of a restored worktree.

Says what of the admin directory comes back, and fits it to the new place: HEAD detached,
submodule pointers, per-worktree settings.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from isolation.rescue.manifest import Entry, Manifest
from isolation.work.hidden import forget_looks
from isolation.work.pointer import find_module
from isolation.work.status import read_listing
from isolation.work.walk import walk

if TYPE_CHECKING:
    from isolation.git.program import Git
    from isolation.work.place import Place

# HEAD is set by git; settings are merged, never replaced.
FITTED = frozenset({"HEAD", "config.worktree"})
# Of the old place: guards, and programs that nobody asked to run here.
NOT_RESTORED = frozenset({"core.hookspath", "core.worktree", "core.fsmonitor", "core.bare"})


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
        module = find_module(place, pointer.read_bytes())
        if module is not None:
            at_home = home / pointer.parent.relative_to(place.root)
            pointer.write_bytes(b"gitdir: " + os.fsencode(os.path.relpath(module, at_home)) + b"\n")
            back = os.path.relpath(at_home, module)
            git.run("config", "--file", str(module / "config"), "core.worktree", back)


def ensure_settings(git: Git, place: Place, settings: bytes) -> None:
    """The rescued per-worktree settings, where the repository has such settings at all."""
    inside = place.git(git)
    fields = read_settings(git, settings)
    if inside.run("config", "--bool", "extensions.worktreeConfig", accept=(0, 1)).text != "true":
        if is_sparse(fields):
            show_present(inside, place)
        return
    fitting = [(name, value) for name, value in fields if name not in NOT_RESTORED]
    for name in dict.fromkeys(name for name, _ in fitting):
        inside.run("config", "--worktree", "--unset-all", name, accept=(0, 5))
    for name, value in fitting:
        inside.run("config", "--worktree", "--add", name, value)


def read_settings(git: Git, settings: bytes) -> tuple[tuple[str, str], ...]:
    """Names and values in the text of a settings file."""
    with tempfile.TemporaryDirectory(prefix="poolmgr-config-") as directory:
        copy = Path(directory) / "config"
        copy.write_bytes(settings)
        fields = git.run("config", "--file", str(copy), "-z", "--list").fields
    parts = (field.partition("\n") for field in fields)
    return tuple((name, value) for name, _, value in parts)


def is_sparse(fields: tuple[tuple[str, str], ...]) -> bool:
    """Whether the settings switch a sparse checkout on."""
    return dict(fields).get("core.sparsecheckout", "false").lower() in {"true", "yes", "on", "1", ""}


def show_present(inside: Git, place: Place) -> None:
    """Without the sparse settings git would hide an edit outside the patterns: it must not."""
    present = frozenset(path for one in walk(os.fsencode(place.root)) for path in one.files)
    hidden = read_listing(inside).skipped & present
    if hidden:
        forget_looks(inside, hidden)
