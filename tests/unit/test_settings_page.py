"""The commented page of all settings says what the program does."""

from __future__ import annotations

from pathlib import Path

import pytest

from poolmgr.core.settings_parse import Given, parse_document
from poolmgr.core.settings_table import SETTINGS
from poolmgr.services.settings.place import defaults_page
from poolmgr.services.settings.yaml_text import parse_yaml

PAGE = Path(__file__).parents[2] / "config" / "defaults.yaml"
TEXT = PAGE.read_text()


def test_the_page_sets_every_setting_to_its_default() -> None:
    found = list(parse_document(parse_yaml(TEXT, "page"), "page"))
    assert all(isinstance(each, Given) for each in found)
    assert {each.key: each.value for each in found if isinstance(each, Given)} == {
        key: setting.default for key, setting in SETTINGS.items()
    }


def line_of(key: str) -> int:
    """The line on which the page sets a key, counted from 0."""
    (given,) = (each for each in parse_document(parse_yaml(TEXT, "page"), "page") if each.key == key)
    return int(given.place.rsplit(":", 1)[1]) - 1


@pytest.mark.parametrize("key", SETTINGS)
def test_every_setting_is_explained_and_marked(key: str) -> None:
    lines = TEXT.splitlines()
    at = line_of(key) - 1
    comment: list[str] = []
    while lines[at].lstrip().startswith("#"):
        comment.insert(0, lines[at].lstrip("# "))
        at -= 1
    assert comment
    assert comment[0].startswith("(trust)") == SETTINGS[key].needs_trust


@pytest.mark.parametrize("section", sorted({setting.section for setting in SETTINGS.values()}))
def test_sections_without_effect_say_so(section: str) -> None:
    lines = TEXT.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith(f"{section}:"))
    comment = " ".join(lines[number] for number in (at - 2, at - 1) if lines[number].startswith("#"))
    in_effect = all(setting.in_effect for setting in SETTINGS.values() if setting.section == section)
    assert ("No effect yet" in comment) != in_effect


def test_the_program_finds_the_page() -> None:
    assert defaults_page().samefile(PAGE)
