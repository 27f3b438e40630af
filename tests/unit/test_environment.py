"""Templates over a slot's facts, and the lines they make in files of anybody's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poolmgr.core.environment import (
    UNWRITABLE,
    Environment,
    filled,
    line_of,
    list_assignments,
    list_fields,
    list_ports,
    merged,
    merged_own,
    parse_lines,
    written,
)

NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
VALUES = st.text(
    alphabet=st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp"), exclude_characters="'\\$")
)
THEIRS = """\
# PORT=1 is what it was
export PORT=3000
KEY="one
PORT=not a line
two"
TITLE='it is' # so
 SPACED = x
PORT=4000
LAST=1"""


def test_a_template_is_filled_and_braces_stand_for_themselves_when_doubled() -> None:
    fields = {"port": "20000", "slot": "3"}
    assert filled("http://h:{port}/{slot}", fields) == "http://h:20000/3"
    assert filled("{{slot}} {{{slot}}}", fields) == "{slot} {3}"


def test_fields_are_listed_in_their_order() -> None:
    assert list_fields("{host}:{dbport}/{database} {port12}") == ("host", "dbport", "database", "port12")


@pytest.mark.parametrize(
    "template", ["{x}", "{}", "{ port}", "{port.real}", "{port!r}", "{port01}", "{PORT}", "{slot:d}"]
)
def test_what_is_no_field_is_named_with_those_that_are(template: str) -> None:
    with pytest.raises(ValueError, match=r"is none of \{slot\}, \{name\}"):
        list_fields(template)


@pytest.mark.parametrize("template", ["{", "}", "{port", "port}", "a{b{port}"])
def test_a_single_brace_is_refused(template: str) -> None:
    with pytest.raises(ValueError, match=r"is none of|means nothing"):
        list_fields(template)


def test_ports_are_found_wherever_they_are_named() -> None:
    setting: Environment = {"A": "{port}", "B": "{port7}{slot}", ".env": {"C": "{port12}"}}
    assert list_ports(setting) == {0: "A", 7: "B", 12: ".env: C"}


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("postgresql://u:p@127.0.0.1:5432/shop_wt-1", "N=postgresql://u:p@127.0.0.1:5432/shop_wt-1\n"),
        ("", "N=\n"),
        ("a b", "N='a b'\n"),
        ("a&b", "N='a&b'\n"),
        ("a#b", "N='a#b'\n"),
        ("~/x", "N='~/x'\n"),
        ("=ls", "N='=ls'\n"),
    ],
)
def test_a_value_is_plain_where_it_can_be(value: str, line: str) -> None:
    assert line_of("N", value) == line


@pytest.mark.parametrize("value", ["a\nb", "a'b", "$HOME", "a\\b", "a\0b", "a\u2028b", "\udcff"])
def test_what_readers_disagree_on_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="cannot be written"):
        line_of("N", value)


@given(st.dictionaries(NAMES, VALUES))
def test_what_is_written_is_read_again(variables: dict[str, str]) -> None:
    assert parse_lines(written(variables.items())) == variables


@given(st.text(), st.dictionaries(NAMES, VALUES, min_size=1))
def test_merging_is_done_once_and_ours_stand_in_the_file(text: str, variables: dict[str, str]) -> None:
    once = merged(text, variables)
    assert merged(once, variables) == once
    assert all(line_of(name, value) in once for name, value in variables.items())


@given(st.dictionaries(NAMES, VALUES), st.dictionaries(NAMES, VALUES))
def test_ours_win_and_the_others_stay(theirs: dict[str, str], ours: dict[str, str]) -> None:
    assert parse_lines(merged(written(theirs.items()), ours)) == theirs | ours


def test_a_file_of_somebodys_keeps_all_but_our_names() -> None:
    rest = THEIRS.replace("export PORT=3000\n", "").replace("PORT=4000\n", "")
    assert merged(THEIRS, {"PORT": "20000", "NEW": "x"}) == "PORT=20000\nNEW=x\n" + rest


def test_a_quote_left_open_in_a_line_of_ours_takes_nothing_else_with_it() -> None:
    text = "HOST='x\nMINE=1\nexport URL=old\nNOTE='one\nHOST=not a line'\nURL='y'\nLAST=2"
    rest = "MINE=1\nNOTE='one\nHOST=not a line'\nLAST=2"
    assert merged_own(text, {"HOST": "h", "URL": "u"}) == "HOST=h\nURL=u\n" + rest


@given(st.dictionaries(NAMES, VALUES), st.dictionaries(NAMES, VALUES, min_size=1))
def test_in_our_own_file_ours_win_and_the_others_stay(theirs: dict[str, str], ours: dict[str, str]) -> None:
    assert parse_lines(merged_own(written(theirs.items()), ours)) == theirs | ours


def test_a_line_with_export_before_it_is_one() -> None:
    assert parse_lines("export A=1\nB='2 3'\n#C=4\nexportD=5\n") == {"A": "1", "B": "2 3", "exportD": "5"}


def test_what_a_file_sets_is_listed_as_its_readers_see_it() -> None:
    found = list(list_assignments(THEIRS))
    assert ("PORT", "3000") in found
    assert ("KEY", "one\nPORT=not a line\ntwo") in found
    assert ("TITLE", "it is") in found
    assert ("SPACED", "x") in found
    assert ("PORT", "not a line") not in found


@given(VALUES)
def test_only_the_unwritable_is_refused(value: str) -> None:
    import re

    assert not re.search(UNWRITABLE, value)
    assert line_of("N", value)
