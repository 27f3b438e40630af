"""One issue as Beads writes it: the object's fields become a task.

A field that is left out, null or empty has `bd`'s default. A field of the wrong type is named among
the faults and has the default, too; only an object without an id is no task.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from sys import intern
from typing import Any

from tracks.tasks.json_text import loaded
from tracks.tasks.task import NOTHING, PARENT, Edge, Task, parent_of

MOST_MINUTES = 2**31 - 1  # four thousand years; numbers of thousands of digits cannot be written

Record = Mapping[str, Any]
Faults = list[str]


def parse_record(record: Record, faults: Faults) -> Task | None:
    """The task; None where the object has no id."""
    task_id = record.get("id")
    if not isinstance(task_id, str) or not task_id.strip():
        faults.append("has no id")
        return None
    task_id = intern(task_id)  # ids stand in many edges; one object each makes looking them up cheap
    edges = parse_edges(record, task_id, faults)
    status = parse_text(record, "status", faults) or "open"
    return Task(
        id=task_id,
        title=parse_text(record, "title", faults),
        status=status,
        type=parse_text(record, "issue_type", faults) or "task",
        priority=parse_priority(record.get("priority"), faults),
        labels=parse_labels(record.get("labels"), faults),
        assignee=parse_text(record, "assignee", faults),
        estimate=parse_estimate(record.get("estimated_minutes"), faults),
        pinned=parse_flag(record, "pinned", faults),
        ephemeral=parse_flag(record, "ephemeral", faults) or record.get("wisp") is True,  # its older name
        template=parse_flag(record, "is_template", faults),
        defer_until=parse_moment(record, "defer_until", faults),
        created=parse_moment(record, "created_at", faults),
        updated=parse_moment(record, "updated_at", faults),
        closed=parse_moment(record, "closed_at", faults),
        close_reason=parse_text(record, "close_reason", faults),
        description=parse_text(record, "description", faults),
        design=parse_text(record, "design", faults),
        acceptance=parse_text(record, "acceptance_criteria", faults),
        notes=parse_text(record, "notes", faults),
        metadata=parse_metadata(record.get("metadata"), faults),
        parent=parent_of(task_id, edges),
        edges=edges,
    )


def parse_text(record: Record, key: str, faults: Faults) -> str:
    """A text; empty where there is none."""
    value = record.get(key)
    if isinstance(value, str):
        return value
    if value is not None:
        faults.append(f"{key} is no text")
    return ""


def parse_flag(record: Record, key: str, faults: Faults) -> bool:
    """True or false; rows of a table have 1 and 0."""
    value = record.get(key)
    if value is None or value is False or value is True:
        return bool(value)
    if value in (0, 1, ""):
        return bool(value)
    faults.append(f"{key} is neither true nor false")
    return False


def parse_priority(value: object, faults: Faults) -> int:
    """0 to 4; 2 where nobody says."""
    if type(value) is int and 0 <= value <= 4:
        return value
    if value is not None:
        faults.append("priority is none of 0, 1, 2, 3, 4")
    return 2


def parse_estimate(value: object, faults: Faults) -> int | None:
    """Minutes."""
    if value is None or (type(value) is int and 0 <= value <= MOST_MINUTES):
        return value or None
    faults.append("estimated_minutes is no number of minutes")
    return None


def parse_labels(value: object, faults: Faults) -> tuple[str, ...]:
    """The labels that are texts."""
    if value is None:
        return ()
    if not isinstance(value, list):
        faults.append("labels is no list")
        return ()
    labels = tuple(label for label in value if isinstance(label, str))
    if len(labels) < len(value):
        faults.append("a label is no text")
    return labels


def parse_moment(record: Record, key: str, faults: Faults) -> datetime | None:
    """A moment; one without an offset is meant in UTC."""
    value = record.get(key)
    if value is None or value == "":
        return None
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        faults.append(f"{key} is no moment")
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def parse_metadata(value: object, faults: Faults) -> Mapping[str, object]:
    """An object, or its text."""
    if isinstance(value, str) and value.strip():
        try:
            value = loaded(value)
        except ValueError:
            faults.append("metadata is no JSON")
            return NOTHING
    if isinstance(value, dict):
        return value or NOTHING
    if value is not None and value != "":
        faults.append("metadata is no object")
    return NOTHING


def parse_edges(record: Record, task_id: str, faults: Faults) -> tuple[Edge, ...]:
    """The dependencies; the parent that Hive writes on the issue itself is one, too."""
    value = record.get("dependencies")
    if value is not None and not isinstance(value, list):
        faults.append("dependencies is no list")
        value = None
    edges = [edge for each in value or () if (edge := parse_edge(each, task_id, faults))]
    above = record.get("parent_id")
    if isinstance(above, str) and above and not any(edge.kind == PARENT for edge in edges):
        edges.append(Edge(task_id, above, PARENT))
    return tuple(edges)


def parse_edge(value: object, task_id: str, faults: Faults) -> Edge | None:
    """One dependency: a row of the table, or with `show` the other issue as a whole."""
    if not isinstance(value, dict):
        faults.append("a dependency is no object")
        return None
    source, target, kind = value.get("issue_id") or task_id, value.get("depends_on_id"), value.get("type")
    stored = value.get("metadata")
    if target is None:  # a whole issue; its metadata is its own
        target, kind, stored = value.get("id"), value.get("dependency_type"), None
    if not (isinstance(source, str) and isinstance(target, str) and target):
        faults.append("a dependency names no issue")
        return None
    if kind is not None and not isinstance(kind, str):
        faults.append("the type of a dependency is no text")
        return None
    metadata = parse_metadata(stored, faults) if stored and stored != "{}" else NOTHING
    return Edge(intern(source), intern(target), intern(kind or "blocks"), metadata)
