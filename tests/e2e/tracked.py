"""Repositories with tasks, as Beads writes them."""

from __future__ import annotations

import json
from typing import Any

from tests.fixtures.repositories import Repository

MADE = "2026-01-01T00:00:00Z"


def issue(task_id: str, title: str = "", **fields: Any) -> dict[str, Any]:
    """An open issue."""
    given = {"id": task_id, "title": title or task_id, "status": "open", "priority": 2, "issue_type": "task"}
    return {**given, "created_at": MADE, "updated_at": MADE, **fields}


def write_issues(repo: Repository, *issues: dict[str, Any]) -> None:
    """The issues file of a checkout."""
    repo.write({".beads/issues.jsonl": "".join(json.dumps(each) + "\n" for each in issues)})
