"""Writes what was measured: pipe tables for people (they paste into a page), and JSON."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from tests.bench.figures import Check, Row, Series

CONTRACT_VERSION = 1
SERIES_HEADS = ("row", "contender", "runs", "min ms", "median ms", "max ms")
CHECK_HEADS = ("row", "figure", "value", "budget", "verdict")


def machine_text(git_version: str) -> str:
    """What the figures depend on."""
    return f"{platform.system()}, {os.cpu_count()} cores, Python {platform.python_version()}, {git_version}"


def report_text(rows: Sequence[Row], machine: str) -> str:
    """The tables, then what could not be measured."""
    series = [(row.name, *series_cells(each)) for row in rows for each in row.series]
    checks = [(row.name, *check_cells(check)) for row in rows for check in row.checks]
    titles = [f"- {row.name}: {row.title}" for row in rows]
    notes = [f"- {row.name}: {note}" for row in rows for note in row.notes]
    failures = [f"- {row.name}: FAILED: {row.failure}" for row in rows if row.failure]
    parts = (
        [machine],
        titles,
        list_table_lines(SERIES_HEADS, series),
        list_table_lines(CHECK_HEADS, checks),
        notes + failures,
    )
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def series_cells(series: Series) -> tuple[str, ...]:
    times = (f"{1000 * seconds:,.1f}" for seconds in (series.low, series.median, series.high))
    return (series.label, str(len(series.seconds)), *times)


def check_cells(check: Check) -> tuple[str, ...]:
    budget = "" if check.budget is None else f"≤ {check.budget:g} {check.unit}".rstrip()
    value = f"{check.value:g}" if check.value == int(check.value) else f"{check.value:.2f}"
    return (check.name, f"{value} {check.unit}".rstrip(), budget, check.verdict)


def list_table_lines(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """An aligned pipe table; nothing when it has no rows."""
    cells = [tuple(heads), *map(tuple, rows)]
    if len(cells) == 1:
        return []
    widths = [max(len(row[column]) for row in cells) for column in range(len(heads))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in cells
    ]
    return [lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]]


def report_json(rows: Sequence[Row], machine: str) -> str:
    """The same as data; every measured second is in it."""
    document = {
        "contract_version": CONTRACT_VERSION,
        "machine": machine,
        "rows": [row_document(row) for row in rows],
    }
    return json.dumps(document, indent=2) + "\n"


def row_document(row: Row) -> dict[str, Any]:
    """A row with the figures that are worked out from its seconds."""
    series = [
        asdict(each) | {"min": each.low, "median": each.median, "max": each.high} for each in row.series
    ]
    checks = [asdict(check) | {"verdict": check.verdict} for check in row.checks]
    return asdict(row) | {"series": series, "checks": checks}
