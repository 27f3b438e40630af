"""What forecasts and plans rest on, read once: tasks, files, claims and the past."""

from __future__ import annotations

from collections.abc import Iterable

from poolmgr.core.records import Lease
from poolmgr.core.settings import Settings
from poolmgr.services.ground.site import Site
from poolmgr.services.planning.history import Past, read_history
from poolmgr.services.planning.seen import list_seen
from poolmgr.services.planning.tree import find_start, list_files
from poolmgr.services.scoping.guarding import is_folding
from tracks.conflicts.ground import Ground
from tracks.footprints.configured import parse_rules
from tracks.footprints.gathering import Facts
from tracks.footprints.tree import Tree
from tracks.globs import compile_globs
from tracks.tasks.task import Task


def read_ground(site: Site, settings: Settings, tasks: Iterable[Task], leases: Iterable[Lease]) -> Ground:
    """All of it; without commits there are no files and no past."""
    known = {task.id: task for task in tasks}
    fold = is_folding(site.git)
    trackers = compile_globs(settings.scope.unstage, fold=fold)
    start = find_start(site, settings)
    oid = start.oid if start else None
    going = [task_id for task_id, task in known.items() if not task.is_over]
    past = read_history(site.git, oid, known, trackers) if oid else Past()
    seen = list_seen(site.git, oid, going, leases, trackers)
    return Ground(
        tasks=known,
        tree=Tree(list_files(site, settings)),
        facts=Facts(seen=seen, rules=parse_rules(settings.tracks.paths)),
        past=past.changes,
        shared=compile_globs((*settings.scope.shared, *settings.scope.unstage), fold=fold),
        commits=past.commits,
    )
