"""Which words of a reflog make a commit a base."""

from __future__ import annotations

from pathlib import Path

import pytest

from isolation.git.reflog import parse_line
from isolation.git.remotes import parse_remotes
from poolmgr.services.scoping.bases import Moves, branch_of, is_fetched, is_trusted

OID, NEXT = "1" * 40, "2" * 40


def line(message: str, *, time: int = 1700000000) -> bytes:
    return f"{OID} {NEXT} A Name <a@example.com> {time} +0200\t{message}".encode()


@pytest.mark.parametrize("message", [
    "fetch: fast-forward", "fetch origin: fast-forward", "fetch --all --prune: forced-update",
    "fetch origin main: fast-forward", "fetch origin +refs/heads/*:refs/remotes/origin/*: fast-forward",
    "fetch origin main:main: fast-forward", "pull: fast-forward", "pull --rebase origin main: fast-forward",
    "fetch --quiet --no-tags --end-of-options origin: storing head", "fetch origin other: fast-forward",
])  # fmt: skip
def test_a_fetch_under_its_own_name_is_believed(message: str) -> None:
    assert is_fetched(message, "origin", "main")


@pytest.mark.parametrize("message", [
    "", "update by push", "commit: fetch origin",
    "fetch /tmp/clone +main:refs/remotes/origin/main: fast-forward",
    "fetch mine: fast-forward", "fetch origin aside:refs/remotes/origin/main: forced-update",
    "fetch origin +refs/heads/aside:refs/remotes/origin/main: fast-forward", "branch: Reset to x",
    "fetch origin refs/heads/aside/*:refs/remotes/origin/*: fast-forward",
    "fetch . work:refs/remotes/origin/main: x",
])  # fmt: skip
def test_everything_else_is_not(message: str) -> None:
    assert not is_fetched(message, "origin", "main")


def test_a_line_that_a_checkout_wrote_into_both_logs_is_believed() -> None:
    commit, other = parse_line(line("commit: One.")), parse_line(line("commit: Other."))
    assert commit
    assert other
    moves = Moves([(None, commit)])
    assert is_trusted("refs/heads/main", commit, moves)
    assert not is_trusted("refs/heads/main", other, moves)
    lent = Moves([("refs/heads/base", commit)])
    assert is_trusted("refs/heads/base", commit, lent)
    assert not is_trusted("refs/heads/main", commit, lent)


@pytest.mark.parametrize("message", ["", "push", "update by push", "poolmgr: lent to x"])
def test_what_no_command_of_a_person_wrote_is_not(message: str) -> None:
    moved = parse_line(line(message))
    assert moved
    assert not is_trusted("refs/heads/main", moved, Moves([(None, moved)]))


def test_the_end_of_a_rebase_is_known_by_where_it_returned_to() -> None:
    finish = parse_line(line("rebase (finish): refs/heads/main onto 123"))
    returned = parse_line(line("rebase (finish): returning to refs/heads/main"))
    assert finish
    assert returned
    moves = Moves([(None, returned)])
    assert is_trusted("refs/heads/main", finish, moves)
    assert not is_trusted("refs/heads/other", finish, moves)


@pytest.mark.parametrize("raw", [b"", b"x", b"1 2 A <a> 3 +0000\tx", line("a")[1:]])
def test_what_git_did_not_write_is_no_line(raw: bytes) -> None:
    assert parse_line(raw) is None


@pytest.mark.parametrize(("name", "branch"), [
    ("main", "main"), ("origin/main", "main"), ("refs/heads/main", "main"),
    ("refs/remotes/origin/release/1", "release/1"), ("release/1", "release/1"), ("HEAD", None),
    ("main~2", None), ("main..x", None), ("@{u}", None), ("refs/tags/v1", None), ("", None),
])  # fmt: skip
def test_a_base_is_a_branch_or_it_stays_where_it_was(name: str, branch: str | None) -> None:
    assert branch_of(name, ("origin",)) == branch


@pytest.mark.parametrize(("url", "place"), [
    ("https://me:secret@host/a/b.git", "https://host/a/b"), ("git@host:a/b.git/", "host:a/b"),
    ("ssh://git@host:22/x", "ssh://host:22/x"), ("/a@b/c", "/a@b/c"), ("../o.git", "/room/o"),
    ("file:///a b/o.git", "file:///a b/o"), ("https://host/x [y] (fetch)", "https://host/x [y] (fetch)"),
])  # fmt: skip
def test_a_remote_is_where_a_fetch_from_it_would_say(url: str, place: str) -> None:
    listing = f"origin\t{url} (fetch) [blob:none]\norigin\t/pushed (push)\nempty\t\n"
    assert parse_remotes(listing, Path("/room/repo")) == {"origin": place}
