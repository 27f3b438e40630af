"""Tables for people, measured in the columns of a terminal."""

from __future__ import annotations

import pytest

from poolmgr.cli.output import extent, table


def test_a_table_of_wide_and_combined_characters_fits_and_stays_aligned(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    lines = table(["branch", "slot"], [["分支" * 20, "1"], ["e\u0301" * 30, "2"], ["x" * 60, "3"]])
    assert max(map(extent, lines)) <= 40
    assert {extent(line[:-1]) for line in lines[1:]} == {extent(lines[0].removesuffix("slot"))}
    assert all("…" in line for line in lines[1:2] + lines[3:])
