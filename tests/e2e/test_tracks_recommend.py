"""`tracks recommend` from outside: a track for each free slot, beside what leases hold."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.pooled import Json, Pooled
from tests.fixtures.beads import issue, lines

ISSUES = (
    issue("t-1", priority=0, metadata={"files": ["src/app.py"]}),
    issue("t-2", "t-1"),
    issue("t-3", labels=["files:docs/**"]),
    issue("t-4", description="Say more in README.md"),
    issue("t-5", title="Nobody \x1b[31mknows"),
    issue("t-6", metadata={"files": ["src/app.py"]}),
)


def tasks_of(answer: Json) -> list[list[str]]:
    """The tasks of each track."""
    return [track["tasks"] for track in answer["tracks"]]


def test_without_a_pool_there_are_four_tracks(unpooled: Pooled) -> None:
    unpooled.repo.write({".beads/issues.jsonl": lines(ISSUES)})
    answer = unpooled.ask("tracks", "recommend")
    assert tasks_of(answer) == [["t-1", "t-2", "t-6"], ["t-3"], ["t-4"], ["t-5"]]
    assert answer["left_out"] == []
    first, second, third, fourth = answer["tracks"]
    assert (first["track"], first["owns"], first["unblocks"]) == (1, ["src/app.py"], ["t-2"])
    assert second["owns"] == ["docs/**"]
    assert (third["owns"], third["sees"]) == ([], [])
    assert [(each["path"], each["layer"]) for each in third["expects"]] == [("README.md", "mentioned")]
    assert fourth["unproven"] == ["t-5"]
    assert "unproven" in fourth["why"]
    again = unpooled.ask("tracks", "recommend", "4", env={"PYTHONHASHSEED": "7"})
    assert again == answer
    text = unpooled.run("tracks", "recommend", "2").stdout
    assert "track 2\n" in text
    assert "left out (2)" in text
    assert "\x1b" not in text
    strict = unpooled.ask("tracks", "recommend", "--strict")
    assert tasks_of(strict) == [["t-1", "t-6"], ["t-3"], ["t-4"]]
    assert {each["id"] for each in strict["left_out"]} == {"t-2", "t-5"}
    unpooled.refused("tracks", "recommend", "0", code=2)


def test_a_title_is_cut_to_the_line_and_its_reason_is_not(unpooled: Pooled) -> None:
    unpooled.repo.write({".beads/issues.jsonl": lines([issue("t-1", title="Very " * 600)])})
    line = unpooled.run("tracks", "recommend").stdout.splitlines()[1]
    assert line.startswith("  t-1  Very Very Very")
    assert line.endswith("risk 0%)")
    assert len(line) < 120


def test_a_pool_has_as_many_tracks_as_free_slots_and_its_leases_count(pool: Pooled) -> None:
    pool.repo.write({".beads/issues.jsonl": lines(ISSUES)})
    pool.repo.commit("Tasks.")
    assert tasks_of(pool.ask("tracks", "recommend")) == [["t-1", "t-2", "t-6"], ["t-3"]]
    scoped = pool.acquire("--branch", "alice/t-1", "--scope", "src/**")
    answer = pool.ask("tracks", "recommend")
    assert tasks_of(answer) == [["t-3"]]
    left = {each["id"]: each["why"] for each in answer["left_out"]}
    assert "alice" in left["t-1"]
    assert "src/app.py" in left["t-6"]
    assert left["t-4"] == "no slot is left for it"
    full = pool.acquire("--branch", "bob/wording", agent="bob")
    assert pool.ask("tracks", "recommend")["tracks"] == []
    assert "no slot of the pool is free" in pool.run("tracks", "recommend").stderr
    Path(full["path"], "README.md").write_text("more\n")
    answer = pool.ask("tracks", "recommend", "4")
    assert tasks_of(answer) == [["t-3"], ["t-5"]]
    assert "README.md" in {each["id"]: each["why"] for each in answer["left_out"]}["t-4"]
    Path(full["path"], "README.md").write_text("# repo\n")
    assert scoped["path"] != full["path"]
