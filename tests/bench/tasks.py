"""Generated issues, shaped like the trackers of real projects with many open tasks.

Areas of work that hang together in few levels, many edges between them, an epic above most tasks;
a third names files in its text, a few declare them. The same numbers and seed give the same file.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

from tests.bench.repositories import PACKAGES, WORDS, file_path

EDGES = 10  # a task
LEVELS = 14
WHEN = "2026-01-02T03:04:05Z"
SECTIONS = ("## Problem", "## Change", "Keep it small and tested.", "See what the others do first.")


def list_issues(count: int, *, files: int, seed: int) -> Iterator[bytes]:
    """The lines of an issues file of so many open tasks, about a repository of so many files."""
    numbers = random.Random(seed)
    for number in range(count):
        yield json.dumps(issue(number, count, files, numbers)).encode() + b"\n"


def issue(number: int, count: int, files: int, numbers: random.Random) -> dict[str, Any]:
    """One task; those below it in number are in its level or above it."""
    area = number % PACKAGES
    row: dict[str, Any] = {
        "id": f"bench-{number}",
        "title": f"Change {' '.join(numbers.choices(WORDS, k=4))} in package {area}",
        "description": description(area, files, numbers),
        "status": "open" if numbers.random() < 0.95 else "in_progress",
        "priority": numbers.randrange(5),
        "issue_type": "epic" if number < PACKAGES else numbers.choice(("task", "task", "bug", "feature")),
        "created_at": WHEN,
        "updated_at": WHEN,
        "labels": [f"package-{area:02}"],
    }
    if numbers.random() < 0.05:
        row["metadata"] = {"files": [mention(area, files, numbers)]}
    if numbers.random() < 0.3:
        row["estimated_minutes"] = numbers.choice((15, 30, 60, 120, 240))
    row["dependencies"] = [
        {
            "issue_id": row["id"], "depends_on_id": f"bench-{target}", "type": kind, "created_at": WHEN,
            "created_by": "bench", "metadata": "{}",
        }
        for target, kind in needs(number, count, numbers)
    ]  # fmt: skip
    return row


def needs(number: int, count: int, numbers: random.Random) -> Iterator[tuple[int, str]]:
    """The tasks it depends on: of earlier levels, mostly of its own area, and its epic."""
    area, size = number % PACKAGES, max(1, count // LEVELS)
    earlier = number // size * size  # the first of its level
    if number >= PACKAGES:
        yield area, "parent-child"
    chosen = set()
    for _ in range(numbers.randrange(2 * EDGES - 1) if earlier > PACKAGES else 0):
        target = numbers.randrange(PACKAGES, earlier)
        chosen.add(
            target if numbers.random() < 0.2 else min(earlier - 1, target // PACKAGES * PACKAGES + area)
        )
    for target in sorted(chosen):
        yield target, "blocks" if numbers.random() < 0.95 else "related"


def description(area: int, files: int, numbers: random.Random) -> str:
    """Some paragraphs; a third of them name files of the area."""
    words = [" ".join(numbers.choices(WORDS, k=20)) for _ in range(4)]
    lines = [line for pair in zip(SECTIONS, words, strict=True) for line in pair]
    if numbers.random() < 0.33:
        named = (mention(area, files, numbers) for _ in range(numbers.randint(1, 3)))
        lines += ["Files:", *(f"- {path}" for path in named)]
    return "\n".join(lines)


def mention(area: int, files: int, numbers: random.Random) -> str:
    """A file of the area."""
    return file_path(numbers.randrange(max(1, files // PACKAGES)) * PACKAGES + area)
