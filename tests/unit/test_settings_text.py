"""Settings as they are printed: a database's address keeps everything but its password."""

from __future__ import annotations

import pytest

from poolmgr.cli.settings_text import value_text


@pytest.mark.parametrize(
    ("dsn", "shown"),
    [
        (
            "postgresql://me:hunter2@host:5433/db?sslmode=require",
            "postgresql://me:***@host:5433/db?sslmode=require",
        ),
        ("postgresql://me@host:5433/db", "postgresql://me@host:5433/db"),
        ("postgresql://me:hunter@hunter/hunter&hunter:2@host/db", "postgresql://me:***@host/db"),
        ("postgresql://m@e:hunter2@host/db", "postgresql://m@e:***@host/db"),
        (
            "postgresql://host/db?user=me&password=hunter2&x=hunter2",
            "postgresql://host/db?user=me&password=***",
        ),
        ("postgresql://host/db?p%61ssword=hunter2", "postgresql://host/db?p%61ssword=***"),
        ("me:hunter2@host/db", "me:***@host/db"),
        ("host=x password=p@hunter&hunter dbname=y", "host=x password=***"),
        ("host=x password=se\\ hunter2", "host=x password=***"),
        ("host=x PassWord = 'it\\' hunter2' user=me", "host=x PassWord = ***"),
        ("host=x sslpassword=hunter2", "host=x sslpassword=***"),
        ("host=x password=hunter\nhunter2", "host=x password=***"),
        ("postgresql://me:hunter2", "postgresql://me:***"),
        ("postgresql://me:hunter2/db?x=y", "postgresql://me:***"),
        ("postgresql://host:5433/db", "postgresql://host:5433/db"),
    ],
)
def test_an_address_is_printed_without_its_password(dsn: str, shown: str) -> None:
    assert value_text("database.dsn", dsn) == f'"{shown}"'
