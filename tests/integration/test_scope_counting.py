"""How many files a slot shows is counted once for each index, and looked up afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from isolation.scope.counting import Counts, count, find_counts
from isolation.scope.view import FULL, View
from tests.integration.scoped import CONE, EXACT, FILES, SHOWN, make_slot, make_source


@pytest.mark.parametrize("view", [FULL, CONE, EXACT], ids=["full", "cone", "exact"])
def test_a_slot_counts_its_files(tmp_path: Path, view: View) -> None:
    slot = make_slot(make_source(tmp_path), tmp_path)
    slot.show(view)
    totals = tmp_path / "totals.json"
    assert find_counts(slot.path) == Counts()
    shown = len(SHOWN[view.digest])
    expected = Counts(shown, len(FILES), is_fresh=True)
    assert count(slot.git, slot.path, totals) == find_counts(slot.path) == expected
    slot.tree.commit("One more.", {"packages/one/src/more.py": "x\n"})
    assert not find_counts(slot.path).is_fresh
    assert count(slot.git, slot.path, totals) == Counts(shown + 1, len(FILES) + 1, is_fresh=True)
    (slot.ground.admin / "poolmgr-counted.json").write_text("broken")
    totals.write_text("broken")
    assert find_counts(slot.path) == Counts()
    assert count(slot.git, slot.path, totals).total == len(FILES) + 1
