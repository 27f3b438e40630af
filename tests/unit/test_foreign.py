"""Which variables name another database than the slot's, said without a password."""

from __future__ import annotations

import pytest

from poolmgr.core.database import Facts
from poolmgr.core.foreign import list_other_databases, template_for

OURS = Facts(
    server="embedded", host="127.0.0.1", port=54001, name="shop_wt-1", role="shop_wt-1", password="x"
)

SAME = [
    ("DATABASE_URL", "postgresql://shop_wt-1:x@127.0.0.1:54001/shop_wt-1"),
    ("DATABASE_URL", "postgres://anybody@localhost:54001/shop_wt-1?sslmode=disable"),
    ("DATABASE_URL", "postgresql+asyncpg://u:p%40w@localhost:54001/shop%5Fwt-1"),
    ("DATABASE_URL", "postgresql://${DB_USER}@${DB_HOST}/${DB_NAME}"),
    ("DATABASE_URL", ""),
    ("PGHOST", "localhost"),
    ("PGHOST", "/run/postgresql"),
    ("DB_PORT", "54001"),
    ("DB_NAME", "shop_wt-1"),
    ("DB_PASSWORD", "hunter2"),
    ("REDIS_URL", "redis://localhost:6379/0"),
    ("API_URL", "https://example.com/shop"),
    ("NAME", "shop"),
]
OTHERS = [
    ("DATABASE_URL", "postgresql://app:hunter2@localhost/shop", "DATABASE_URL=postgresql://localhost/shop"),
    ("DATABASE_URL", "postgresql://app:hun@ter2@db:5432/shop", "DATABASE_URL=postgresql://db:5432/shop"),
    ("DATABASE_URL", "postgres://localhost:54001/shop", "DATABASE_URL=postgres://localhost:54001/shop"),
    ("DATABASE_URL", "mysql://app:hunter2@localhost/shop", "DATABASE_URL=mysql://…"),
    ("DATABASE_URL", "sqlite:///dev.db", "DATABASE_URL=sqlite://…"),
    ("DATABASE_URL", "://hunter2", "DATABASE_URL"),
    ("TEST_DB", "postgresql://app@[fe80::1]:5433/t?password=hunter2", "TEST_DB=postgresql://fe80::1:5433/t"),
    ("JDBC_URL", "jdbc:postgresql://db/shop?user=a&password=hunter2", "JDBC_URL=jdbc:postgresql://db/shop"),
    ("PGHOST", "db.example.com", "PGHOST=db.example.com"),
    ("PGDATABASE", "shop", "PGDATABASE=shop"),
    ("DB_HOST", "db", "DB_HOST=db"),
    ("DB_PORT", "5432", "DB_PORT=5432"),
    ("POSTGRES_DB", "shop", "POSTGRES_DB=shop"),
    ("DATABASE_NAME", "shop", "DATABASE_NAME=shop"),
]


# Where the slot has none at all.
SHARED = [
    *OTHERS,
    (
        "DATABASE_URL",
        "postgresql://me:hunter2@127.0.0.1:54001/x",
        "DATABASE_URL=postgresql://127.0.0.1:54001/x",
    ),
    ("DB_NAME", "shop_wt-1", "DB_NAME=shop_wt-1"),
    ("DATABASE_URL", "sqlite:////srv/shop.db", "DATABASE_URL=sqlite://…"),
]


@pytest.mark.parametrize(("name", "value"), SAME)
def test_the_slots_own_database_and_what_is_none_is_not_reported(name: str, value: str) -> None:
    assert list_other_databases({name: value}, OURS) == ()


@pytest.mark.parametrize(("name", "value", "words"), OTHERS)
def test_another_database_is_named_without_its_password(name: str, value: str, words: str) -> None:
    assert list_other_databases({name: value}, OURS) == (words,)
    assert "hunter2" not in words


@pytest.mark.parametrize(("name", "value", "words"), SHARED)
def test_who_has_no_database_is_told_of_every_one_that_is_named(name: str, value: str, words: str) -> None:
    own_file = value.startswith("sqlite:///dev")
    assert list_other_databases({name: value}, None) == (() if own_file else (words,))


@pytest.mark.parametrize("secret", ["12/se@h", "/secret@h", "7/a@b@h"])
def test_a_password_nobody_escaped_is_not_shown(secret: str) -> None:
    found = list_other_databases({"DATABASE_URL": f"postgres://u:{secret}/db"}, None)
    assert found == ("DATABASE_URL",)


@pytest.mark.parametrize(
    ("found", "template"),
    [
        ("URL=postgres://db/shop", "{url}"),
        ("DATABASE_URL", "{url}"),
        ("DATABASE_URL=mysql://…", "{url}"),
        (
            "DATABASE_URL=postgresql+asyncpg://db/shop",
            "postgresql+asyncpg://{user}:{password}@{host}:{dbport}/{database}",
        ),
        ("DJANGO_DB=postgis://db/shop", "postgis://{user}:{password}@{host}:{dbport}/{database}"),
        (
            "SPRING_DATASOURCE_URL=jdbc:postgresql://db:5432/shop",
            "jdbc:postgresql://{host}:{dbport}/{database}?user={user}&password={password}",
        ),
        ("DB_PORT=5432", "{dbport}"),
    ],
)
def test_a_template_keeps_the_scheme_that_its_reader_goes_by(found: str, template: str) -> None:
    assert template_for(found) == f'{found.partition("=")[0]}: "{template}"'
