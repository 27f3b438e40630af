"""Names of databases and roles: short enough, plain, never somebody else's; marks that read back."""

from __future__ import annotations

import hashlib
import json
import re

from hypothesis import given
from hypothesis import strategies as st

from isolation.database.comments import KINDS, Mark, parse_mark
from isolation.database.names import (
    LIMIT,
    owner_name,
    passing_name,
    prefix_for,
    slot_name,
    slug,
    template_name,
)
from isolation.database.passwords import new_password, scram_verifier
from tests.fixtures.source import TOP

POOL = "0123456789abcdef"


@given(st.text(), st.sampled_from([0, 4, 8]))
def test_every_name_fits_with_what_frameworks_put_around_it(text: str, digits: int) -> None:
    prefix = prefix_for(text, POOL, digits)
    names = [
        owner_name(prefix),
        template_name(prefix, "f" * 64, "abcd"),
        passing_name(prefix, "spare", "01234567"),
        f"test_{slot_name(prefix, 1000, 'abcd')}_gw15",
    ]
    assert all(name.isascii() and len(name) <= LIMIT for name in names)


def test_the_page_shows_names_as_they_are() -> None:
    page = (TOP / "docs/databases.md").read_text(encoding="utf-8")
    shown = re.findall(r"^\| `([^|]+)` \| `([^`]+_wt-3)` \|", page, re.MULTILINE)
    assert len(shown) == 6
    assert [(name, slot_name(prefix_for(name, POOL), 3)) for name, _ in shown] == shown


@given(st.text())
def test_a_slug_is_plain_and_can_be_a_role(text: str) -> None:
    word = slug(text)
    assert word
    assert set(word) <= set("abcdefghijklmnopqrstuvwxyz0123456789_")
    assert not word.startswith("pg_")


def test_slugs_are_what_a_person_expects() -> None:
    assert slug("meal-planner") == "meal_planner"
    assert slug('Meal Planner\'s "App"') == "meal_planner_s_app"
    assert slug("Überseeträume") == "uberseetraume"
    assert slug("pg_tools") == "db_pg_tools"
    assert slot_name(slug("meal-planner"), 3) == "meal_planner_wt-3"


def test_names_without_a_plain_letter_differ() -> None:
    assert slug("日本語") != slug("中文")
    assert slug("日本語").startswith("pool_")


def test_long_names_that_begin_alike_differ() -> None:
    assert slug("x" * 80 + "a") != slug("x" * 80 + "b")


def test_the_second_pool_of_a_name_has_another_prefix() -> None:
    assert prefix_for("shop", "one", 4) != prefix_for("shop", "two", 4)


def test_a_file_name_that_is_no_text_has_a_name() -> None:
    assert slug("caf\udce9").startswith("caf")


@given(
    st.builds(
        Mark,
        pool=st.text(),
        kind=st.sampled_from(sorted(KINDS)),
        slot=st.none() | st.integers(),
        fence=st.none() | st.integers(),
        template=st.none() | st.text(),
        lease=st.none() | st.text(),
    )
)
def test_a_mark_reads_back(mark: Mark) -> None:
    assert parse_mark(str(mark)) == mark


@given(st.none() | st.text() | st.text().map(lambda tail: '{"poolmgr":1,' + tail))
def test_other_comments_are_no_marks(text: str | None) -> None:
    mark = parse_mark(text)
    assert mark is None or json.loads(text or "")["pool"] == mark.pool


def test_marks_of_wrong_types_or_other_versions_are_none() -> None:
    assert parse_mark('{"poolmgr":1,"pool":1,"kind":"slot"}') is None
    assert parse_mark('{"poolmgr":1,"pool":"a","kind":"everything"}') is None
    assert parse_mark('{"poolmgr":1,"pool":"a","kind":["slot"]}') is None
    assert parse_mark('{"poolmgr":1,"pool":"a","kind":"slot","fence":true}') is None
    assert parse_mark('{"poolmgr":2,"pool":"a","kind":"slot"}') is None
    assert parse_mark('{"poolmgr":1,' + "[" * 100_000) is None


def test_a_verifier_holds_no_password_and_is_salted() -> None:
    password = new_password()
    first, second = scram_verifier(password), scram_verifier(password)
    assert first != second
    assert password not in first
    assert first.startswith("SCRAM-SHA-256$4096:")
    assert len(password) * 4 >= len(hashlib.sha256().hexdigest())
