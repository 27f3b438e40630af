"""A storm of kill -9 over working agents and background workers; all work is found again."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.e2e.pooled import Pooled
from tests.faults.storm import Storm
from tests.invariants import Allowed, list_violations
from tests.invariants.work import collect_garbage, list_lost

KILLS = 220


@pytest.mark.timeout(1800)
def test_a_storm_of_kills_loses_no_work_and_leaves_a_sound_pool(unpooled: Pooled, share: float) -> None:
    unpooled.init(3)
    storm = Storm(unpooled, goal=max(20, round(KILLS * share)), seed="storm")
    storm.rage(agents=4)
    assert not storm.wrong, "\n".join(storm.wrong)
    unpooled.cli.settle()
    unpooled.run("status")
    unpooled.run("doctor", "--fix")
    unpooled.cli.settle()
    collect_garbage(unpooled.repo)
    assert list_lost(unpooled.repo, storm.work) == []
    assert list_violations(unpooled.repo, Allowed(frozenset({"READY"}))) == []
    assert len(unpooled.slots()) == 3
    for slot, fences in storm.fences.items():
        assert all(first < second for first, second in pairwise(fences)), f"{slot}: {fences}"
