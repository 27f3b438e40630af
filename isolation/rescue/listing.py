"""The rescues a repository holds: list them, find one, drop one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from isolation.errors import IsolationError
from isolation.rescue.rescue import PREFIX, Rescue, parse_rescue

if TYPE_CHECKING:
    from isolation.git.program import Git

IDENTIFIER = re.compile(r"([0-9]{1,9})-([0-9]{1,18})")
REF = re.compile(re.escape(PREFIX) + r"[0-9]{1,9}/[0-9]{1,18}")
FORMAT = "%(refname)%00%(objectname)%00%(contents)%00"


def list_rescues(git: Git, archive_dir: Path) -> tuple[Rescue, ...]:
    """Every rescue, by slot and fence."""
    return read_refs(git, archive_dir, PREFIX.rstrip("/"))


def find_rescue(git: Git, archive_dir: Path, rescue_id: str) -> Rescue | None:
    """The rescue with this id, as users type it (`3-17`)."""
    match = IDENTIFIER.fullmatch(rescue_id)
    if match is None:
        return None
    found = read_refs(git, archive_dir, f"{PREFIX}{match[1]}/{match[2]}")
    return found[0] if found else None


def read_refs(git: Git, archive_dir: Path, pattern: str) -> tuple[Rescue, ...]:
    """The rescues under a ref pattern; refs of other shapes are not ours."""
    parts = git.run("for-each-ref", f"--format={FORMAT}", pattern).text.split("\0")
    rows = zip(parts[0::3], parts[1::3], parts[2::3], strict=False)
    found = [
        parse_rescue(ref.strip(), oid, message, archive_dir)
        for ref, oid, message in rows
        if REF.fullmatch(ref.strip())
    ]
    return tuple(sorted(found, key=lambda one: (one.slot, one.fence)))


def drop(git: Git, rescue: Rescue) -> None:
    """Remove a rescue: the archive first, so that a dying drop leaves something to drop again."""
    if git.run("rev-parse", "--verify", "--quiet", rescue.ref, accept=(0, 1)).text != rescue.oid:
        raise IsolationError(f"the rescue {rescue.id} is another one now", hint="poolmgr rescue list")
    if rescue.archive is not None:
        rescue.archive.unlink(missing_ok=True)
    git.run("update-ref", "-d", rescue.ref, rescue.oid)
