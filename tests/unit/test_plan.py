"""Tracks: what no two of them share, in which order their tasks stand, and what is left out and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import combinations
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.fixtures.beads import issue, lines
from tracks.conflicts.ground import Ground
from tracks.footprints.claim import Footprint, Layer
from tracks.footprints.configured import Rule
from tracks.footprints.gathering import Facts, gather, reserved
from tracks.footprints.learned import Change
from tracks.footprints.tree import Tree
from tracks.globs import compile_globs
from tracks.overlap.verdict import find_overlap
from tracks.plan.recommendation import Held, Plan, Wish, plan
from tracks.ready.readiness import Readiness, judge
from tracks.ready.rules import Rules
from tracks.tasks.beads import parse_issues

NOW = datetime(2026, 6, 1, tzinfo=UTC)
FILES = (b"src/a.py", b"src/b.py", b"src/web/c.ts", b"src/web/d.ts", b"README.md", b"Makefile")
RULES = (
    Rule("label", "web", ("src/web/**",)),
    Rule("label", "python", ("src/*", "!src/web")),
    Rule("label", "docs", ("docs/*", "!docs/new.md")),
)
Issue = dict[str, Any]


def ground_of(issues: Sequence[Issue], past: Sequence[Change] = ()) -> Ground:
    """What a plan rests on."""
    tasks = {task.id: task for task in parse_issues(lines(issues), "f").tasks}
    return Ground(tasks, Tree(FILES), Facts(rules=RULES), past, compile_globs(()))


def readiness_of(issues: Sequence[Issue]) -> Readiness:
    """What is ready."""
    return judge(parse_issues(lines(issues), "f").tasks, Rules.NEW, NOW)


def planned(*issues: Issue, slots: int = 4, held: Sequence[Held] = (), strict: bool = False) -> Plan:
    """The plan for these issues."""
    return plan(ground_of(issues), readiness_of(issues), held, Wish(slots, is_strict=strict))


def names(found: Plan) -> list[list[str]]:
    """The tasks of each track."""
    return [list(track.tasks) for track in found.tracks]


def files(*paths: str) -> dict[str, object]:
    """A declaration."""
    return {"metadata": {"files": list(paths)}}


def left(found: Plan) -> dict[str, str]:
    """What is left out."""
    return dict(found.left_out)


def test_what_collides_and_what_waits_is_one_track_in_order() -> None:
    found = planned(
        issue("a", **files("src/a.py")),
        issue("b", priority=1, **files("src/a.py")),
        issue("c", "a", **files("src/b.py")),
        issue("d", **files("README.md")),
    )
    assert names(found) == [["b", "a", "c"], ["d"]]
    first, second = found.tracks
    assert (first.owns, second.owns) == (("src/a.py", "src/b.py"), ("/README.md",))
    assert [step.why for step in first.steps] == ["P1", "shares src/a.py with b", "after a"]
    assert (first.unblocks, first.certain, found.left_out) == (("c",), True, ())


def test_priority_leads_also_that_of_what_waits_and_then_the_longest_chain() -> None:
    rows = [
        issue("late", **files("src/a.py")),
        issue("chain", **files("src/b.py")),
        issue("next", "chain"),
        issue("soon", priority=4, **files("README.md")),
        issue("urgent", "soon", priority=0, **files("README.md")),
    ]
    assert names(planned(*rows, slots=1)) == [["soon", "urgent"]]
    assert names(planned(*rows, slots=2)) == [["soon", "urgent"], ["chain", "next"]]
    assert left(planned(*rows, slots=2)) == {"late": "no slot is left for it"}


def test_what_belongs_to_two_tracks_is_left_out_because_of_both() -> None:
    found = planned(
        issue("a", priority=1, **files("src/a.py")),
        issue("b", priority=1, **files("src/b.py")),
        issue("both", **files("src/a.py", "src/b.py")),
        issue("after", "a", "b"),
    )
    assert names(found) == [["a"], ["b"]]
    assert left(found) == {
        "both": "shares src/a.py with a (track 1); shares src/b.py with b (track 2)",
        "after": "after a (track 1); after b (track 2)",
    }


def test_one_that_collides_with_all_gives_way_to_two_that_do_not() -> None:
    star = [issue(name, **files(f"src/{name}.py")) for name in "abc"]
    hub = issue("hub", priority=0, **files("src/a.py", "src/b.py", "src/c.py"))
    assert names(planned(hub, *star, slots=3)) == [["a"], ["b"], ["c"]]
    assert names(planned(hub, *star, slots=1)) == [["hub", "a", "b", "c"]]
    alike = [issue(name, **files("src/a.py")) for name in "abcd"]
    assert names(planned(*alike)) == [["a", "b", "c", "d"]]


def test_what_is_held_is_taken_for_whom_it_is_and_what_it_owns() -> None:
    rows = [
        issue("a", **files("src/a.py")), issue("b", **files("src/web/c.ts")),
        issue("c", description="Mend src/b.py"), issue("d"), issue("e", **files("src/a.py")),
    ]  # fmt: skip
    held = [Held("ann's lease", "a"), Held("bob's lease", None, (reserved(("src/web/**",), "bob"),))]
    found = planned(*rows, held=held)
    assert names(found) == [["c"], ["d"]]
    assert left(found) == {
        "a": "under way: ann's lease",
        "b": "shares src/web/c.ts with bob's lease",
        "e": "shares src/a.py with ann's lease",
    }


def test_the_unknown_fill_what_is_left_and_strict_leaves_them_out() -> None:
    rows = [issue("u", priority=0), issue("v", "a"), issue("a", **files("src/a.py"))]
    found = planned(*rows)
    assert names(found) == [["a", "v"], ["u"]]
    assert [track.unproven for track in found.tracks] == [("v",), ("u",)]
    assert "unproven" in found.tracks[1].why
    assert names(planned(*rows, slots=1)) == [["a", "v"]]
    strict = planned(*rows, strict=True)
    assert names(strict) == [["a"]]
    assert set(left(strict)) == {"u", "v"}


def test_an_epic_comes_after_what_is_below_it() -> None:
    rows = [issue("e", issue_type="epic", priority=0), issue("e.1", **files("src/a.py")), issue("e.2")]
    found = planned(*rows, slots=1)
    assert names(found) == [["e.1"]]
    assert left(found)["e"] == "those below it come first: e.2"
    assert names(planned(*rows[:2])) == [["e.1", "e"]]


def test_an_epic_holds_back_nothing_below_it_whatever_that_waits_for() -> None:
    rows = [issue("e", issue_type="epic"), issue("a", **files("src/a.py"))]
    rows.append(issue("b", "a", "parent-child:e", priority=0, **files("src/b.py")))
    assert names(planned(*rows)) == names(planned(*rows, slots=1)) == [["a", "b", "e"]]
    rows = [
        issue("e", issue_type="epic", **files("src/a.py")),
        issue("e.1", status="in_progress"),
        issue("e.2", "e.1"),
    ]
    rows.append(issue("x", **files("src/b.py")))
    found = planned(*rows)
    assert names(found) == [["x"]]
    assert left(found) == {"e": "those below it come first: e.1 (in progress), e.2"}


def test_an_epic_that_its_own_child_waits_for_comes_before_it() -> None:
    rows = [
        issue("e", issue_type="epic", **files("src/a.py")),
        issue("x", "e"),
        issue("c", "x", "parent-child:e"),
    ]
    assert names(planned(*rows)) == [["e", "x", "c"]]


def test_what_is_in_progress_without_a_lease_is_told_and_takes_nothing() -> None:
    rows = [issue("p", status="in_progress", assignee="ann", **files("src/a.py"))]
    rows += [issue("q", **files("src/a.py")), issue("r", **files("src/b.py"))]
    found = planned(*rows)
    assert names(found) == [["q"], ["r"]]
    assert found.tracks[0].why == "P2; p, in progress, shares src/a.py"
    old = judge(parse_issues(lines(rows[:1]), "f").tasks, Rules.OLD, NOW)
    assert plan(ground_of(rows[:1]), old, (), Wish(1)).tracks[0].why == "P2; in progress by ann"


def test_what_is_named_or_learned_is_expected_and_only_what_is_learned_may_be_shared() -> None:
    words = "Parser recovery of nested quotes"
    rows = [issue("old", title=words, status="closed", closed_at="2026-01-02T00:00:00Z")]
    rows += [issue(name, title=words, **files(f"src/{name}.py")) for name in "ab"]
    rows.append(issue("c", description="Mend src/web/c.ts", priority=3))
    past = [Change("old", 1.0, frozenset({"README.md"}))]
    found = plan(ground_of(rows, past), readiness_of(rows), (), Wish(4))
    assert names(found) == [["a"], ["b"], ["c"]]
    expects = [[(each.path, each.layer) for each in track.expects] for track in found.tracks]
    assert expects == [[("README.md", Layer.LEARNED)]] * 2 + [[("src/web/c.ts", Layer.MENTIONED)]]
    assert [track.sees for track in found.tracks] == [("/README.md",), ("/README.md",), ()]
    assert [track.certain for track in found.tracks] == [True, True, False]


def test_owns_keeps_what_one_task_leaves_out_and_another_wants() -> None:
    python = issue("a", priority=1, labels=["python"])
    found = planned(python, issue("b", **files("src/a.py", "src/web/c.ts")))
    assert names(found) == [["a", "b"]]
    owns = compile_globs(found.tracks[0].owns)
    assert [owns.matches(path) for path in FILES] == [True, True, True, False, False, False]
    other = issue("b", metadata={"globs": ["src/*", "!src/b.py"]})
    muddled = planned(python, other)
    assert names(muddled) == [["a"]]
    assert "leave out" in left(muddled)["b"]


def test_lists_that_leave_something_out_are_owned_together_without_that() -> None:
    both = issue("a", labels=["python", "docs"])
    inside = issue("b", metadata={"globs": ["src/web/**"]})
    found = planned(both, inside, issue("c", **files("README.md")))
    assert names(found) == [["a", "b"], ["c"]]
    assert found.tracks[0].owns == ("docs/*", "src/*", "src/web/**")


def test_a_task_joins_a_track_that_came_to_its_path_after_it_was_looked_at() -> None:
    found = planned(
        issue("first", priority=0, **files("src/a.py")),
        issue("later", "first", priority=3, **files("src/b.py")),
        issue("passed", **files("src/b.py")),
        issue("beside", priority=1, **files("README.md")),
        slots=2,
    )
    assert names(found) == [["first", "later", "passed"], ["beside"]]
    assert found.tracks[0].steps[2].why == "shares src/b.py with later"
    assert left(found) == {}


PATHS = st.sampled_from(
    ["src/a.py", "src/b.py", "src/web/c.ts", "src/web/", "src/*.py", "docs/new.md", "/Makefile", "*.py"]
)
LABELS = st.sampled_from(["web", "python", "docs"])


@st.composite
def trackers(draw: st.DrawFn) -> list[Issue]:
    """Tasks that wait for earlier ones, lie below others, and touch or name a few paths."""
    rows: list[Issue] = []
    for number in range(draw(st.integers(1, 10))):
        earlier = st.sampled_from([row["id"] for row in rows]) if rows else st.nothing()
        needs = draw(st.lists(earlier, max_size=2, unique=True)) if rows else []
        if rows and draw(st.integers(0, 4)) == 0:
            needs = [*needs, f"parent-child:{draw(earlier)}"]
        fields: Issue = {"priority": draw(st.integers(0, 4))}
        if draw(st.booleans()):
            fields["metadata"] = {"globs": draw(st.lists(PATHS, min_size=1, max_size=2, unique=True))}
        if draw(st.integers(0, 2)) == 0:
            fields["description"] = f"Mend {draw(PATHS)}"
        if draw(st.integers(0, 5)) == 0:
            fields["labels"] = draw(st.lists(LABELS, min_size=1, max_size=2, unique=True))
        fields["status"] = draw(st.sampled_from(["open"] * 6 + ["closed", "in_progress"]))
        rows.append(issue(f"t{number}", *needs, **fields))
    order: list[Issue] = draw(st.permutations(rows))
    return order


def do_collide(one: Footprint, other: Footprint) -> bool:
    """Whether two tasks claim a common path, by comparing all with all."""
    return any(is_common(mine.globs, theirs.globs) for mine in one.claims for theirs in other.claims)


def is_common(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two scopes mean a common path; below a file there is none."""
    found = find_overlap(compile_globs(one), compile_globs(other), FILES)
    return found is not None and not found.is_odd


