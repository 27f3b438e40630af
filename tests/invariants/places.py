"""Rows, directories, git's list and its admin directories: the same slots in all four, and clean."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

from tests.fixtures.repositories import Repository
from tests.invariants.rows import Row, Rows, path_of

TOMBSTONE = b"gitdir: /poolmgr/"
OWN_LOCKS = (
    "gate.lock",
    "git.lock",
    "worker.lock",
    "worker-1.lock",
    "worker-2.lock",
    "worker-3.lock",
    "worker-ahead.lock",
    "rescue.lock",
)


def list_misplaced(repo: Repository, rows: Rows, foreign: frozenset[Path]) -> Iterator[str]:
    """Where the four disagree."""
    paths = {path_of(slot) for slot in rows.live}
    listed = list_worktrees(repo) - foreign
    admins = {place_of(admin): admin for admin in list_admins(repo)}
    yield from (f"{path} is a slot, git does not list it" for path in paths - listed)
    yield from (f"git lists {path}, no slot lies there" for path in listed - paths)
    yield from (
        f"{path} has an admin directory, no slot lies there" for path in admins.keys() - paths - foreign
    )
    yield from (f"{path} is a slot, its directory is gone" for path in paths if not path.is_dir())
    facts = json.loads((repo.state / "pool.json").read_bytes())
    slots_dir, known = Path(facts["slots_dir"]), set(facts["tombstones"])
    for entry in sorted((*list_directory(slots_dir), *list_directory(repo.state / "parked"))):
        if entry == slots_dir / ".aside" and not list_directory(entry):
            continue
        if entry not in paths and not (
            str(entry) in known and (is_tombstone(entry) or is_going(repo, entry))
        ):
            yield f"{entry} lies there and belongs to nobody: {list_directory(entry)}"
    for slot in rows.live:
        yield from list_bad_marks(slot, admins.get(path_of(slot)))


def list_bad_marks(slot: Row, admin: Path | None) -> Iterator[str]:
    """Who has the slot, as its own files say."""
    if admin is None:
        return
    if not (admin / "locked").exists():
        yield f"{slot['name']} is not locked: prune may take it"
    mark = json.loads((admin / "poolmgr.json").read_bytes()) if (admin / "poolmgr.json").exists() else None
    if slot["state"] == "LEASED":
        if mark is None or (mark["fence"], mark["lease"]["id"]) != (slot["fence"], slot["lease_id"]):
            yield f"{slot['name']} is marked {mark}, its row says {slot['fence']} {slot['lease_id']}"
        if (admin / "revoked").exists():
            yield f"{slot['name']} is leased and revoked"
        if slot["lease_id"].encode() not in read_if_there(path_of(slot) / ".env.worktree"):
            yield f"{slot['name']} has no .env.worktree of its lease"


def list_unclean(repo: Repository, rows: Rows) -> Iterator[str]:
    """What a READY slot must not have, and a held one must."""
    for slot in rows.live:
        path = path_of(slot)
        if not path.is_dir():
            continue
        if slot["state"] == "LEASED":
            head = repo.git("symbolic-ref", "-q", "HEAD", cwd=path, check=False)
            if head != f"refs/heads/{slot['branch']}" and not slot["superseded"]:
                yield f"{slot['name']} is lent on {slot['branch']}, its HEAD is {head or 'detached'}"
        if slot["state"] != "READY":
            continue
        head = repo.git("rev-parse", "--verify", "HEAD^{commit}", cwd=path, check=False)
        if head != slot["base_oid"]:
            yield f"{slot['name']} is READY at {head or 'nothing'}, not at its base {slot['base_oid']}"
        status = repo.git(
            "status", "--porcelain", "--ignored", "--untracked-files=all", cwd=path, check=False
        )
        yield from (f"{slot['name']} is READY with {line}" for line in status.splitlines())
        flags = repo.git("ls-files", "-v", cwd=path).splitlines()
        yield from (
            f"{slot['name']} is READY with the flag of {line}"
            for line in flags
            if line[0] not in "HS"[: 1 + bool(slot["view"])]
        )
        yield from list_remains(slot, Path(repo.git("rev-parse", "--absolute-git-dir", cwd=path)))


def list_remains(slot: Row, admin: Path) -> Iterator[str]:
    """What the last holder left in the admin directory of a READY slot."""
    ours = {
        "HEAD", "commondir", "config.worktree", "gitdir", "index", "locked", "logs", "ORIG_HEAD", "refs",
        "poolmgr.json", "poolmgr-hooks", "poolmgr-caches.json",
    }  # fmt: skip
    if slot["view"]:
        ours |= {"info", "poolmgr-view.json", "poolmgr-counted.json"}
    for entry in sorted(admin.iterdir()):
        if entry.name not in ours or (entry.name == "refs" and any(map(Path.is_file, entry.rglob("*")))):
            yield f"{slot['name']} is READY with {entry.name} in its admin directory"


def list_stale_files(repo: Repository) -> Iterator[str]:
    """Lock files and half-written files that somebody left behind."""
    common = repo.state.parent
    for folder, folders, names in os.walk(common):
        if Path(folder) == repo.state:
            folders[:] = [name for name in folders if name not in {"parked", "server"}]
        for name in names:
            place = Path(folder, name)
            rooms = (repo.state / "locks", repo.state / "database")
            ours = (place.parent == repo.state and name in OWN_LOCKS) or place.parent in rooms
            if name.endswith(".lock") and not ours:
                yield f"{place} is left behind"
            if repo.state in place.parents and (
                name.startswith(".") or ".new-" in name or name.endswith(".tmp")
            ):
                yield f"{place} is left half written"


def list_worktrees(repo: Repository) -> set[Path]:
    """The linked worktrees git lists."""
    blocks = repo.git("worktree", "list", "--porcelain", "-z").split("\0")
    return {Path(line.removeprefix("worktree ")) for line in blocks if line.startswith("worktree ")} - {
        repo.path
    }


def list_admins(repo: Repository) -> list[Path]:
    """Git's admin directories."""
    return list_directory(repo.state.parent / "worktrees")


def place_of(admin: Path) -> Path:
    """The worktree of an admin directory; the directory itself when it does not say."""
    text = read_if_there(admin / "gitdir")
    return Path(os.fsdecode(text).removesuffix("\n")).parent if text else admin


def list_directory(place: Path) -> list[Path]:
    """What lies in a directory, nothing when it is not there."""
    return sorted(place.iterdir()) if place.is_dir() else []


def is_tombstone(place: Path) -> bool:
    """Whether a directory holds nothing but the stone."""
    return [each.name for each in list_directory(place)] == [".git"] and read_if_there(
        place / ".git"
    ).startswith(TOMBSTONE)


def is_going(repo: Repository, place: Path) -> bool:
    """Whether a cleanup that is to be repeated has taken the stone, and will take the directory."""
    return (repo.state / "going").exists() and not list_directory(place)


def read_if_there(file: Path) -> bytes:
    """A file's content, nothing when it is not there."""
    return file.read_bytes() if file.is_file() else b""
