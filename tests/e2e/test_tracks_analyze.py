"""`tracks analyze` and `tracks explain` from outside: where tasks are read from, and what is said."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.e2e.pooled import Json, Pooled
from tests.fixtures.beads import ReplayedBd, issue, lines

ISSUES = [
    issue("s-1", priority=1),
    issue("s-2", "s-1"),
    issue("s-3", "s-2", status="in_progress"),
    issue("s-4", status="closed"),
    issue("s-5", "gate-1"),
    issue("gate-1", issue_type="gate"),
]
HOSTILE = "Bad \x1b[31mred\x1b[0m [bold]x[/bold] <b>y</b> \u202eabc\x07\n## no line of its own"


def put(pool: Pooled, content: bytes, name: str = ".beads/issues.jsonl") -> None:
    """A file of issues in the main checkout."""
    pool.repo.write({name: content})


def analyze(pool: Pooled, *words: str, **how: object) -> Json:
    """What `tracks analyze --json` answers."""
    return pool.ask("tracks", "analyze", *words, **how)


@pytest.fixture(autouse=True)
def no_bd(unpooled: Pooled) -> None:
    """Without the `bd` that may be installed here."""
    places = os.environ["PATH"].split(os.pathsep)
    unpooled.cli.variables["PATH"] = os.pathsep.join(
        place for place in places if not (Path(place) / "bd").exists()
    )


@pytest.fixture
def bd(tmp_path: Path) -> ReplayedBd:
    """A `bd` 1.0.5."""
    return ReplayedBd(tmp_path / "bin", ISSUES)


def test_a_file_is_analyzed_without_a_pool(unpooled: Pooled) -> None:
    put(unpooled, lines(ISSUES))
    answer = analyze(unpooled)
    assert (answer["tasks"], answer["open"], answer["ready"]) == (6, 5, ["s-1"])
    assert answer["blocked"] == [
        {"id": "s-2", "by": ["s-1"]}, {"id": "s-3", "by": ["s-2"]}, {"id": "s-5", "by": ["gate-1"]},
    ]  # fmt: skip
    assert (answer["waves"], answer["critical_path"]) == ([["s-1"], ["s-2"]], ["s-1", "s-2", "s-3"])
    assert (answer["cycles"], answer["problems"]) == ([], [])
    assert (answer["source"], answer["rules"]) == (".beads/issues.jsonl", "1")


def test_the_rules_may_be_named_by_flag_and_by_setting(unpooled: Pooled) -> None:
    put(unpooled, lines([issue("a", status="in_progress")]))
    assert analyze(unpooled)["ready"] == []
    assert analyze(unpooled, "--rules", "0.4")["ready"] == ["a"]
    assert analyze(unpooled, env={"POOLMGR_BEADS_RULES": "0.4"})["ready"] == ["a"]
    error = unpooled.refused("tracks", "analyze", "--rules", "2", code=2)
    assert "auto, 0.4, 1" in error["message"]


def test_from_a_linked_worktree_the_main_checkouts_tasks_are_read(unpooled: Pooled) -> None:
    put(unpooled, lines([issue("a")]))
    unpooled.repo.commit("Tasks.")
    elsewhere = unpooled.repo.path.parent / "linked"
    unpooled.repo.git("worktree", "add", "--quiet", "-b", "other", str(elsewhere))
    put(unpooled, lines([issue("a", status="closed"), issue("b")]))
    assert analyze(unpooled, cwd=elsewhere)["ready"] == ["b"]


def test_bad_lines_are_named_by_every_command_and_the_rest_is_used(unpooled: Pooled) -> None:
    put(unpooled, b"<<<<<<< HEAD\n" + lines([issue("a")]) + b'{"id": "b", "ti')
    assert analyze(unpooled)["ready"] == ["a"]
    for words in (("analyze",), ("recommend", "2"), ("conflicts",), ("graph",), ("explain", "a")):
        said = unpooled.run("tracks", *words, "--json")
        assert said.json()["problems"] == [
            {"file": ".beads/issues.jsonl", "line": 1, "why": "is a conflict marker"},
            {"file": ".beads/issues.jsonl", "line": 3, "why": "ends in the middle"},
        ]
        assert said.stderr.count(".beads/issues.jsonl:1: is a conflict marker") == 1


def test_hostile_titles_reach_no_terminal(unpooled: Pooled) -> None:
    put(unpooled, lines([issue("a", title=HOSTILE), issue("b\x1b[2J", "a", status="x\x07")]))
    for words in (("analyze",), ("explain", "a"), ("explain", "b\x1b[2J")):
        said = unpooled.run("tracks", *words)
        printed = said.stdout + said.stderr
        assert not set(printed) & set("\x1b\x07\u202e")
        assert "\n## no line" not in printed


def test_where_there_are_no_tasks_that_is_said_with_what_to_do(unpooled: Pooled) -> None:
    error = unpooled.refused("tracks", "analyze")
    assert (error["code"], "bd init" in error["hint"]) == ("no_tasks", True)
    (unpooled.repo.path / ".beads").mkdir()
    assert "no issues.jsonl" in unpooled.refused("tracks", "analyze")["message"]
    put(unpooled, b"")
    assert analyze(unpooled)["tasks"] == 0


def test_another_name_another_directory_and_rows_of_a_backup_are_found(unpooled: Pooled) -> None:
    put(unpooled, lines([issue("a")]), ".hive/issues.jsonl")
    assert analyze(unpooled)["source"] == ".hive/issues.jsonl"
    put(unpooled, lines([issue("b")]), ".beads/backup/issues.jsonl")
    put(
        unpooled,
        lines([{"issue_id": "b", "depends_on_id": "b", "type": "blocks"}]),
        ".beads/backup/dependencies.jsonl",
    )
    assert (analyze(unpooled)["source"], analyze(unpooled)["ready"]) == (".beads/backup/issues.jsonl", [])
    put(unpooled, lines([issue("c")]), ".beads/beads.jsonl")
    assert analyze(unpooled)["ready"] == ["c"]
    put(unpooled, lines([issue("d")]))
    answer = analyze(unpooled)
    assert answer["ready"] == ["d"]
    assert [problem["file"] for problem in answer["problems"]] == [".beads/beads.jsonl"]
    put(unpooled, b'{"jsonl_export": "beads.jsonl"}', ".beads/metadata.json")
    assert analyze(unpooled)["ready"] == ["c"]


def test_a_place_may_be_named_once_it_is_trusted(unpooled: Pooled) -> None:
    unpooled.repo.write({"poolmgr.yaml": "beads:\n  path: plan/tasks.yaml\n", "plan/tasks.yaml": "- id: y\n"})
    said = unpooled.run("tracks", "analyze", check=False)
    assert (said.code, "beads.path" in said.stderr) == (1, True)
    unpooled.run("trust")
    assert analyze(unpooled)["ready"] == ["y"]
    error = unpooled.refused("tracks", "analyze", env={"POOLMGR_BEADS_PATH": "plan/nothing"})
    assert "plan/nothing" in error["message"]


def test_a_file_of_tasks_in_yaml_is_read_with_its_lines(unpooled: Pooled) -> None:
    text = """
