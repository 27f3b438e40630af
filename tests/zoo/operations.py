"""Operations begun and not ended."""

from __future__ import annotations

import os

from isolation.work import Kind
from tests.zoo.state import Cage, state


@state(Kind.OPERATION, Kind.CHANGED)
def merge_in_conflict(cage: Cage) -> None:
    cage.git("merge", "side", check=False)


@state(Kind.OPERATION, Kind.CHANGED)
def merge_resolved(cage: Cage) -> None:
    cage.git("merge", "side", check=False)
    cage.write("app.txt", b"resolved\n")
    cage.git("add", "app.txt")


@state(Kind.OPERATION, Kind.CHANGED)
def cherry_pick_in_conflict(cage: Cage) -> None:
    cage.git("cherry-pick", "side", check=False)


@state(Kind.OPERATION, Kind.CHANGED)
def revert_in_conflict(cage: Cage) -> None:
    cage.commit("app.txt", b"three\n")
    cage.commit("app.txt", b"four\n")
    cage.git("revert", "--no-edit", "HEAD~1", check=False)


@state(Kind.OPERATION, Kind.CHANGED)
def rebase_in_conflict(cage: Cage) -> tuple[str, ...]:
    kept = cage.commit("app.txt", b"one\nours\nthree\n")
    cage.git("rebase", "side", check=False)
    return (kept,)


@state(Kind.OPERATION)
def bisect(cage: Cage) -> None:
    cage.git("bisect", "start", "HEAD", "HEAD~3")


@state(Kind.OPERATION)
def patch_being_applied(cage: Cage) -> None:
    patch = cage.git("format-patch", "--stdout", "-1", "side")
    cage.git("am", stdin=os.fsencode(patch + "\n"), check=False)
