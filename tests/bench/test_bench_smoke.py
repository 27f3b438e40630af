"""The benchmark runs end to end at its smallest size. Structure only: figures are not judged here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.__main__ import ROWS

CHECKOUT = Path(__file__).parents[2]


@pytest.mark.battery
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", ROWS)
def test_a_quick_run_measures_every_contender_of_the_row(tmp_path: Path, name: str) -> None:
    argv = (
        sys.executable,
        "-m",
        "tests.bench",
        "--quick",
        "--no-peer",
        "--json",
        "--work",
        tmp_path,
        "--rows",
        name,
    )
    done = subprocess.run(argv, cwd=CHECKOUT, capture_output=True, text=True, timeout=880, check=False)
    document = json.loads(done.stdout)
    (row,) = document["rows"]
    assert row["failure"] is None, done.stderr
    assert row["name"] == name
    assert row["series"]
    assert all(
        series["seconds"] and series["min"] <= series["median"] <= series["max"] for series in row["series"]
    )
    assert row["checks"]
    assert not [check for check in row["checks"] if check["verdict"] == "over"]
    assert sorted(each.name for each in tmp_path.iterdir()) in (["home"], ["home", "sources"])