def needs_of(rows: Sequence[Issue]) -> dict[str, set[str]]:
    """What each open task depends on in any way, directly or not."""
    ended = {row["id"] for row in rows if row["status"] == "closed"}
    direct = {
        row["id"]: {edge["depends_on_id"] for edge in row.get("dependencies", ())} - ended
        for row in rows
        if row["id"] not in ended
    }
    found = {name: set(targets) for name, targets in direct.items()}
    for _ in rows:
        for targets in found.values():
            targets |= {far for near in tuple(targets) for far in found[near]}
    return found


@given(rows=trackers(), slots=st.integers(1, 3), strict=st.booleans(), lease=st.none() | PATHS)
def test_tracks_are_independent_and_each_is_in_order(
    rows: list[Issue], slots: int, *, strict: bool, lease: str | None
) -> None:
    held = [Held("bob's lease", None, (reserved((lease,), "bob"),))] if lease else []
    ground, readiness = ground_of(rows), readiness_of(rows)
    found = plan(ground, readiness, held, Wish(slots, is_strict=strict))
    again = rows[::-1]
    assert found == plan(ground_of(again), readiness_of(again), held, Wish(slots, is_strict=strict))
    footprints = gather(ground.tasks, ground.tasks, ground.tree, ground.facts)
    placed = [task for track in found.tracks for task in track.tasks]
    left_out = [each.id for each in found.left_out]
    assert len(found.tracks) <= slots
    assert len(set(placed + left_out)) == len(placed + left_out)
    assert set(readiness.ready) <= set(placed + left_out)
    needs = needs_of(rows)
    for one, other in combinations(found.tracks, 2):
        assert not is_common(one.owns, other.owns)
        for mine in one.tasks:
            for theirs in other.tasks:
                assert not do_collide(footprints[mine], footprints[theirs]), (mine, theirs)
                assert theirs not in needs[mine], (mine, theirs)
                assert mine not in needs[theirs], (mine, theirs)
    for track in found.tracks:
        check_track(track.tasks, rows, readiness)
        owns = compile_globs(track.owns)
        for claim in (claim for task in track.tasks for claim in footprints[task].claims):
            own = compile_globs(claim.globs)
            if claim.layer in {Layer.DECLARED, Layer.CONFIGURED}:
                assert all(owns.matches(path) for path in (*FILES, b"docs/new.md") if own.matches(path))
        unknown = [task for task in track.tasks if not footprints[task].claims]
        assert list(track.unproven) == unknown
        assert not (strict and unknown)
    if not lease and not strict:
        check_left(found, footprints)
    if not lease and slots > 1 and not strict:
        check_width(found, rows, readiness, footprints)


