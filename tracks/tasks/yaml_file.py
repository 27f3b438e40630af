"""A file of tasks that people write: a list of mappings, Beads' words and a few plainer ones.

Pure: what YAML holds comes in, each entry with its line. Unknown words are named with the nearest
known one; the rest of the entry is used.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tracks.tasks.beads import Parsed, Problem, parse_records
from tracks.tasks.json_text import mended

PLAINER = {
    "type": "issue_type", "estimate": "estimated_minutes", "acceptance": "acceptance_criteria",
    "parent": "parent_id",
}  # fmt: skip
BEADS = frozenset({
    "id", "title", "status", "priority", "labels", "assignee", "pinned", "defer_until", "description",
    "design", "notes", "metadata", "close_reason", "dependencies", "created_at", "updated_at", "closed_at",
    *PLAINER.values(),
})  # fmt: skip
EXAMPLE = "{id: login, title: Add a login form, needs: [session], files: [src/login/**]}"

Entry = tuple[int, object]


def parse_tasks(entries: Iterable[Entry], name: str) -> Parsed:
    """The tasks of the entries."""
    problems: list[Problem] = []
    records = []
    for line, entry in entries:
        if isinstance(entry, Mapping):
            faults: list[str] = []
            records.append((line, mended(record_of(entry, faults))))
            problems.extend(Problem(name, line, why) for why in faults)
        else:
            problems.append(Problem(name, line, f"is no task; one looks like {EXAMPLE}"))
    return parse_records(records, name, problems)


def record_of(entry: Mapping[str, Any], faults: list[str]) -> dict[str, Any]:
    """An entry as Beads would write it."""
    record: dict[str, Any] = {}
    for word, value in entry.items():
        if word in PLAINER or word in BEADS:
            record[PLAINER.get(word, word)] = as_json(value)
        elif word not in {"needs", "files"}:
            faults.append(f"{word} is no word of a task{meant(word)}")
    if record.get("status") == "done":
        record["status"] = "closed"
    if "needs" in entry:
        needed = listed(entry["needs"], "needs", faults)
        given = record.get("dependencies")
        record["dependencies"] = [
            *(given if isinstance(given, list) else ()),
            *({"depends_on_id": each, "type": "blocks"} for each in needed),
        ]
    if "files" in entry:
        given = record.get("metadata")
        files = listed(entry["files"], "files", faults)
        record["metadata"] = {**(given if isinstance(given, dict) else {}), "files": files}
    return record


def as_json(value: object) -> object:
    """A value with lists where YAML's reader has tuples."""
    if isinstance(value, (tuple, list)):
        return [as_json(each) for each in value]
    return {key: as_json(each) for key, each in value.items()} if isinstance(value, dict) else value


def listed(value: object, word: str, faults: list[str]) -> list[str]:
    """A list of texts, or one text."""
    given = value if isinstance(value, (tuple, list)) else () if value is None else (value,)
    texts = [each for each in given if isinstance(each, str)]
    if len(texts) < len(given):
        faults.append(f"{word} has something in it that is no text")
    return texts


def meant(word: str) -> str:
    """The known word that is nearest."""
    from difflib import get_close_matches  # only a mistake pays for it

    found = get_close_matches(word, [*PLAINER, *BEADS, "needs", "files"], n=1, cutoff=0.7)
    return f"; did you mean {found[0]}?" if found else ""
