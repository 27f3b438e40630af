"""`tracks conflicts` names the open tasks that will change the same files, and how sure that is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.e2e.pooled import Pooled
from tests.fixtures.beads import issue, lines
from tests.fixtures.repositories import Repository

Json = dict[str, Any]


def write_issues(repo: Repository, *issues: Json) -> None:
    """The issues file of a checkout."""
    repo.write({".beads/issues.jsonl": lines(issues)})


def pairs_of(answer: Json) -> dict[tuple[str, str], Json]:
    return {(each["a"], each["b"]): each for each in answer["conflicts"]}


def test_every_layer_has_its_severity_and_its_path(unpooled: Pooled) -> None:
    write_issues(
        unpooled.repo,
        issue("t-1", metadata={"files": ["src/app.py"]}),
        issue("t-2", labels=["files:src/*.py"]),
        issue("t-3", description="## Files\n- src/app.py"),
        issue("t-4", description="Files: src/app.py", status="in_progress"),
        issue("t-5", labels=["web"]),
        issue("t-6", title="Nobody knows"),
        issue("t-7", metadata={"files": ["src/app.py"]}, status="closed", closed_at="2026-01-02T00:00:00Z"),
    )
    unpooled.repo.write({"poolmgr.yaml": 'tracks:\n  paths:\n    "label:web": [src/app.py]\n'})
    found = pairs_of(unpooled.ask("tracks", "conflicts"))
    assert set(found) == {(a, b) for a in ("t-1", "t-2", "t-3", "t-4", "t-5") for b in
                          ("t-1", "t-2", "t-3", "t-4", "t-5") if a < b}  # fmt: skip
    assert {each["witness"] for each in found.values()} == {"src/app.py"}
    told = {pair: (each["severity"], each["layer"]) for pair, each in found.items()}
    assert told["t-1", "t-2"] == ("certain", "declared")
    assert told["t-1", "t-5"] == ("likely", "configured")
    assert told["t-3", "t-4"] == ("likely", "mentioned")
    assert found["t-1", "t-2"]["probability"] > found["t-1", "t-3"]["probability"] > 0.3
    everything = unpooled.ask("tracks", "conflicts", "--min", "0")["conflicts"]
    assert len(everything) == 15
    chances = [each["probability"] for each in everything]
    assert chances == sorted(chances, reverse=True)
    assert all(0 < chance < 1 for chance in chances)
    assert {each["layer"] for each in everything if "t-6" in (each["a"], each["b"])} == {"unknown"}


def test_what_is_under_way_is_observed_and_reserved(pool: Pooled) -> None:
    write_issues(
        pool.repo, issue("t-1"), issue("t-2"), issue("t-3", metadata={"files": ["docs/guide/start.md"]})
    )
    pool.repo.commit("Tasks.")
    lent = pool.acquire("--branch", "alice/t-1-form", "--scope", "docs/**")
    Path(lent["path"], "docs/new.md").write_text("new\n")
    pool.repo.git("branch", "fix/t-2")
    pool.repo.git("checkout", "--quiet", "fix/t-2")
    pool.repo.commit("Wording.", {"docs/new.md": "other\n"})
    pool.repo.git("checkout", "--quiet", "main")
    found = pairs_of(pool.ask("tracks", "conflicts"))
    told = {pair: (each["severity"], each["layer"], each["witness"]) for pair, each in found.items()}
    assert told["t-1", "t-2"] == ("certain", "observed", "docs/new.md")
    assert told["t-1", "t-3"] == ("certain", "declared", "docs/guide/start.md")
    assert ("t-2", "t-3") not in told
    Path(lent["path"], "docs/new.md").unlink()
    pool.release(lent["slot"])


def test_the_past_says_where_tasks_that_read_alike_meet(unpooled: Pooled) -> None:
    words = "Parser error recovery in nested quotes"
    done = [
        issue(f"t-{n}", title=f"{words} {n}", status="closed", closed_at="2026-01-02T00:00:00Z")
        for n in range(3)
    ]
    write_issues(
        unpooled.repo, *done, issue("t-8", title=f"{words} again"), issue("t-9", title=f"{words} at the end")
    )
    for number in range(3):
        unpooled.repo.commit(f"Recover (t-{number})", {"src/parser.py": f"{number}\n"})
    unpooled.repo.commit("t-1 and t-2 both", {"src/both.py": "x"})
    answer = unpooled.ask("tracks", "conflicts", "--min", "0")
    (conflict,) = answer["conflicts"]
    assert (conflict["witness"], conflict["layer"], conflict["severity"]) == (
        "src/parser.py",
        "learned",
        "possible",
    )
    assert answer["past"]["tasks"] == 3
    assert conflict["probability"] > 0.1


def test_people_get_a_table_in_which_titles_cannot_lie(unpooled: Pooled) -> None:
    write_issues(
        unpooled.repo, *(issue(f"t-\x1b[31m{n}", metadata={"files": ["a\x1b.py"]}) for n in range(2))
    )
    result = unpooled.run("tracks", "conflicts")
    assert "certain" in result.stdout
    assert "\x1b" not in result.stdout
    assert "six public trackers" in result.stderr


def test_pairs_stand_under_the_tracks_they_lie_between_within_80_columns(unpooled: Pooled) -> None:
    paths = [f"src/{'deep/' * 4}file{number}.py" for number in range(9)]
    write_issues(
        unpooled.repo,
        issue("t-1", title="Login", issue_type="epic"),
        issue("t-2", title="Mail " * 30, issue_type="epic"),
        issue("t-1.1", metadata={"files": paths}),
        issue("t-2.1", metadata={"files": paths}),
        issue("t-3", metadata={"files": ["README.md"]}),
        issue("t-4", metadata={"files": ["README.md"]}),
    )
    found = pairs_of(unpooled.ask("tracks", "conflicts"))
    told = {pair: (each["a_track"], each["b_track"]) for pair, each in found.items()}
    assert told == {("t-1.1", "t-2.1"): ("t-1", "t-2"), ("t-3", "t-4"): ("t-3", "t-4")}
    assert [each["path"] for each in found["t-1.1", "t-2.1"]["paths"]] == paths
    lines = unpooled.run("tracks", "conflicts").stdout.splitlines()
    assert max(map(len, lines)) <= 80
    text = "\n".join(lines)
    assert "between t-1 and t-2, 1 pair:\n  t-1: Login\n  t-2: Mail" in text
    assert "between single tasks, 1 pair:\n  certain" in text
    assert "README.md" in text
    assert f"{paths[0]}," in text
    assert "3 more" in text


def test_a_chance_is_a_number_from_0_to_1(unpooled: Pooled) -> None:
    write_issues(unpooled.repo, issue("t-1"))
    unpooled.refused("tracks", "conflicts", "--min", "2", code=2)
    assert unpooled.ask("tracks", "conflicts")["conflicts"] == []


def test_explain_shows_what_changes_together_and_who_closes_what(unpooled: Pooled) -> None:
    over = {"assignee": "ann", "status": "closed", "closed_at": "2026-01-02T00:00:00Z"}
    done = [issue(f"t-{n}", title=f"Work {'x' * n}", **over) for n in range(3)]
    going = issue("t-8", title="New", assignee="ann", description="See src/app.py")
    write_issues(unpooled.repo, *done, going)
    for number in range(3):
        unpooled.repo.commit(f"Work (t-{number})", {"src/mine.py": f"{number}\n"})
        unpooled.repo.commit("More.", {"src/app.py": f"{number}\n", "src/other.py": f"{number}\n"})
    claims = {each["globs"][0]: each for each in unpooled.ask("tracks", "explain", "t-8")["footprint"]}
    assert claims["/src/other.py"]["layer"] == claims["/src/mine.py"]["layer"] == "learned"
    assert "changes with src/app.py: 3 of" in claims["/src/other.py"]["why"]
    assert "3 of 3 tasks of ann changed it" in claims["/src/mine.py"]["why"]
    assert all(0 < each["confidence"] < 1 for each in claims.values())
    assert unpooled.ask("tracks", "conflicts")["conflicts"] == []


def test_explain_shows_every_layer_of_a_task(unpooled: Pooled) -> None:
    done = issue("t-1", title="Parser error recovery", status="closed", closed_at="2026-01-02T00:00:00Z")
    going = issue(
        "t-2", title="Parser error recovery again", labels=["web", "path:docs"], description="See README.md",
        metadata={"files_scope": ["src/**", "../x"]},
    )  # fmt: skip
    write_issues(unpooled.repo, done, going, issue("t-3", title="Nobody knows"))
    unpooled.repo.write({"poolmgr.yaml": 'tracks:\n  paths:\n    "label:web": src/web/**\n'})
    unpooled.repo.commit("Settings.")
    unpooled.repo.commit("Recover (t-1)", {"src/parser.py": "1\n"})
    unpooled.repo.git("branch", "alice/t-2")
    unpooled.repo.git("checkout", "--quiet", "alice/t-2")
    unpooled.repo.commit("Begin.", {"src/new.py": "2\n"})
    unpooled.repo.write({"src/unsaved.py": "3\n"})
    answer = unpooled.ask("tracks", "explain", "t-2")
    told = [(each["layer"], *each["globs"]) for each in answer["footprint"]]
    assert told == [
        ("observed", "/src/new.py"), ("observed", "/src/unsaved.py"), ("declared", "/docs"),
        ("declared", "src/**"), ("configured", "src/web/**"), ("mentioned", "/README.md"),
        ("learned", "/src/parser.py"),
    ]  # fmt: skip
    assert answer["layer"] == "observed"
    assert "`..`" in answer["faults"][0]
    assert unpooled.ask("tracks", "explain", "t-3")["layer"] == "unknown"
    text = unpooled.run("tracks", "explain", "t-2").stdout
    assert "learned" in text
    assert "tasks like it changed it: t-1" in text
