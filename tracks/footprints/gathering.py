"""What each task touches, in layers: seen, reserved, declared, configured, mentioned, learned, unknown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from tracks.footprints.claim import Claim, Footprint, Layer, path_claim
from tracks.footprints.configured import Rule, configured_claims
from tracks.footprints.declared import declared_claims
from tracks.footprints.mentioned import Names, mentioned_claims
from tracks.footprints.tree import Tree
from tracks.tasks.task import Task

NONE: Mapping[str, tuple[Claim, ...]] = MappingProxyType({})
SEEN, RESERVED = 1.0, 0.95


class Facts(NamedTuple):
    """What is known besides the tasks' own words: claims by task, and the settings."""

    seen: Mapping[str, tuple[Claim, ...]] = NONE  # observed and reserved
    learned: Mapping[str, tuple[Claim, ...]] = NONE
    rules: tuple[Rule, ...] = ()


def observed(path: str, where: str) -> Claim:
    """A path that a branch of the task changes."""
    return path_claim(path, Layer.OBSERVED, SEEN, f"changed on {where}")


def reserved(globs: tuple[str, ...], where: str) -> Claim:
    """What a lease of the task owns."""
    return Claim(globs, Layer.RESERVED, RESERVED, f"owned by {where}")


def gather(
    tasks: Mapping[str, Task], wanted: Iterable[str], tree: Tree, facts: Facts
) -> dict[str, Footprint]:
    """The footprints of the tasks that are wanted; the others may be their ancestors."""
    names = Names(tree)
    return {task_id: footprint_of(tasks[task_id], tasks, names, facts) for task_id in wanted}


def footprint_of(task: Task, tasks: Mapping[str, Task], names: Names, facts: Facts) -> Footprint:
    """The claims of one task, the strongest layer first."""
    faults: list[str] = []
    claims = (
        *facts.seen.get(task.id, ()),
        *declared_claims(task, tasks, faults),
        *configured_claims(task, facts.rules),
        *mentioned_claims(task, names),
        *facts.learned.get(task.id, ()),
    )
    ordered = sorted(claims, key=lambda claim: (claim.layer.rank, -claim.confidence, claim.globs))
    return Footprint(task.id, tuple(ordered), tuple(faults))
