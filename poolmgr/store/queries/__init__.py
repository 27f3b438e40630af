"""Every SQL statement of the state, by name: `-- name: X`, a description line, the statement."""

from __future__ import annotations

from pathlib import Path

MARK = "-- name: "


def read_queries() -> dict[str, str]:
    """Name to statement, from all the .sql files of this folder."""
    found: dict[str, str] = {}
    for file in sorted(Path(__file__).parent.glob("*.sql")):
        for block in file.read_text(encoding="utf-8").split(MARK)[1:]:
            name, _, rest = block.partition("\n")
            _description, _, statement = rest.partition("\n")
            found[name.strip()] = statement.strip()
    return found
