"""What a rescue is and where rescues lie.

A rescue is a ref `refs/poolmgr/rescue/<slot>/<fence>` and a private archive
`<slot>-<fence>.tar`; its facts stand in the commit's message, so a list costs one git process.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import NotRequired, TypedDict

PREFIX = "refs/poolmgr/rescue/"


LIMIT = 4 * 1024**3


class Naming(TypedDict):
    """What a caller says about a rescue to be made; `created` is ISO text."""

    slot: int
    fence: int
    reason: str
    created: str
    held: NotRequired[frozenset[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RescuePlace:
    """The repository's common directory, the directory of the archives, the most bytes of one rescue."""

    common_dir: Path
    archive_dir: Path
    limit: int = LIMIT


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What a rescue is called, why it was made, and the commits that were held for it."""

    slot: int
    fence: int
    reason: str
    created: str
    held: frozenset[str] = frozenset()

    @property
    def id(self) -> str:
        """As users type it."""
        return f"{self.slot}-{self.fence}"

    @property
    def ref(self) -> str:
        """The ref that keeps it."""
        return f"{PREFIX}{self.slot}/{self.fence}"

    def archive(self, archive_dir: Path) -> Path:
        """Where its archive lies."""
        return archive_dir / f"{self.id}.tar"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescue:
    """Work that was kept. `head` is "" when HEAD had no commit, `branch` "" when detached."""

    id: str
    slot: int
    fence: int
    ref: str
    oid: str
    head: str
    branch: str
    files: int
    bytes: int
    created: str
    reason: str
    archive: Path | None


def describe_rescue(label: Label, head: str, branch: str, sizes: tuple[int, int]) -> str:
    """The message of a rescue's commit: a subject for people, one line of JSON for us."""
    facts = {
        "slot": label.slot,
        "fence": label.fence,
        "reason": label.reason,
        "created": label.created,
        "head": head,
        "branch": branch,
        "files": sizes[0],
        "bytes": sizes[1],
    }
    return f"Unsaved work of slot {label.slot}, fence {label.fence}.\n\n{json.dumps(facts)}\n"


def parse_rescue(ref: str, oid: str, message: str, archive_dir: Path) -> Rescue:
    """A rescue from its ref and message; facts that cannot be read are left empty."""
    slot, fence = (int(part) for part in ref.removeprefix(PREFIX).split("/"))
    try:
        facts = json.loads(message.strip().splitlines()[-1])
    except (ValueError, IndexError):
        facts = {}
    if not isinstance(facts, dict):
        facts = {}
    archive = archive_dir / f"{slot}-{fence}.tar"
    return Rescue(
        id=f"{slot}-{fence}",
        slot=slot,
        fence=fence,
        ref=ref,
        oid=oid,
        head=str(facts.get("head", "")),
        branch=str(facts.get("branch", "")),
        files=parse_count(facts.get("files")),
        bytes=parse_count(facts.get("bytes")),
        created=str(facts.get("created", "")),
        reason=str(facts.get("reason", "")),
        archive=archive if archive.is_file() else None,
    )


def parse_count(value: object) -> int:
    """A number of our own writing, 0 for anything else."""
    return value if isinstance(value, int) else 0
