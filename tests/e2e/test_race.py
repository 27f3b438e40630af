"""20 processes race for 4 slots: nothing is held twice, every loser is told, nobody starves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.pooled import Pooled
from tests.e2e.race.referee import Answer, Referee, racing

RACERS, SLOTS, ROUNDS = 20, 4, 200
PATIENCE = "100"


def race_through_the_queue(referee: Referee, number: int) -> None:
    """Everybody waits and everybody is served."""
    answers = referee.round(
        lambda racer: ("--branch", f"round-{number}/{racer}", "--timeout", PATIENCE), hold=False
    )
    assert faults(answers) == []
    assert codes(answers) == [0] * RACERS


def race_without_names(referee: Referee, number: int) -> None:
    """The same with branches the pool names, and priorities."""
    answers = referee.round(lambda racer: ("--priority", str(racer % 5), "--timeout", PATIENCE), hold=False)
    assert faults(answers) == []
    assert codes(answers) == [0] * RACERS
    branches = [answer["answer"]["branch"] for answer in answers]
    assert len(set(branches)) == RACERS


def race_without_waiting(referee: Referee, number: int) -> None:
    """As many win as there are slots; the others are told that they timed out."""
    answers = referee.round(lambda _: ("--timeout", "0"), hold=True)
    assert faults(answers) == []
    assert sorted(codes(answers[:RACERS])) == [0] * SLOTS + [75] * (RACERS - SLOTS)
    assert {a["answer"]["error"]["code"] for a in answers[:RACERS] if a["code"]} == {"timed_out"}


def race_for_one_branch(referee: Referee, number: int) -> None:
    """One wins; the others are told who has the branch."""
    answers = referee.round(lambda _: ("--branch", f"wanted-{number}", "--timeout", PATIENCE), hold=True)
    assert faults(answers) == []
    assert sorted(codes(answers[:RACERS])) == [0] + [1] * (RACERS - 1)
    assert {a["answer"]["error"]["code"] for a in answers[:RACERS] if a["code"]} == {"branch_held"}


def race_for_one_scope(referee: Referee, number: int) -> None:
    """Globs that differ and all mean one path: one wins, the others are told who owns it."""
    wanted = ("src/**", "src/lib/*.py", "/src/lib/text.py", "lib/")
    answers = referee.round(
        lambda racer: ("--scope", wanted[(racer + number) % len(wanted)], "--timeout", PATIENCE), hold=True
    )
    assert faults(answers) == []
    assert sorted(codes(answers[:RACERS])) == [0] + [1] * (RACERS - 1)
    errors = [answer["answer"]["error"] for answer in answers[:RACERS] if answer["code"]]
    assert {error["code"] for error in errors} == {"scope_taken"}
    assert all(error["witness"] and error["holder"] for error in errors)


KINDS: tuple[Callable[[Referee, int], None], ...] = (
    race_through_the_queue, race_without_waiting, race_without_names, race_for_one_branch,
    race_for_one_scope,
)  # fmt: skip


def faults(answers: list[Answer]) -> list[str]:
    return [fault for answer in answers for fault in answer["faults"]]


def codes(answers: list[Answer]) -> list[int]:
    return [answer["code"] for answer in answers]


@pytest.mark.timeout(1800)
def test_of_20_processes_racing_for_4_slots_none_gets_what_another_holds(
    unpooled: Pooled, tmp_path: Path, share: float
) -> None:
    unpooled.init(SLOTS)
    with racing(unpooled, tmp_path / "held", RACERS) as referee:
        for number in range(int(ROUNDS * share)):
            KINDS[number % len(KINDS)](referee, number)
            unpooled.await_ready(SLOTS)
            snapshot = unpooled.snapshot()
            assert snapshot.leases == ()
            assert snapshot.queue == ()
    assert unpooled.repo.git("worktree", "list", "--porcelain").count("worktree ") == SLOTS + 1


@pytest.mark.timeout(1800)
def test_20_who_ask_at_once_with_one_request_id_get_one_lease(
    unpooled: Pooled, tmp_path: Path, share: float
) -> None:
    unpooled.init(SLOTS)
    with racing(unpooled, tmp_path / "held", RACERS) as referee:
        for number in range(int(ROUNDS * share / 2)):
            answers = referee.ask_together("--request-id", f"build-{number}", "--timeout", PATIENCE)
            assert codes(answers) == [0] * RACERS
            assert len({answer["answer"]["lease"] for answer in answers}) == 1
            assert len(unpooled.snapshot().leases) == 1
            unpooled.run("release", answers[0]["answer"]["slot"])
            unpooled.await_ready(SLOTS)
