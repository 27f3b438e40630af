"""Rescue refs and their archives: both, or nothing can be brought back whole."""

from __future__ import annotations

import os
from collections.abc import Iterator

from isolation.rescue import list_rescues
from poolmgr.core.records import Snapshot
from poolmgr.services.doctor.finding import Case, remark
from poolmgr.services.ground.pool import Pool


def look_at_rescues(pool: Pool, snapshot: Snapshot) -> Iterator[Case]:
    """Halves of rescues; nothing is removed, since the other half may be all there is."""
    kept = list_rescues(pool.git, pool.site.archives)
    for rescue in kept:
        if rescue.archive is None:
            detail = f"its archive is gone, and the ignored files with it: poolmgr rescue drop {rescue.id}"
            yield remark("rescue_half", rescue.id, detail)
    refs, fences = {rescue.id for rescue in kept}, {str(slot.fence) for slot in snapshot.slots}
    for archive in sorted(pool.site.archives.glob("*.tar")):
        fence = archive.stem.partition("-")[2]
        if archive.stem not in refs and not (snapshot.ops and fence in fences):
            detail = "an archive without its ref, of a rescue that was not finished or whose ref was deleted"
            yield remark("archive_half", archive.stem, f"{detail}: {os.fspath(archive)}")
