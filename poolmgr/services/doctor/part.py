"""A copied repository gets a pool of its own, with an empty store.

Nothing of the original is touched: not its slots, not its git directory. What the copy brought
along of it is set aside or, where only it reaches commits, kept as a rescue in the copy.
"""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path

from isolation.git.config import drop_excluded, ensure_excluded, plan_exclude
from isolation.git.program import Git
from isolation.git.worktrees import list_worktrees
from isolation.rescue import RescuePlace
from isolation.rescue.orphans import keep_orphan
from poolmgr.core.errors import PoolElsewhere
from poolmgr.services.databases.choice import CHOICE, room_of
from poolmgr.services.doctor.rebuild import set_aside
from poolmgr.services.doctor.registered import Registered, list_registered
from poolmgr.services.ground.fences import highest_fence
from poolmgr.services.ground.site import Facts, Site, make_state, write_facts
from poolmgr.services.life.keep import timestamp
from poolmgr.services.steering.setup import exclude_lines
from poolmgr.store import gate
from poolmgr.store.sqlite import create
from resources.probes.processes import host_id

STORE = ("state.db", "state.db-wal", "state.db-shm", "backups", "waiters", "parked", "server")


def part_from(site: Site, facts: Facts) -> str:
    """The copy bound to its own place under a new id."""
    require_own(site)
    with gate.held(site.state / "git.lock", patience=600) as descriptor:
        git = Git(site.common, (descriptor,))
        copied = [each for each in list_registered(site.common) if each.pool_id == facts.pool_id]
        kept = sum(forget_copied(site, git, each) for each in copied)
        fence = highest_fence(site, [each.fence for each in copied])
        disarm(site.parked)
        with gate.held(site.state / "gate.lock"):
            set_aside(site.state, [*(site.state / name for name in STORE), *list_brought(site.state)])
        make_state(site)
        own = own_facts(facts, site, list_worktrees(git)[0].path)
        drop_excluded(site.common, os.fsencode(facts.exclude), made=False)
        own = own._replace(exclude=os.fsdecode(plan_exclude(site.common, exclude_lines(own))))
        create(site.database, {"pool_id": own.pool_id, "size": "0", "fence": str(fence)})
        ensure_excluded(site.common, os.fsencode(own.exclude))
        write_facts(site, own)
    rescues = f", {kept} rescues made of commits only they reached" if kept else ""
    forgotten = f"{len(copied)} entries of the original forgotten{rescues}"
    return f"a copy of {facts.common}: a pool of its own, {forgotten}"


def require_own(site: Site) -> None:
    """Refuse a copy whose git directory leads into another one by links."""
    for place in (site.state, site.common / "worktrees"):
        if place.is_symlink():
            raise PoolElsewhere(f"{place} is a link into another repository", hint="copy it whole: cp -a")


def own_facts(facts: Facts, site: Site, checkout: Path) -> Facts:
    """The copy's sentinel; what the copy inherited in its config is taken back by its own cleanup."""
    return facts._replace(
        pool_id=secrets.token_hex(8), host=host_id(),
        common=os.fspath(site.common), checkout=os.fspath(checkout),
        slots_dir=os.fspath(place_of_slots(facts, checkout)), created=timestamp(),
        tombstones=(),
    )  # fmt: skip


def place_of_slots(facts: Facts, checkout: Path) -> Path:
    """Beside or inside the copy as they were beside or inside the original; never the original's room."""
    room, original = Path(facts.slots_dir), Path(facts.checkout)
    if room.is_relative_to(original):
        return checkout / room.relative_to(original)
    return checkout.with_name(f"{checkout.name}.worktrees")


def list_brought(state: Path) -> list[Path]:
    """What is known of the original's databases; that slots have some stays, for the copy has its own."""
    room = room_of(state)
    return [each for each in sorted(room.iterdir()) if each.name != CHOICE] if room.is_dir() else []


def forget_copied(site: Site, git: Git, copied: Registered) -> bool:
    """The entry gone from the copy; whether it held commits that had to be kept."""
    if copied.admin is None:
        return False
    rescue = keep_orphan(
        git,
        copied.admin,
        where=RescuePlace(common_dir=site.common, archive_dir=site.archives),
        slot=copied.number,
        fence=highest_fence(site, [copied.fence]) + 1,
        reason="came with a copy of the repository",
        created=timestamp(),
    )
    shutil.rmtree(copied.admin)
    return rescue is not None


def disarm(parked: Path) -> None:
    """Copies of parked directories name the original's entries: git must not act on those from here."""
    for entry in sorted(parked.iterdir()) if parked.is_dir() else ():
        if (entry / ".git").is_file():
            (entry / ".git").rename(entry / ".git.of-the-original")
