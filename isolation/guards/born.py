"""Branches that were made from inside a slot, as its guard saw them: `poolmgr-born` beside the facts.

They are not refused when they are made: a colleague's branch may be fetched to look at it. What
they have is compared when the slot is released. Standard library only: runs in hooks.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from isolation.guards.case import Case

FILE = "poolmgr-born"
NEW = "new"  # no branch had this commit; else "known"
BRANCHES = "refs/heads/"
WORDS = 4


class Birth:
    """A branch, the commit it was made on, whether it was the first to have that, and who had it before."""

    __slots__ = ("is_new", "oid", "place", "ref")

    def __init__(self, oid: str, ref: str, place: str, *, is_new: bool) -> None:
        self.oid = oid
        self.ref = ref
        self.place = place
        self.is_new = is_new


def note_birth(case: Case, ref: str, oid: str) -> None:
    """A branch about to be made; those made here before prove nothing about its commit."""
    from isolation.guards.rule import with_options  # the pool reads these notes, too, and needs no rule

    born = [f"--exclude={each.ref.removeprefix(BRANCHES)}" for each in read_births(case.admin)]
    first = with_options(case.run)("rev-list", "-1", oid, "--not", *born, "--branches", "--remotes")
    try:
        with open(os.path.join(case.admin, FILE), "ab") as file:
            line = os.fsencode(f"{oid} {NEW if first else 'known'} {ref} ")
            file.write(line + find_place(case.admin, oid) + b"\n")
    except OSError:  # a full disk is no reason not to go on
        return


def read_births(admin: str | os.PathLike[str]) -> list[Birth]:
    """What was made during this lease, the oldest first."""
    try:
        with open(os.path.join(admin, FILE), "rb") as file:
            lines = [os.fsdecode(line).split(" ", 3) for line in file.read().split(b"\n") if line]
    except OSError:
        return []
    whole = (words for words in lines if len(words) == WORDS)  # a kill may have torn the last
    return [Birth(oid, ref, place, is_new=how == NEW) for oid, how, ref, place in whole]


def find_place(admin: str, oid: str) -> bytes:
    """Where the last fetch found this commit; nothing when it did not."""
    try:
        with open(os.path.join(admin, "FETCH_HEAD"), "rb") as file:
            found = [line for line in file.read().split(b"\n") if line.startswith(oid.encode())]
    except OSError:
        return b""
    return found[0].rpartition(b"' of ")[2] if found else b""
