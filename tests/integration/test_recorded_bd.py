"""What real `bd`s printed in a short life of a repository is read, and judged as they judged it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.fixtures.beads import DATA
from tracks.ready.readiness import judge
from tracks.ready.rules import Rules, parse_version
from tracks.tasks.beads import BadAnswer, Sign, parse_answer, parse_issues

LIVES = {version: DATA / "bd" / f"{version}.jsonl" for version in ("0.47.0", "1.0.5")}
NOW = datetime(2026, 11, 21, tzinfo=UTC)

pytestmark = pytest.mark.skipif(
    not all(life.exists() for life in LIVES.values()), reason=f"no recordings of bd in {DATA}/bd"
)


def recorded(version: str, note: str) -> dict[str, Any]:
    """The first command with this note."""
    rows = (json.loads(line) for line in LIVES[version].read_bytes().splitlines())
    found: dict[str, Any] = next(row for row in rows if row["note"] == note)
    return found


def answered(version: str, note: str) -> list[dict[str, Any]]:
    """What that command printed."""
    rows: list[dict[str, Any]] = json.loads(recorded(version, note)["stdout"])
    return rows


@pytest.mark.parametrize("version", LIVES)
def test_every_bd_tells_its_version(version: str) -> None:
    found = parse_version(recorded(version, "version")["stdout"])
    assert found == tuple(int(part) for part in version.split("."))


def test_what_the_new_bd_lists_is_ready_and_blocked_as_it_says_itself() -> None:
    parsed = parse_answer(recorded("1.0.5", "list all")["stdout"], "bd list")
    found = judge(parsed.tasks, Rules.NEW, NOW, is_file=False)
    assert parsed.problems == ()
    assert set(found.ready) == {row["id"] for row in answered("1.0.5", "ready")}
    blocked = {row["id"]: tuple(sorted(row["blocked_by"])) for row in answered("1.0.5", "blocked")}
    assert dict(found.blocked) == blocked


def test_what_the_old_bd_lists_has_no_edges_and_what_it_exports_has() -> None:
    listed = parse_answer(recorded("0.47.0", "list all")["stdout"], "bd list")
    assert Sign.EDGES_COUNTED in listed.signs
    exported = parse_issues(recorded("0.47.0", "export")["stdout"].encode(), "bd export")
    assert {task.id for task in listed.tasks} == {task.id for task in exported.tasks}
    assert sum(len(task.edges) for task in exported.tasks) == 2
    found = judge(exported.tasks, Rules.OLD, NOW)
    expected = {row["id"] for row in answered("0.47.0", "ready last")}
    assert {each for each in found.ready if each in expected} == expected


@pytest.mark.parametrize("version", LIVES)
@pytest.mark.parametrize("note", ["ready, text", "info"])
def test_text_for_people_is_no_answer(version: str, note: str) -> None:
    text = recorded(version, note)["stdout"]
    try:
        parsed = parse_answer(text, "bd")
    except BadAnswer:
        return
    assert parsed.tasks == ()  # the old `info` is JSON, and lists nothing
