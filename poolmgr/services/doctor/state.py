"""What has to be right before a pool can be opened: the sentinel, its home, the database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from poolmgr.core.errors import NoPool, StateDamaged
from poolmgr.services.doctor.finding import Finding
from poolmgr.services.doctor.machine import look_for_frozen
from poolmgr.services.doctor.rebind import rebind_pool
from poolmgr.services.doctor.rebuild import rebuild_database
from poolmgr.services.doctor.rebuild_facts import rebuild_facts
from poolmgr.services.doctor.registered import list_registered
from poolmgr.services.ground.site import Facts, Site, find_facts, is_home, make_state
from poolmgr.store.soundness import find_damage, is_rebuildable


def look_at_state(site: Site, *, fix: bool, rebind: bool) -> tuple[tuple[Finding, ...], bool]:
    """What was wrong, and whether the pool can be opened now."""
    found = tuple(list_findings(site, fix=fix, rebind=rebind))
    return found, all(each.fixed or not each.needs_fix for each in found)


def list_findings(site: Site, *, fix: bool, rebind: bool) -> Iterator[Finding]:
    """One after the other: what comes first decides whether the rest can be looked at."""
    facts, missing = look_for_facts(site)
    if missing:
        if not fix:
            yield missing
            return
        make_state(site)
        facts = rebuild_facts(site)
        yield replace(missing, fixed=True)
    if facts is None:
        raise NoPool(f"no pool here: {site.common}", hint="poolmgr init")
    if not is_home(site, facts):
        subject = f"{facts.common} on {facts.host}"
        if not rebind:
            detail = "the pool may only be read here: poolmgr doctor --rebind"
            yield Finding(kind="pool_elsewhere", subject=subject, detail=detail)
            return
        detail = rebind_pool(site, facts)
        yield Finding(kind="pool_elsewhere", subject=subject, detail=detail, fixed=True)
        facts = find_facts(site) or facts
    frozen = [case.finding for case in look_for_frozen(site)]
    yield from frozen
    if not frozen:
        yield from look_at_database(site, facts, fix=fix)


def look_for_facts(site: Site) -> tuple[Facts | None, Finding | None]:
    """The sentinel; or that it is gone where a pool must have been, or cannot be read."""
    try:
        facts = find_facts(site)
    except StateDamaged as error:
        return None, Finding(kind="sentinel", subject=str(site.facts_file), detail=error.message)
    if facts is None and (site.database.exists() or list_registered(site.common)):
        detail = "is gone; whose pool this is stands in its worktrees"
        return None, Finding(kind="sentinel", subject=str(site.facts_file), detail=detail)
    return facts, None


def look_at_database(site: Site, facts: Facts, *, fix: bool) -> Iterator[Finding]:
    """The database sound and this pool's own; else rebuilt."""
    damage = find_damage(site.database, facts.pool_id)
    if damage is None:
        return
    finding = Finding(kind="database", subject=str(site.database), detail=damage.message)
    if fix and is_rebuildable(damage):
        make_state(site)
        how = rebuild_database(site, facts)
        yield replace(finding, detail=f"{damage.message}; {how}", fixed=True)
    else:
        yield (
            finding if is_rebuildable(damage) else replace(finding, detail=f"{damage.message}: {damage.hint}")
        )
