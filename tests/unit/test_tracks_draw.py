"""Pictures and reports: well formed whatever titles hold, complete in themselves, easy to follow."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree  # noqa: ICN001 - ET is no word

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fixtures.beads import issue
from tracks.conflicts.forecast import forecast
from tracks.conflicts.ground import Ground
from tracks.draw.dot import dot
from tracks.draw.links import list_links
from tracks.draw.mermaid import mermaid
from tracks.draw.picture import Picture, State, compose
from tracks.draw.routes import CARD_HEIGHT, CARD_WIDTH, route
from tracks.draw.rows import arrange
from tracks.draw.svg import svg
from tracks.draw.text import cut, cut_front, plain
from tracks.footprints.gathering import Facts
from tracks.footprints.tree import Tree
from tracks.globs import compile_globs
from tracks.graph.analysis import analyze
from tracks.pages.html import graph_page, report_page
from tracks.pages.markdown import markdown
from tracks.pages.report import Outlook, Source, report
from tracks.plan.recommendation import Wish, plan
from tracks.ready.readiness import judge
from tracks.ready.rules import Rules
from tracks.tasks.beads import parse_issues

NOW = datetime(2026, 6, 1, tzinfo=UTC)
HOSTILE = (
    "<script>alert(1)</script>", '"></title><img src=x onerror=y>', "]]> --> <!-- end", "a\nb\r\n\tc",
    "\u202egnp.exe\u2066", "`whoami` ```", "end", 'x --> y; z["q"]', "| a | b |", '\\" \\N \\',
    "&lt;&#35;", "\x00\x1b[31m\x7f", "\ud800 lone", "# head [l](javascript:x) http://e.org",
    "\u754c" * 60, "&" * 20_000, "", "%%{init}%%", "-->|x|", "end\n]] }} )) subgraph",
)  # fmt: skip
SVG = "{http://www.w3.org/2000/svg}"
Issue = dict[str, Any]


def outlook_of(issues: Sequence[Issue], slots: int = 2) -> Outlook:
    """All that is known of these issues."""
    rows = "".join(json.dumps(each) + "\n" for each in issues)
    parsed = parse_issues(rows.encode() + b"{broken\n", "f")
    readiness = judge(parsed.tasks, Rules.NEW, NOW)
    tasks = {task.id: task for task in parsed.tasks}
    ground = Ground(tasks, Tree((b"src/a.py", b"src/b.py")), Facts(), (), compile_globs(()))
    analysis = analyze(readiness)
    made = plan(ground, readiness, (), Wish(slots))
    source = Source("f", "1", "said so", parsed.problems)
    return Outlook(source, analysis, made, forecast(ground, list(analysis.graph.tasks)))


def picture_of(issues: Sequence[Issue], slots: int = 2) -> Picture:
    """Their picture."""
    found = outlook_of(issues, slots)
    return compose(found.analysis, found.plan, found.forecast.conflicts)


def files(*paths: str) -> Issue:
    """A declaration."""
    return {"metadata": {"files": list(paths)}}


SHOP = (
    issue("a", priority=0, **files("src/a.py")),
    issue("b", "a", **files("src/b.py")),
    issue("c", "b", "a"),
    issue("d", **files("src/a.py")),
    issue("e", **files("src/b.py")),
    issue("f", status="in_progress"),
    issue("g", "f", status="blocked"),
    issue("h"),
    issue("p", "a", issue_type="epic"),
    issue("p.1"),
)
ALL_HOSTILE = tuple(
    issue(f"t-{at}", *([f"t-{at - 1}"] if at % 3 else []), title=title, **files("src/a.py"))
    for at, title in enumerate(HOSTILE)
)


def test_tracks_are_lanes_and_waves_are_columns() -> None:
    picture = picture_of(SHOP)
    assert [lane.name for lane in picture.lanes] == ["Track 1", "Track 2", "Later", "Single tasks"]
    assert picture.lanes[0].blocks == (("a", "d", "b", "e", "c"),) or "a" in picture.lanes[0].blocks[0]
    assert picture.columns[:2] == ("under way", "wave 1")
    drawn = [each for lane in picture.lanes for block in lane.blocks for each in block]
    assert sorted(drawn) == sorted(picture.cards)
    states = {name: card.state for name, card in picture.cards.items()}
    assert (states["a"], states["b"], states["f"], states["g"]) == (
        State.READY, State.WAITING, State.RUNNING, State.HELD,
    )  # fmt: skip


def test_contested_paths_are_numbered_and_cards_name_them() -> None:
    picture = picture_of(SHOP)
    assert [(each.number, each.path, each.severity) for each in picture.contested] == [
        (1, "src/a.py", "certain"), (2, "src/b.py", "certain"),
    ]  # fmt: skip
    assert picture.contested[0].tasks == ("a", "d")
    assert picture.cards["a"].marks == (1,)


def test_a_wait_that_follows_from_others_has_no_line() -> None:
    links = {(link.source, link.target) for link in list_links(outlook_of(SHOP).analysis.graph)}
    assert ("b", "c") in links
    assert ("a", "c") not in links


@pytest.mark.parametrize("issues", [(), SHOP, ALL_HOSTILE], ids=["nothing", "shop", "hostile"])
def test_every_format_is_well_formed_and_needs_nothing_from_elsewhere(issues: Sequence[Issue]) -> None:
    found = outlook_of(issues)
    picture = compose(found.analysis, found.plan, found.forecast.conflicts)
    drawing = svg(picture)
    check_svg(drawing, picture)
    check_dot(dot(picture))
    check_mermaid(mermaid(picture))
    for page in (graph_page(picture), report_page(report(found), picture)):
        check_page(page)
    check_markdown(markdown(report(found)))


def check_svg(text: str, picture: Picture) -> None:
    """A parser takes it; every title stands whole in a tooltip; nothing can run or be fetched."""
    root = ElementTree.fromstring(text)  # noqa: S314 - our own
    kinds = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert kinds <= {"svg", "title", "style", "rect", "text", "tspan", "g", "path"}
    names = {name.rpartition("}")[2] for element in root.iter() for name in element.attrib}
    assert not [name for name in names if name.startswith("on") or name == "href"]
    tips = [element.text or "" for element in root.iter(f"{SVG}title")]
    for card in picture.cards.values():
        assert any(plain(card.title) in tip for tip in tips)
    assert "url(" not in text
    assert all(char.isprintable() or char == "\n" for char in text)


def check_page(text: str) -> None:
    """A parser that forgives nothing takes it; nothing runs, nothing is fetched."""
    assert text.startswith("<!DOCTYPE html>\n<html ")
    root = ElementTree.fromstring(text)  # noqa: S314 - our own
    kinds = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert kinds.isdisjoint({"script", "img", "link", "iframe", "object", "a"})
    names = {name for element in root.iter() for name in element.attrib}
    assert not [name for name in names if name.startswith("on") or name in {"src", "href"}]
    assert "url(" not in text


def check_dot(text: str) -> None:
    """Only the few statements we write, with every string closed."""
    string = r'"(?:[^"\\\n]|\\.)*"'
    attributes = rf"(?: ?(?:\w+=(?:{string}|\w+)))*"
    statement = re.compile(
        rf"digraph tracks \{{|\}}|rankdir=LR; newrank=true;|node \[{attributes}\]; edge \[arrowsize=0\.6\];"
        rf"|subgraph cluster_\d+ \{{|label={string}; tooltip={string}; labeljust=l;"
        rf"|[np]\d+(?: -> [np]\d+)? \[{attributes}\];"
    )
    assert [line for line in text.splitlines() if not statement.fullmatch(line.strip())] == []
    assert max(len(line.encode()) for line in text.splitlines()) < 2 * 16_384  # Graphviz's limit for a string


def check_mermaid(text: str) -> None:
    """Only the few lines we write; a label is closed and holds no sign that means anything."""
    label = r'"(?:[^\W_]|[ .,\-_/()]|#\d+;)*"'
    line = re.compile(
        rf"flowchart LR|classDef \w+ [\w:#,\- ]+|subgraph lane\d+\[{label}\]|end"
        rf"|n\d+(?:\(\[{label}\]\)|\[\[{label}\]\]|\[{label}\]|\[/{label}/\]):::\w+"
        rf"|p\d+\{{\{{{label}\}}\}}:::contested|more\[{label}\]"
        r"|n\d+ (?:-->|-\.->|==>|~~~) n\d+|n\d+(?: & n\d+)* -\.- p\d+"
    )
    assert [each for each in text.splitlines() if not line.fullmatch(each.strip())] == []


def test_a_mermaid_chart_keeps_to_what_mermaid_takes() -> None:
    layers = [[f"t{row}-{at}" for at in range(18)] for row in range(10)]
    rows = [
        issue(name, *before, title="&" * 60)
        for before, layer in zip([[], *layers], layers, strict=False)
        for name in layer
    ]
    text = mermaid(picture_of(rows))
    check_mermaid(text)
    lines = re.findall(r"^  n\d+((?: & n\d+)*) (?:-->|-\.->|==>|~~~|-\.-) ", text, re.MULTILINE)
    assert sum(1 + line.count("&") for line in lines) == 500
    assert len(text) < 50_000
    assert text.count("==>") >= len(layers) - 1
    assert re.search(r"not drawn.+ 2\d\d\d waits", text)


def check_markdown(text: str) -> None:
    """A row has as many cells as the head of its table; no markup of a title is left."""
    cells = 0
    for line in text.splitlines():
        found = len(re.findall(r"(?<!\\)\|", line))
        if line.startswith("|"):
            assert found == cells or not cells
            cells = found
        else:
            cells = 0
            assert not found
    assert not re.search(r"<|(?<!\\)`", text)
    assert "://" not in text


@given(
    st.lists(
        st.tuples(st.lists(st.integers(0, 11), max_size=4), st.sampled_from(["open", "in_progress"])),
        max_size=12,
    )
)
def test_no_line_crosses_a_card_and_no_two_bundles_share_a_stretch(rows: list[tuple[list[int], str]]) -> None:
    issues = [issue(f"t{at}", *(f"t{need}" for need in set(needs)), status=status)
              for at, (needs, status) in enumerate(rows)]  # fmt: skip
    picture = picture_of(issues, slots=1)
    grid = arrange(picture)
    plane = route(picture, grid)
    cells = [(plane.x[cell.column], plane.y[cell.row]) for cell in grid.cells.values()]
    assert len(set(cells)) == len(picture.cards)
    upright: dict[tuple[float, object], list[tuple[float, float]]] = {}
    for line in plane.lines:
        for (ax, ay), (bx, by) in pairwise(line.points):
            assert ax == bx or ay == by
            low, high, top, bottom = min(ax, bx), max(ax, bx), min(ay, by), max(ay, by)
            for x, y in cells:
                is_beside = high <= x or low >= x + CARD_WIDTH or bottom < y or top > y + CARD_HEIGHT
                assert is_beside, line
            if ax == bx:
                upright.setdefault((ax, line.bundle), []).append((top, bottom))
    spans = [
        (x, bundle, min(a for a, _ in parts), max(b for _, b in parts))
        for (x, bundle), parts in upright.items()
    ]
    for one in spans:
        for other in spans:
            assert one[1] == other[1] or one[0] != other[0] or one[3] < other[2] or other[3] < one[2]


@given(st.text())
def test_text_is_cut_to_its_room_and_says_so(text: str) -> None:
    for shorter in (cut(text, 10), cut_front(text, 10)):
        assert len(shorter) <= 10 or any(not char.isascii() for char in shorter)
        assert shorter == plain(text) or "…" in shorter
        assert all(char.isprintable() for char in shorter)


def test_the_same_tasks_give_the_same_picture() -> None:
    assert svg(picture_of(SHOP)) == svg(picture_of(SHOP))


def test_a_report_tells_everything() -> None:
    text = markdown(report(outlook_of((*SHOP, issue("x", "y"), issue("y", "x")))))
    for heading in (
        "What to do now, side by side", "Ready", "Blocked", "Waves", "Critical path", "Bottlenecks",
        "Tied together", "Cycles", "Conflicts", "Problems",
    ):  # fmt: skip
        assert f"\n## {heading}\n" in text
    assert "block one another: x → y" in text
