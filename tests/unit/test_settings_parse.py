"""The strict parser: documents, variables and flags, and what is wrong with them."""

from __future__ import annotations

import pytest

from poolmgr.core.settings import Problem
from poolmgr.core.settings_parse import Found, Given, Node, parse_document, parse_environment, parse_flags
from poolmgr.core.settings_table import NOT_SETTINGS, SETTINGS, VARIABLES
from poolmgr.services.settings.yaml_text import parse_flow, parse_yaml


def parse(text: str) -> list[Found]:
    """What a file with this text says."""
    return list(parse_document(parse_yaml(text, "poolmgr.yaml"), "poolmgr.yaml"))


def problems(text: str) -> list[str]:
    """What is wrong with a file."""
    return [str(each) for each in parse(text) if isinstance(each, Problem)]


def environment(**variables: str) -> list[Found]:
    """What variables say."""
    return list(parse_environment(variables, parse_flow))


def test_values_know_their_line() -> None:
    text = "pool:\n  max: 7\n\nwarm:\n  run:\n    - make\n    - make test\n"
    assert parse(text) == [
        Given(key="pool.max", value=7, place="poolmgr.yaml:2"),
        Given(key="warm.run", value=("make", "make test"), place="poolmgr.yaml:5"),
    ]


def test_an_empty_file_says_nothing() -> None:
    assert parse("") == parse("# nothing\n") == parse("---\n") == parse("pool:\n") == []


def test_a_section_within_a_section_is_read() -> None:
    assert parse("database: {template: {run: [x]}}") == [
        Given(key="database.template.run", value=("x",), place="poolmgr.yaml:1")
    ]


def test_an_unknown_key_is_named_with_the_nearest_right_one() -> None:
    assert problems("pool:\n  mx: 5\n") == ["poolmgr.yaml:2: pool.mx is no setting; did you mean pool.max?"]
    assert problems("pol:\n  max: 5\n") == ["poolmgr.yaml:1: pol is no setting; did you mean pool?"]
    assert problems("disposable: []\n") == [
        "poolmgr.yaml:1: disposable is no setting; did you mean release.disposable?"
    ]
    assert problems("xyzzy: 1\n") == ["poolmgr.yaml:1: xyzzy is no setting"]


def test_several_problems_are_reported_together() -> None:
    assert len(problems("pool: {max: x, min: 0, dri: a}\nqueue: 5\n")) == 4


def test_a_file_or_section_must_be_a_mapping() -> None:
    assert problems("- a\n") == ["poolmgr.yaml:1: the file must be a mapping of sections"]
    assert problems("pool: 5\n") == ["poolmgr.yaml:1: pool is a section; its settings go below it, indented"]


def test_a_bare_off_is_off() -> None:
    assert parse("database:\n  mode: off\n") == [
        Given(key="database.mode", value="off", place="poolmgr.yaml:2")
    ]


def test_variables_are_read_by_kind() -> None:
    found = environment(
        POOLMGR_POOL_MAX="5",
        POOLMGR_POOL_FETCH="on",
        POOLMGR_POOL_PER_AGENT="null",
        POOLMGR_QUEUE_TIMEOUT="1m",
        POOLMGR_WARM_COPY=".env, b",
        POOLMGR_WARM_RUN="make a, b",
        POOLMGR_DATABASE_TEMPLATE_RUN='["a", "b"]',
        POOLMGR_ENV="{PORT: 80}",
        POOLMGR_DATABASE_MODE="off",
        OTHER="x",
    )
    values = {each.key: each.value for each in found if isinstance(each, Given)}
    assert len(values) == len(found)
    assert values == {
        "pool.max": 5,
        "pool.fetch": True,
        "pool.per_agent": None,
        "queue.timeout": 60.0,
        "warm.copy": (".env", "b"),
        "warm.run": ("make a, b",),
        "database.template.run": ("a", "b"),
        "env": {"PORT": "80"},
        "database.mode": "off",
    }


def test_an_unknown_variable_is_named_with_the_nearest_right_one() -> None:
    (problem,) = environment(POOLMGR_POOL_MAXX="5")
    assert str(problem) == (
        "environment: POOLMGR_POOL_MAXX is no setting's variable; did you mean POOLMGR_POOL_MAX?"
    )


@pytest.mark.parametrize("name", sorted(NOT_SETTINGS))
def test_variables_of_a_slot_are_no_settings(name: str) -> None:
    assert environment(**{name: "x"}) == []


@pytest.mark.parametrize("text", ["[a", "{a: ", "{a: {b: {c: d}}}", "text", "[a]"])
def test_a_variable_that_is_no_mapping_is_a_problem(text: str) -> None:
    (problem,) = environment(POOLMGR_ENV=text)
    assert isinstance(problem, Problem)
    assert problem.place == "POOLMGR_ENV"


def test_flags_are_read_like_variables() -> None:
    assert list(parse_flags({"pool.max": "5"}, parse_flow)) == [
        Given(key="pool.max", value=5, place="command line")
    ]
    (problem,) = parse_flags({"pool.mx": "5"}, parse_flow)
    assert isinstance(problem, Problem)


def test_every_setting_has_its_own_variable_and_a_meaning() -> None:
    assert len(VARIABLES) == len(SETTINGS)
    assert all(setting.doc for setting in SETTINGS.values())
    assert not NOT_SETTINGS & set(VARIABLES)


def test_what_has_no_effect_yet_is_known() -> None:
    idle = {setting.section for setting in SETTINGS.values() if not setting.in_effect}
    assert idle == {"limits"}
    assert all(not setting.in_effect for setting in SETTINGS.values() if setting.section in idle)


def test_what_needs_trust_is_a_fixed_list() -> None:
    assert {key for key, setting in SETTINGS.items() if setting.needs_trust} == {
        "pool.dir", "release.disposable", "release.ignore", "warm.keep", "warm.copy", "warm.run",
        "database.dsn", "database.template.run", "database.template.seed", "beads.path", "env",
    }  # fmt: skip


def test_nodes_compare_by_value() -> None:
    assert parse_yaml("a: 1", "x") == Node(line=1, value={"a": Node(line=1, value=1, written="1")})
