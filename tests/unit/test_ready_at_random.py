"""Readiness of random graphs, against the rules written down naively: sets that grow until they stay."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.fixtures.beads import issue, lines
from tracks.ready.readiness import judge
from tracks.ready.rules import Rules
from tracks.tasks.beads import parse_issues

NOW = datetime(2026, 6, 1, tzinfo=UTC)
LATER = "2027-01-01T00:00:00Z"
KINDS = ("blocks", "blocks", "parent-child", "conditional-blocks", "waits-for", "related")
STATUSES = (
    "open",
    "open",
    "open",
    "in_progress",
    "closed",
    "blocked",
    "deferred",
    "hooked",
    "pinned",
    "custom",
)
Rows = dict[str, dict[str, Any]]


@st.composite
def graphs(draw: st.DrawFn) -> Rows:
    """Tasks of all kinds with edges anywhere, one a pair."""
    names = [f"t-{number}" for number in range(draw(st.integers(1, 7)))]
    rows: Rows = {}
    for name in names:
        targets = draw(st.lists(st.sampled_from([*names, "nobody"]), max_size=3, unique=True))
        needs = [f"{draw(st.sampled_from(KINDS))}:{target}" for target in targets]
        status = draw(st.sampled_from((*STATUSES, "tombstone")))
        row = issue(name, *needs, status=status, close_reason=draw(st.sampled_from(["Done", "It failed"])))
        for edge in row.get("dependencies", ()):
            edge["metadata"] = draw(st.sampled_from([{}, {"gate": "any-children"}]))
        row |= draw(
            st.sampled_from([{}] * 6 + [{"pinned": True}, {"defer_until": LATER}, {"issue_type": "gate"}])
        )
        rows[name] = row
    return rows


def targets(rows: Rows, name: str, kind: str) -> list[dict[str, Any]]:
    """The tasks that are there to which a task has an edge of this kind."""
    edges = rows[name].get("dependencies", ())
    return [
        rows[edge["depends_on_id"]]
        for edge in edges
        if edge["type"] == kind and edge["depends_on_id"] in rows
    ]


def children(rows: Rows, parent: str) -> list[dict[str, Any]]:
    """The tasks below one, also below one that is not there."""
    edges = [edge for row in rows.values() for edge in row.get("dependencies", ())]
    return [
        rows[e["issue_id"]] for e in edges if e["type"] == "parent-child" and e["depends_on_id"] == parent
    ]


def ready_by_new_rules(rows: Rows) -> set[str]:
    """Those of 1.x."""
    there = {name: row for name, row in rows.items() if row["status"] != "tombstone"}
    over = {"closed", "pinned"}
    blocked: set[str] = set()
    while True:
        more = {
            name
            for name, row in there.items()
            if row["status"] not in over
            and (
                any(
                    t["status"] not in over
                    for kind in ("blocks", "conditional-blocks")
                    for t in targets(there, name, kind)
                )
                or any(parent["id"] in blocked for parent in targets(there, name, "parent-child"))
                or any(is_shut_by_new_rules(there, edge) for edge in row.get("dependencies", ()))
            )
        }
        if more == blocked:
            break
        blocked = more
    return {
        name
        for name, row in there.items()
        if row["status"] == "open" and name not in blocked and is_work(row)
        and not any("defer_until" in parent for parent in targets(there, name, "parent-child"))
    }  # fmt: skip


def is_shut_by_new_rules(rows: Rows, edge: dict[str, Any]) -> bool:
    """Whether an edge is a gate that is shut."""
    below = [child["status"] for child in children(rows, edge["depends_on_id"])]
    opens = edge["metadata"] == {"gate": "any-children"} and "closed" in below
    return edge["type"] == "waits-for" and bool(set(below) - {"closed", "pinned"}) and not opens


def ready_by_old_rules(rows: Rows) -> set[str]:
    """Those of 0.4x."""
    blocked = {name for name in rows if is_held_by_old_rules(rows, name)}
    for _ in range(50):
        blocked |= {child["id"] for parent in blocked for child in children(rows, parent)}
    return {
        name
        for name, row in rows.items()
        if row["status"] in {"open", "in_progress"} and name not in blocked and is_work(row)
    }


def is_held_by_old_rules(rows: Rows, name: str) -> bool:
    """Whether a task waits for another one itself."""
    unfinished = {"open", "in_progress", "blocked", "deferred"}
    if any(target["status"] in unfinished | {"hooked"} for target in targets(rows, name, "blocks")):
        return True
    for target in targets(rows, name, "conditional-blocks"):
        succeeded = target["status"] == "closed" and "failed" not in target["close_reason"]
        if target["status"] in unfinished or succeeded:
            return True
    for edge in rows[name].get("dependencies", ()):
        ends = [child["status"] in {"closed", "tombstone"} for child in children(rows, edge["depends_on_id"])]
        is_any = edge["metadata"] == {"gate": "any-children"}
        if edge["type"] == "waits-for" and (not any(ends) if is_any else not all(ends)):
            return True
    return False


def is_work(row: dict[str, Any]) -> bool:
    """Whether nothing but its status and others keeps a task from being ready."""
    return not (row.get("pinned") or "defer_until" in row or row["issue_type"] == "gate")


def judged(rows: Rows, rules: Rules) -> set[str]:
    """Our verdict."""
    return set(judge(parse_issues(lines(rows.values()), "f").tasks, rules, NOW).ready)


@given(graphs())
def test_the_new_rules_are_those_that_are_written_down(rows: Rows) -> None:
    assert judged(rows, Rules.NEW) == ready_by_new_rules(rows)


@given(graphs())
def test_the_old_rules_are_those_that_are_written_down(rows: Rows) -> None:
    assert judged(rows, Rules.OLD) == ready_by_old_rules(rows)
