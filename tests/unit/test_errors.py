"""Every error has a meaning, a code of its own and an exit code from the table."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from poolmgr.core.errors import PoolError

EXITS = {1, 2, 75, 126, 127}


def causes(kind: type[PoolError] = PoolError) -> Iterator[type[PoolError]]:
    """Every class of error there is."""
    for child in kind.__subclasses__():
        if child.__module__.startswith("poolmgr."):
            yield child
            yield from causes(child)


@pytest.mark.parametrize("kind", list(causes()), ids=lambda kind: kind.__name__)
def test_an_error_has_a_meaning_and_an_exit_code(kind: type[PoolError]) -> None:
    assert kind.exit_code in EXITS
    assert kind.__doc__
    assert kind.code.isidentifier()
    assert kind.code.islower()


def test_no_two_errors_have_one_code() -> None:
    codes = [kind.code for kind in causes()]
    assert sorted(set(codes)) == sorted(codes)


def test_an_error_carries_its_words_its_hint_and_its_facts() -> None:
    error = PoolError("no", hint="poolmgr status", facts={"slot": "pool-wt-1"})
    assert (str(error), error.hint, error.facts) == ("no", "poolmgr status", {"slot": "pool-wt-1"})
