"""The order of service, by property."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from poolmgr.core.queue import eligible, is_next, level, service_order
from poolmgr.core.records import Request
from tests.unit.records import lease, moment, request

AGING = 1800.0
requests = st.builds(
    request,
    seq=st.integers(1, 1000),
    agent=st.sampled_from(["a", "b", "c", "d"]),
    priority=st.integers(0, 4),
    queued=st.floats(0, 10_000),
    branch=st.sampled_from([None, "x", "y"]),
)
queues = st.lists(requests, max_size=12, unique_by=lambda each: each.seq)
NOW = moment(10_000)


def names(order: tuple[Request, ...]) -> list[str]:
    return [each.id for each in order]


def test_0_goes_before_4() -> None:
    queue = [request(number, priority=4 - number) for number in range(5)]
    order = service_order(queue, now=moment(), aging=AGING)
    assert [each.priority for each in order] == [0, 1, 2, 3, 4]


def test_inside_a_priority_who_came_first_goes_first() -> None:
    queue = [request(seq) for seq in (3, 1, 2)]
    assert names(service_order(queue, now=moment(), aging=AGING)) == ["r1", "r2", "r3"]


def test_a_request_rises_a_level_for_every_half_hour() -> None:
    low = request(1, priority=4)
    levels = [level(low, now=moment(hours * 1800), aging=AGING) for hours in range(7)]
    assert levels == [4, 3, 2, 1, 0, 0, 0]


def test_after_a_reboot_waiting_begins_anew() -> None:
    assert level(request(1, priority=4), now=moment(9000, boot="next"), aging=AGING) == 4


def test_without_aging_nobody_rises() -> None:
    assert level(request(1, priority=4), now=moment(1e9), aging=0) == 4


def test_a_second_request_of_one_agent_waits_for_everybodys_first() -> None:
    queue = [request(1, agent="a"), request(2, agent="a"), request(3, agent="b"), request(4, agent="a")]
    assert names(service_order(queue, now=moment(), aging=AGING)) == ["r1", "r3", "r2", "r4"]


@given(queues)
def test_everybody_is_in_the_order_once(queue: list[Request]) -> None:
    order = service_order(queue, now=NOW, aging=AGING)
    assert sorted(names(order)) == sorted(each.id for each in queue)


@given(queues, st.randoms())
def test_the_order_does_not_depend_on_how_the_queue_was_read(queue: list[Request], random: Random) -> None:
    mixed = list(queue)
    random.shuffle(mixed)
    assert service_order(mixed, now=NOW, aging=AGING) == service_order(queue, now=NOW, aging=AGING)


@given(queues)
def test_levels_never_fall_along_the_order(queue: list[Request]) -> None:
    order = service_order(queue, now=NOW, aging=AGING)
    levels = [level(each, now=NOW, aging=AGING) for each in order]
    assert levels == sorted(levels)


@given(queues, requests)
def test_a_newcomer_of_the_same_level_passes_nobody_who_asks_for_the_first_time(
    queue: list[Request], newcomer: Request
) -> None:
    late = newcomer._replace(seq=2000, id="late", priority=4, queued=NOW)
    before = service_order(queue, now=NOW, aging=AGING)
    after = service_order([*queue, late], now=NOW, aging=AGING)
    assert [each for each in after if each.id != "late"] == list(before)
    firsts = {each.agent: each.id for each in reversed(before)}
    behind = names(after)[names(after).index("late") :]
    assert not set(firsts.values()) & set(behind)


@given(queues, st.integers(1, 3), st.sets(st.sampled_from(["x", "y"])))
def test_no_agent_gets_past_its_cap(queue: list[Request], cap: int, branches: set[str]) -> None:
    held = [lease("a", 1), lease("a", 2), lease("b", 3)]
    able = eligible(
        service_order(queue, now=NOW, aging=AGING), held, per_agent=cap, branches=branches, absent=()
    )
    for agent in "abcd":
        has = sum(each.agent == agent for each in held)
        gets = sum(each.agent == agent for each in able)
        assert gets == 0 or has + gets <= cap
    assert not {each.branch for each in able} & branches


@given(queues, st.sets(st.sampled_from([f"r{seq}" for seq in range(1, 30)])))
def test_who_is_absent_keeps_nobody_from_being_served(queue: list[Request], absent: set[str]) -> None:
    order = service_order(queue, now=NOW, aging=AGING)
    able = eligible(order, (), per_agent=None, branches=(), absent=absent)
    assert names(able) == [name for name in names(order) if name not in absent]


@given(queues, st.integers(0, 6))
def test_as_many_are_next_as_there_are_free_slots(queue: list[Request], free: int) -> None:
    order = service_order(queue, now=NOW, aging=AGING)
    chosen = [each for each in order if is_next(each, order, free=free)]
    assert len(chosen) == min(free, len(queue))
    assert chosen == list(order[:free])
