"""A scope is parsed strictly, changed as it was given, and owned by one at a time."""

from __future__ import annotations

from itertools import combinations, permutations

import pytest

from poolmgr.core.errors import UsageError
from poolmgr.core.owning import Met, is_within, judged_of, list_meetings, list_owners, others_of, taken
from poolmgr.core.scope import (
    Scope,
    added,
    dropped,
    gained,
    idle_words,
    parse_scope,
    require_owning,
    scope_from,
)
from tests.unit.records import lease, slot, snapshot
from tracks.globs import compile_globs

LOGIN = Scope(owns=("src/login/**",), sees=("docs",))


def meet(a: tuple[str, ...], b: tuple[str, ...]) -> Met | None:
    """A stand-in for the meeting of globs: the same text means the same path."""
    return next((Met(glob.encode(), glob, glob) for glob in a if glob in b), None)


@pytest.mark.parametrize("glob", ["", "#a", "a\nb", "../a", "a\\", "./a"])
def test_what_is_no_glob_is_refused_by_name(glob: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_scope([glob], [])
    assert repr(glob) in caught.value.message
    assert caught.value.hint


def test_all_is_a_word_among_what_is_seen_and_a_name_among_what_is_owned() -> None:
    assert parse_scope(["all"], ["all", "docs"]) == Scope(owns=("all",), everything=True)


def test_a_scope_that_only_takes_away_is_refused() -> None:
    with pytest.raises(UsageError, match="!src/a"):
        require_owning(Scope(owns=("!src/a",)))
    assert require_owning(Scope(owns=())) == Scope(owns=())


def test_adding_keeps_the_order_and_each_glob_once() -> None:
    more = Scope(owns=("src/a", "src/login/**"), sees=("x",), everything=True)
    assert added(LOGIN, more) == Scope(owns=("src/login/**", "src/a"), everything=True)


def test_only_what_was_given_can_be_dropped() -> None:
    assert dropped(LOGIN, Scope(owns=(), sees=("docs",))) == Scope(owns=LOGIN.owns)
    with pytest.raises(UsageError, match="src/login"):
        dropped(LOGIN, Scope(owns=("src/login",)))
    with pytest.raises(UsageError, match="all"):
        dropped(LOGIN, Scope(owns=(), everything=True))


def test_what_a_scope_comes_to_own_is_among_the_globs_that_are_judged() -> None:
    globs = ("src/*", "!src/gen", "src/gen/a.py", "!*.py")
    scopes = [Scope(owns=each) for count in range(5) for some in combinations(globs, count)
              for each in permutations(some)]  # fmt: skip
    paths = (b"src/gen/a.py", b"src/gen/b.py", b"src/gen/c", b"src/x.py", b"src/x", b"a.py")
    owned = {scope.owns: set(compile_globs(scope.owns).among(paths)) for scope in scopes}
    for old in scopes:
        for new in scopes:
            fresh = owned[new.owns] - owned[old.owns]
            assert fresh <= set(compile_globs(gained(old, new)).among(paths)), f"{old.owns} to {new.owns}"


def test_what_shrinks_or_only_takes_away_more_gains_nothing() -> None:
    whole = Scope(owns=("src/*", "docs", "!src/gen"))
    assert gained(whole, Scope(owns=("src/*", "!src/gen"))) == ()
    assert gained(whole, Scope(owns=(*whole.owns, "!src/more"))) == ()
    assert gained(whole, Scope(owns=(*whole.owns, "web"))) == ("!src/gen", "web")
    assert gained(whole, Scope(owns=("!src/gen", "src/*", "docs"))) == ("!src/gen", "src/*", "docs")


@pytest.mark.parametrize("scope", [LOGIN, Scope(owns=()), Scope(owns=("a\udcff",), everything=True)])
def test_a_scope_comes_back_from_its_json(scope: Scope) -> None:
    assert scope_from(scope.as_json) == scope


@pytest.mark.parametrize("values", [None, [], {}, {"owns": "a", "sees": []}, {"owns": [1], "sees": []}])
def test_what_is_no_scope_is_none(values: object) -> None:
    assert scope_from(values) is None


def test_a_full_slot_owns_nothing_and_ones_own_lease_does_not_count() -> None:
    from poolmgr.core.lifecycle import State

    leases = (lease("alice", 1), lease("bob", 2)._replace(scope=LOGIN))
    shot = snapshot(slot(1, State.LEASED), slot(2, State.LEASED))._replace(leases=leases)
    owners = list_owners(shot)
    assert [owner.agent for owner in owners] == ["bob"]
    assert others_of(owners, lease="l2") == ()
    assert others_of(owners, request="r2") == ()
    assert others_of(owners, request="") == owners


def test_the_refusal_names_the_holder_both_globs_and_a_path() -> None:
    from poolmgr.core.lifecycle import State

    shot = snapshot(slot(1, State.LEASED))._replace(leases=(lease("bob", 1)._replace(scope=LOGIN),))
    meetings = list_meetings(("x", "src/login/**"), list_owners(shot), meet)
    error = taken(meetings, hint="poolmgr status")
    assert error.facts["holder"] == "bob"
    assert error.facts["glob"] == "src/login/**"
    assert error.facts["witness"] == "src/login/**"
    assert list_meetings(("x",), list_owners(shot), meet) == ()


def test_a_judgement_stands_while_nothing_is_added_or_changed() -> None:
    one, other = lease("bob", 1)._replace(scope=LOGIN), lease("carol", 2)._replace(scope=Scope(owns=("a",)))
    judged = judged_of((one, other))
    assert is_within((one,), judged)
    assert is_within((one, lease("dave", 3)), judged)
    assert not is_within((one._replace(scope=added(LOGIN, Scope(owns=("b",)))),), judged)
    assert not is_within((one, other, one._replace(id="new")), judged)


def test_a_glob_that_takes_nothing_out_is_told() -> None:
    assert "!src/gen takes nothing out" in idle_words(Scope(owns=("src/", "!src/gen")))[0]
    assert idle_words(Scope(owns=("src/*", "!src/gen"))) == ()
    assert idle_words(None) == ()