tasks:
  - id: login
    title: Add a login form
    priority: 1
    files: [src/login/**]
  - {id: session, needs: login, estimate: 30, type: feature}
  - {id: 7, nedes: [login], parent: session, status: done}
  - just words
"""
    put(unpooled, text.encode(), ".beads/tasks.yaml")
    answer = analyze(unpooled)
    assert (answer["tasks"], answer["open"], answer["ready"]) == (3, 2, ["login"])
    assert answer["blocked"] == [{"id": "session", "by": ["login"]}]
    assert [(problem["line"], problem["why"].split(";")[1][:15]) for problem in answer["problems"]] == [
        (8, " did you mean n"), (9, " one looks like"),
    ]  # fmt: skip


def test_bd_on_the_path_is_asked_and_only_for_reading(unpooled: Pooled, bd: ReplayedBd) -> None:
    put(unpooled, lines(ISSUES))
    bd.change(issues=[*ISSUES, *(issue(f"many-{number}") for number in range(100))])
    answer = analyze(unpooled, env=bd.environment)
    assert (answer["source"], answer["tasks"], len(answer["ready"])) == ("bd", 106, 101)
    assert {"id": "s-5", "by": ["gate-1"]} in answer["blocked"]  # though `list` hides gates by itself
    assert [problem["why"] for problem in answer["problems"]] == [
        "disagrees with bd about 100 tasks (many-0, many-1, many-10, many-11, many-12, …); bd counts"
    ]
    assert all("--readonly" in call for call in bd.calls if call != ["version"])


@pytest.mark.parametrize("envelope", [False, True])
def test_where_bd_and_the_file_agree_nothing_is_said(
    unpooled: Pooled, bd: ReplayedBd, *, envelope: bool
) -> None:
    put(unpooled, lines(ISSUES))
    bd.change(envelope=envelope)
    assert analyze(unpooled, env=bd.environment)["problems"] == []


def test_an_old_bd_is_asked_for_its_edges_and_decides_the_rules(unpooled: Pooled, bd: ReplayedBd) -> None:
    (unpooled.repo.path / ".beads").mkdir()
    later = issue("later", defer_until="2199-01-01T00:00:00Z")
    bd.change(version="0.47.0", issues=[*ISSUES, later, issue("gone", status="tombstone")])
    answer = analyze(unpooled, env=bd.environment)
    assert (answer["rules"], answer["rules_because"]) == ("0.4", "bd 0.47.0 is found")
    assert answer["ready"] == ["s-1"]
    assert [call[-1] for call in bd.calls] == [
        "version", "--include-templates", "export", "--deferred", "later",
    ]  # fmt: skip


def test_what_is_put_off_is_asked_for_in_parts_and_never_taken_for_ready(
    unpooled: Pooled, bd: ReplayedBd
) -> None:
    later = [issue(f"later-{number}", defer_until="2199-01-01T00:00:00Z") for number in range(201)]
    put(unpooled, lines(later))
    bd.change(version="0.47.0", issues=later)
    answer = analyze(unpooled, env=bd.environment)
    assert (answer["source"], answer["ready"]) == ("bd", [])
    assert [len(call) for call in bd.calls if "show" in call] == [203, 4]
    bd.change(refused="show")
    answer = analyze(unpooled, env=bd.environment)
    assert (answer["source"], answer["ready"]) == (".beads/issues.jsonl", [])
    assert answer["problems"][0]["why"].startswith("Error: show is refused; ")


def test_what_plans_follow_from_is_compared_and_what_cannot_be_read_is_named(
    unpooled: Pooled, bd: ReplayedBd
) -> None:
    changes: tuple[dict[str, object], ...] = (
        {"defer_until": "2199-01-01T00:00:00Z"}, {"metadata": {"files": ["a"]}}, {"description": "in b.py"},
        {"estimated_minutes": 5},
    )  # fmt: skip
    rows = [issue(f"c-{at}") for at, _ in enumerate(changes)]
    bd.change(issues=rows)
    put(
        unpooled, lines([row | change for row, change in zip(rows, changes, strict=True)]) + b"<<<<<<< ours\n"
    )
    answer = analyze(unpooled, env=bd.environment)
    assert (answer["source"], len(answer["ready"])) == ("bd", 4)
    assert [(problem["line"], problem["why"].split(";")[0]) for problem in answer["problems"]] == [
        (5, "is a conflict marker"), (0, "disagrees with bd about 4 tasks (c-0, c-1, c-2, c-3)"),
    ]  # fmt: skip


def test_bd_knows_what_its_user_has_set_but_no_other_place(
    unpooled: Pooled, bd: ReplayedBd, tmp_path: Path
) -> None:
    put(unpooled, lines([issue("a")]))
    (bd.directory / "bd").write_text(f"#!/bin/sh\nenv >{tmp_path}/told\nexit 1\n")
    unpooled.ask(
        "tracks", "analyze",
        env=bd.environment | {"BEADS_DOLT_PASSWORD": "x", "GIT_DIR": "/nowhere", "BEADS_DIR": "/nowhere"},
    )  # fmt: skip
    told = (tmp_path / "told").read_text().splitlines()
    assert "BEADS_DOLT_PASSWORD=x" in told
    assert not [line for line in told if "/nowhere" in line]


@pytest.mark.parametrize("code", [0, 1])
def test_a_bd_that_fails_is_named_and_the_file_is_read(unpooled: Pooled, bd: ReplayedBd, code: int) -> None:
    bd.change(error="Error: no beads database found\nHint: run 'bd init'", code=code)
    put(unpooled, lines(ISSUES))
    answer = analyze(unpooled, env=bd.environment)
    assert (answer["source"], answer["ready"]) == (".beads/issues.jsonl", ["s-1"])
    assert answer["problems"] == [
        {
            "file": "bd",
            "line": 0,
            "why": "Error: no beads database found; .beads/issues.jsonl is read instead",
        }
    ]
    os.unlink(unpooled.repo.path / ".beads/issues.jsonl")
    assert "no beads database found" in unpooled.refused("tracks", "analyze", env=bd.environment)["message"]


def test_a_bd_that_is_another_program_is_named(unpooled: Pooled, bd: ReplayedBd) -> None:
    put(unpooled, lines([issue("a")]))
    (bd.directory / "bd").write_text("#!/bin/sh\necho hello\n")
    assert "bd list is no JSON: hello" in analyze(unpooled, env=bd.environment)["problems"][0]["why"]
    (bd.directory / "bd").write_text("#!/bin/sh\n")
    assert "answered nothing" in analyze(unpooled, env=bd.environment)["problems"][0]["why"]
    error = json.dumps({"error": "no store", "code": 1}, indent=2)
    (bd.directory / "bd").write_text(f"#!/bin/sh\necho '{error}'; exit 1\n")
    assert analyze(unpooled, env=bd.environment)["problems"][0]["why"].startswith("no store; ")
    (bd.directory / "bd").write_text("#!/bin/sh\necho '[]'; exit 3\n")
    assert analyze(unpooled, env=bd.environment)["problems"][0]["why"].startswith("it ended with 3; ")
    (bd.directory / "bd").write_bytes(b"\x7fnothing\n")
    answer = analyze(unpooled, env=bd.environment)
    assert (answer["ready"], "cannot be started" in answer["problems"][0]["why"]) == (["a"], True)


def test_a_redirect_is_followed_unless_the_repository_brought_it(unpooled: Pooled, tmp_path: Path) -> None:
    put(unpooled, lines([issue("a")]))
    (tmp_path / "other").mkdir()
    (tmp_path / "other/issues.jsonl").write_bytes(lines([issue("b")]))
    put(unpooled, b"../other\n", ".beads/redirect")
    assert analyze(unpooled)["ready"] == ["b"]
    unpooled.repo.commit("A redirect for everybody.")
    assert analyze(unpooled)["ready"] == ["a"]


def test_what_is_no_file_is_refused_and_not_waited_for(unpooled: Pooled) -> None:
    os.mkfifo(unpooled.repo.path / "pipe.jsonl")
    error = unpooled.refused("tracks", "analyze", env={"POOLMGR_BEADS_PATH": "pipe.jsonl"})
    assert "no regular file" in error["message"]


def test_bd_is_not_asked_where_beads_is_not(unpooled: Pooled, bd: ReplayedBd) -> None:
    unpooled.refused("tracks", "analyze", env=bd.environment)
    assert not (bd.directory / "calls").exists()


def test_explain_says_why_a_task_is_not_ready(unpooled: Pooled) -> None:
    later = "2100-01-01T00:00:00Z"
    rows = [
        *ISSUES, issue("e", "s-1", issue_type="epic"), issue("e.1", "parent-child:e", defer_until=later),
        issue("d", "s-4", "zz", "external:x:y"),
    ]  # fmt: skip
    put(unpooled, lines(rows))
    answer = unpooled.ask("tracks", "explain", "e.1")
    assert (answer["ready"], answer["blocked_by"]) == (False, ["e"])
    assert [reason["words"] for reason in answer["reasons"]] == [
        "it is deferred until 2100-01-01 00:00+00:00", "it is below e, which is blocked by s-1",
    ]  # fmt: skip
    answer = unpooled.ask("tracks", "explain", "d")
    assert (answer["ready"], answer["reasons"]) == (True, [])
    assert [each["words"].partition(": ")[2] for each in answer["not_counted"]] == [
        "its status is closed", "no such task is there", "it belongs to another project",
    ]  # fmt: skip
    said = unpooled.run("tracks", "explain", "2").stdout
    assert said.startswith("s-2  P2  task  open  Do s-2\nnot ready")
    assert "its end makes ready: e, s-2" in unpooled.run("tracks", "explain", "s-1").stdout


def test_explain_of_an_unknown_task_names_the_nearest(unpooled: Pooled) -> None:
    put(unpooled, lines([issue("shop-login"), issue("shop-logout")]))
    error = unpooled.refused("tracks", "explain", "shop-logni")
    assert "did you mean shop-login" in error["message"]
    put(unpooled, lines([issue("shop-a\n## b")]))
    said = unpooled.run("tracks", "explain", "shop-a\n## c", check=False).stderr
    assert "\n##" not in said


def test_a_refused_value_names_the_command_with_its_group(unpooled: Pooled) -> None:
    error = unpooled.refused("tracks", "conflicts", "--min", "nan", code=2)
    assert error["hint"] == "poolmgr tracks conflicts --help"


def test_the_help_has_an_example(unpooled: Pooled) -> None:
    assert "Example: poolmgr tracks analyze" in unpooled.run("tracks", "analyze", "--help").stdout
    assert json.loads(unpooled.run("tracks", "analyze", "--json", check=False).stdout)["error"]
