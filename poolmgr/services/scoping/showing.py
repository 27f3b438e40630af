"""What can be said of a slot's scope: its lists, its view, and who owns the same."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from poolmgr.core.errors import UsageError
from poolmgr.core.mirror import mirrored
from poolmgr.core.owning import Meeting, list_owners
from poolmgr.core.records import Lease, Slot
from poolmgr.services.ground.pool import Pool, find_slot_around
from poolmgr.services.scoping.guarding import is_folding
from poolmgr.services.scoping.ownership import list_overlaps
from poolmgr.services.scoping.weighing import Weight, weigh
from tracks.globs import compile_globs


class Shown(NamedTuple):
    """A slot's scope; without a lease there is only a view."""

    slot: Slot
    lease: Lease | None
    weight: Weight
    mirrors: tuple[str, ...]
    meetings: tuple[Meeting, ...]

    @property
    def as_json(self) -> dict[str, object]:
        """For programs."""
        scope = self.lease.scope if self.lease else None
        return {
            "slot": self.slot.name, "lease": self.lease.id if self.lease else None, "mode": self.weight.mode,
            "agent": self.lease.agent if self.lease else None,
            "scope": scope.as_json if scope else None, "visible": self.weight.visible,
            "total": self.weight.total, "mirrors": list(self.mirrors),
            "overlaps": [each.as_json for each in self.meetings],
        }  # fmt: skip

    @property
    def facts(self) -> list[tuple[str, str]]:
        """For people."""
        scope = self.lease.scope if self.lease else None
        facts = [("slot", self.slot.name), ("mode", self.weight.mode), ("visible", str(self.weight))]
        if scope is None:
            return [*facts, ("owns", "everything: the slot is full" if self.lease else "it is free")]
        sees = ["all"] if scope.everything else list(scope.sees)
        facts += [("owns", " ".join(scope.owns) or "nothing"), ("sees", " ".join(sees) or "-")]
        if self.mirrors:
            facts.append(("mirrors", " ".join(self.mirrors)))
        return [*facts, *(("overlap", str(each)) for each in self.meetings)]


def show_scope(pool: Pool, slot: Slot) -> Shown:
    """Everything about one slot."""
    lease = pool.snapshot().lease_of(slot)
    owns = lease.scope.owns if lease and lease.scope else ()
    return Shown(
        slot=slot, lease=lease, weight=weigh(pool, slot), mirrors=mirrored(owns, pool.settings.scope.mirror),
        meetings=list_overlaps(pool, lease) if lease and owns else (),
    )  # fmt: skip


def require_path(pool: Pool, directory: Path, text: str) -> str:
    """A path as git names it, from one as somebody typed it; refused where it leaves the repository."""
    snapshot = pool.snapshot()
    around = find_slot_around(snapshot, directory)
    own = around.path if around else Path(pool.facts.checkout)
    start = directory if directory.is_relative_to(own) else own
    full = os.path.normpath(start / text)
    for root in dict.fromkeys((own, Path(pool.facts.checkout), *(slot.path for slot in snapshot.slots))):
        if full.startswith(f"{root}{os.sep}"):
            return full[len(f"{root}{os.sep}") :] + ("/" if text.endswith("/") else "")
    raise UsageError(f"{text} is no path inside of {own}", hint="poolmgr scope owner src/login/form.py")


class PathOwner(NamedTuple):
    """Who owns a path, and by which glob."""

    path: str
    slot: str
    agent: str
    glob: str

    @property
    def as_json(self) -> dict[str, object]:
        """For programs; the guards read it."""
        return self._asdict()

    def __str__(self) -> str:
        return f"{self.path}: {self.agent} ({self.slot}) owns {self.glob}"


def list_path_owners(pool: Pool, paths: Mapping[str, str]) -> tuple[PathOwner, ...]:
    """The live leases that own each path; paths by how they were asked for."""
    fold = is_folding(pool.git)
    return tuple(
        PathOwner(path=asked, slot=each.slot, agent=each.agent, glob=naming(each.owns, path, fold=fold))
        for each in list_owners(pool.snapshot())
        for asked, path in paths.items()
        if compile_globs(each.owns, fold=fold).matches(os.fsencode(path))
    )


def naming(globs: tuple[str, ...], path: str, *, fold: bool) -> str:
    """The glob of a list that takes a path in."""
    positive = [glob for glob in globs if not glob.startswith("!")]
    return next(glob for glob in positive if compile_globs((glob,), fold=fold).matches(os.fsencode(path)))
