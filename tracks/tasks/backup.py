"""The rows of Beads' tables, as `.beads/backup` keeps them: issues, edges and labels in files apart."""

from __future__ import annotations

from tracks.tasks.beads import Parsed, Problem, parse_records, read_lines


def parse_backup(issues: bytes, edges: bytes, labels: bytes, name: str) -> Parsed:
    """The tasks of three files put together."""
    problems: list[Problem] = []
    beside = name.removesuffix("issues.jsonl")
    numbered = list(read_lines(issues, name, problems))
    records = {record["id"]: record for _, record in numbered if isinstance(record.get("id"), str)}
    for content, key in ((edges, "dependencies"), (labels, "labels")):
        for line, row in read_lines(content, f"{beside}{key}.jsonl", problems):
            record = records.get(str(row.get("issue_id")))
            if record is None:
                problems.append(Problem(f"{beside}{key}.jsonl", line, "belongs to no issue"))
                continue
            listed = record.get(key)
            value = row.get("label") if key == "labels" else row
            record[key] = [*(listed if isinstance(listed, list) else ()), value]
    return parse_records(numbered, name, problems)