def check_left(found: Plan, footprints: Mapping[str, Footprint]) -> None:
    """What is left for want of a slot has nothing to do with any track."""
    for name, why in found.left_out:
        if why == "no slot is left for it":
            for track in found.tracks:
                assert not any(do_collide(footprints[name], footprints[task]) for task in track.tasks)


def check_track(tasks: Sequence[str], rows: Sequence[Issue], readiness: Readiness) -> None:
    """Each task is ready, or what it waits for stands before it."""
    by_id = {row["id"]: row for row in rows}
    for at, task in enumerate(tasks):
        for edge in by_id[task].get("dependencies", ()):
            if edge["type"] == "blocks" and by_id[edge["depends_on_id"]]["status"] != "closed":
                assert edge["depends_on_id"] in tasks[:at]
        assert task in readiness.ready or at > 0


def check_width(
    found: Plan, rows: Sequence[Issue], readiness: Readiness, footprints: dict[str, Footprint]
) -> None:
    """Of four ready tasks that are nobody's parents two tracks are made, if any two can run together."""
    parents = {e["depends_on_id"] for r in rows for e in r.get("dependencies", ()) if e["type"] != "blocks"}
    ready = [task for task in readiness.ready if task not in parents]
    can = any(not do_collide(footprints[a], footprints[b]) for a, b in combinations(ready, 2))
    if len(ready) >= 4 and can:
        assert len(found.tracks) >= 2
