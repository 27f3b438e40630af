"""A made-up tracker in the shape of the real ones, for where these are not at hand."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.fixtures.beads import issue, lines

AREAS = ("parser", "mailer", "ledger", "router", "planner", "gallery")
WORDS = "keep retry cache split merge trace limit guard order index query write batch label token".split()  # noqa: SIM905 - reads better
TASKS, FILES_EACH = 90, 6
START = datetime(2026, 1, 1, tzinfo=UTC)


def write_made(directory: Path, seed: int) -> None:
    """The three files of one data set; tasks of one area often change the same files."""
    draw = random.Random(seed)
    files = [f"src/{area}/{WORDS[number]}.py" for area in AREAS for number in range(FILES_EACH)]
    issues, touched = [], []
    for number in range(TASKS):
        area = draw.randrange(len(AREAS))
        mine = draw.sample(files[area * FILES_EACH : (area + 1) * FILES_EACH], k=draw.choice((1, 1, 2)))
        made = START + timedelta(hours=number // 6)
        text = f"The {AREAS[area]} must {' '.join(draw.sample(WORDS, k=6))}"
        named = f" See {mine[0]}." if draw.random() < 0.3 else ""
        title = f"{AREAS[area]}: {' '.join(draw.sample(WORDS, k=2))}"
        issues.append(
            issue(
                f"made-{number}", title=title, description=text + named, status="closed",
                created_at=made.isoformat(), closed_at=(made + timedelta(days=2)).isoformat(),
            )
        )  # fmt: skip
        first = int((made + timedelta(hours=draw.randint(1, 20))).timestamp())
        touched.append(json.dumps({"bead": f"made-{number}", "first_commit": first, "files": mine}))
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "made.jsonl").write_bytes(lines(issues))
    (directory / "made.files.txt").write_text("\n".join(files) + "\n", encoding="utf-8")
    (directory / "made.touched.jsonl").write_text("\n".join(touched) + "\n", encoding="utf-8")
