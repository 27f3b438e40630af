"""`tracks graph` and `tracks report` from outside: to stdout, into a file, for programs."""

from __future__ import annotations

import json
from xml.etree import ElementTree  # noqa: ICN001 - ET is no word

from tests.e2e.pooled import Pooled
from tests.fixtures.beads import issue, lines

ISSUES = (
    issue("t-1", priority=0, metadata={"files": ["src/app.py"]}),
    issue("t-2", "t-1", title="<b>\x1b[31m`no` --> \u202e end"),
    issue("t-3", metadata={"files": ["src/app.py"]}),
    issue("t-4"),
)


def test_every_format_goes_to_stdout_or_into_a_file(unpooled: Pooled) -> None:
    unpooled.repo.write({".beads/issues.jsonl": lines(ISSUES)})
    target = unpooled.repo.path.parent / "drawn"
    for verb, kinds in (("graph", ("svg", "html", "mermaid", "dot")), ("report", ("md", "html"))):
        for kind in kinds:
            text = unpooled.run("tracks", verb, "--format", kind).stdout
            assert "t-1" in text
            assert not {"\x1b", "\u202e"} & set(text)
            answer = unpooled.run("tracks", verb, "--format", kind, "--output", str(target))
            assert answer.stdout == ""
            assert target.read_text() == text
    assert ElementTree.fromstring(unpooled.run("tracks", "graph").stdout).tag.endswith("svg")  # noqa: S314
    assert unpooled.run("tracks", "report").stdout.startswith("# Tasks and tracks\n")


def test_the_files_name_says_the_format_and_a_dash_is_stdout(unpooled: Pooled) -> None:
    unpooled.repo.write({".beads/issues.jsonl": lines(ISSUES)})
    for verb, ending, kind in (
        ("graph", "html", "html"),
        ("graph", "mmd", "mermaid"),
        ("report", "HTM", "html"),
    ):
        target = unpooled.repo.path.parent / f"drawn.{ending}"
        unpooled.run("tracks", verb, "--output", str(target))
        text = unpooled.run("tracks", verb, "--format", kind).stdout
        assert target.read_text() == text
        assert unpooled.run("tracks", verb, "--format", kind, "--output", "-").stdout == text


def test_programs_get_what_is_drawn_and_what_is_told(unpooled: Pooled) -> None:
    unpooled.repo.write({".beads/issues.jsonl": lines(ISSUES)})
    target = unpooled.repo.path.parent / "drawn.svg"
    drawn = unpooled.ask("tracks", "graph", "--output", str(target))
    assert (drawn["format"], drawn["output"]) == ("svg", str(target))
    assert target.read_text().startswith("<svg ")
    assert drawn["lanes"][0] == {"name": "Track 1", "tasks": ["t-1", "t-2", "t-3"]}
    assert drawn["links"] == [{"source": "t-1", "target": "t-2", "kind": "ends", "critical": True}]
    assert [each["path"] for each in drawn["contested"]] == ["src/app.py"]
    told = unpooled.ask("tracks", "report")
    assert (told["format"], told["output"]) == ("md", None)
    for verb in ("analyze", "recommend", "conflicts"):
        answer = unpooled.ask("tracks", verb)
        answer.pop("past", None)
        assert {key: told[key] for key in answer} == json.loads(json.dumps(answer))


def test_a_format_that_is_none_and_a_file_that_cannot_be_written_are_named(unpooled: Pooled) -> None:
    unpooled.repo.write({".beads/issues.jsonl": lines(ISSUES)})
    error = unpooled.refused("tracks", "graph", "--format", "png", code=2)
    assert "svg, html, mermaid, dot" in error["message"]
    error = unpooled.refused("tracks", "report", "--output", "no/such/place.md")
    assert "no/such/place.md" in error["message"]
