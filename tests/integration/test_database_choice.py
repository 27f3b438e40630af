"""Which server slots' databases live on, as far as files and settings say it."""

from __future__ import annotations

from pathlib import Path

import pytest

from isolation.database.building import CONNECTIONS as MIGRATIONS
from poolmgr.core.database import Facts
from poolmgr.core.settings import DatabaseSettings, PoolSettings, Settings
from poolmgr.services.databases.choice import Choice, find_said, read_choice
from poolmgr.services.databases.server import connections_for

DSN = "postgresql://u@h/d"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (DatabaseSettings(), ""),
        (DatabaseSettings(dsn=DSN), "server"),
        (DatabaseSettings(mode="embedded", dsn=DSN), "embedded"),
        (DatabaseSettings(mode="off", dsn=DSN), "off"),
        (DatabaseSettings(mode="server"), "server"),
    ],
)
def test_what_the_settings_say_comes_before_what_was_found(settings: DatabaseSettings, said: str) -> None:
    assert find_said(settings) == said


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ('{"mode": "embedded", "why": "x"}', "embedded"),
        ('{"mode": "off", "why": "x"}', "off"),
        ('{"mode": "server", "why": "x"}', "server"),
        ('{"mode": "/bin/sh", "why": "x"}', "off"),
        ('{"mode": "embedded"}', "off"),
        ("[]", "off"),
        ("", "off"),
    ],
)
def test_what_init_found_is_believed_only_when_it_can_be_read(tmp_path: Path, text: str, mode: str) -> None:
    (tmp_path / "database").mkdir()
    (tmp_path / "database" / "choice.json").write_text(text)
    assert read_choice(tmp_path).mode == mode


def test_before_init_has_looked_there_are_no_databases(tmp_path: Path) -> None:
    assert read_choice(tmp_path) == Choice("off", "init has not looked for PostgreSQL yet")


def test_the_embedded_server_has_room_for_every_slot_there_may_be() -> None:
    assert connections_for(Settings()) == 10 * (20 + MIGRATIONS) + 20
    small = Settings(pool=PoolSettings(max=3), database=DatabaseSettings(connections=2))
    assert connections_for(small) == 100


def test_no_password_shows_in_what_is_printed_of_a_database() -> None:
    facts = Facts("server", "h", 5432, "app_wt-1", "app_wt-1", "geheim")
    assert "geheim" not in f"{facts} {facts!r} {[facts]}"
