"""What the past tells of single tasks: what tasks like it changed, what changes together, who closes what.

Advice: it never keeps two tasks apart.
"""

from __future__ import annotations

from collections.abc import Mapping

from tracks.conflicts.ground import Ground, compared, known_past, near_of
from tracks.footprints.claim import Claim, Footprint
from tracks.footprints.gathering import gather
from tracks.footprints.kin import Kin
from tracks.footprints.learned import guess, hints_of, learned_claims
from tracks.footprints.together import Together, seeds_of


def footprint_of(ground: Ground, task_id: str) -> Footprint:
    """All claims of one task, what is learned among them."""
    learned = learned_among(ground, gather(ground.tasks, [task_id], ground.tree, ground.facts))
    return gather(ground.tasks, [task_id], ground.tree, ground.facts._replace(learned=learned))[task_id]


def learned_among(ground: Ground, footprints: Mapping[str, Footprint]) -> Mapping[str, tuple[Claim, ...]]:
    """The files that the past lets expect of each of some tasks, beside what is known of it."""
    together = Together(ground.commits, {path for each in footprints.values() for path in seeds_of(each)})
    hints = {name: list(together.hints(each)) for name, each in footprints.items()}
    past = known_past(ground)
    if past:
        near = near_of(footprints, past, compared(ground, footprints, past))
        kin = Kin(ground.tasks, past)
        for name in footprints:
            hints[name] += [*hints_of(guess(near[name])), *kin.hints(ground.tasks[name])]
    return {name: learned_claims(found, ground.tree.files) for name, found in hints.items()}
