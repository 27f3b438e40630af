"""What a refused commit is told: the paths, what is owned, who owns them, and the next command.

Names of files come from outside: nothing of them reaches a terminal that could steer it. Standard
library only: runs in hooks.
"""

from __future__ import annotations

import json
import os

from isolation.guards.back import MOST_IN_COMMAND, back_from_branch, back_from_commit, quoted
from isolation.guards.launch import ask

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from isolation.guards.case import Case
    from isolation.guards.rule import Change

MOST = 20
PATIENCE = 5.0


def refuse_commit(case: Case, refused: Sequence[Change], *, merging: bool) -> str:
    """A commit whose index goes beyond the scope."""
    back = back_from_commit(case, refused, merging=merging)
    return "\n".join((head(refused, "this commit changes"), *body(case, refused), f"  {back}"))


def refuse_branch(case: Case, ref: str, move: tuple[str, str], refused: Sequence[Change]) -> str:
    """A branch that would go beyond the scope, moved from one commit to another."""
    back = back_from_branch(case, *move, refused)
    return "\n".join((head(refused, f"{shown(ref)} would change"), *body(case, refused), f"  {back}"))


def refuse_base(case: Case, ref: str) -> str:
    """A base moved from inside."""
    name = shown(ref.removeprefix("refs/heads/"))
    slot = shown(case.facts["slot"])
    return (
        f"poolmgr: refused: {name} is a base of this slot's branch; {slot} has a scope, so it does not move"
        " a base. Commit to the slot's own branch, and move the base from another checkout."
    )


def note_shared(shared: Sequence[Change]) -> str:
    """Files nobody owns alone."""
    return "poolmgr: note: outside of what this slot owns, but shared by all: " + ", ".join(
        some(os.fsdecode(change.path) for change in shared)
    )


def head(refused: Sequence[Change], subject: str) -> str:
    """The first line."""
    count = f"{len(refused)} path" + ("s" if len(refused) > 1 else "")
    return f"poolmgr: refused: {subject} {count} outside of what this slot owns"


def body(case: Case, refused: Sequence[Change]) -> Iterable[str]:
    """The paths with their owners, what is owned, and how to get more."""
    first = refused[:MOST]
    owners = list_owners(case, first)
    for change in first:
        owner = owners.get(os.fsdecode(change.path))
        yield f"  {shown(change.path)} ({change.kind}{f'; {owner}' if owner else ''})"
    if len(refused) > MOST:
        yield f"  and {len(refused) - MOST} more"
    yield "  this slot owns: " + " ".join(map(shown, case.facts["owns"]))
    paths = [change.path for change in refused]
    yield "  to own more: " + command("poolmgr scope request", paths, as_glob=True)
    hidden = list_hidden(case, refused)
    if hidden:
        names = ", ".join(some(map(os.fsdecode, hidden)))
        yield f"  there already, but hidden in this slot: {names}"
        yield "  to see what is there: " + command(
            "poolmgr scope request", hidden, as_glob=True, flag="--see "
        )


def list_owners(case: Case, changes: Sequence[Change]) -> dict[str, str]:
    """Who owns or reserves a path now; nobody, when poolmgr cannot say so in time."""
    program = case.facts["program"]
    if not program:
        return {}
    paths = [os.fsdecode(change.path) for change in changes]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        answer = json.loads(ask((*program, "scope", "owner", "--json", "--", *paths), environment, PATIENCE))
        return {one["path"]: told_owner(one) for one in answer["owners"]}
    except (ValueError, LookupError, TypeError, AttributeError):
        return {}


def told_owner(one: dict[str, str]) -> str:
    """A slot, its agent and the glob by which it owns."""
    who = ", ".join(shown(one[name]) for name in ("agent", "slot") if one.get(name))
    return f"owned by {who}: {shown(one.get('glob') or '')}" if who else ""


def list_hidden(case: Case, changes: Sequence[Change]) -> list[bytes]:
    """Those that HEAD or a base has, and that are not checked out here."""
    if not case.facts["visible"]:
        return []
    is_visible = case.matcher("visible")
    hidden = [change for change in changes if not is_visible(change.path)]
    return [change.path for change in hidden if change.kind != "added" or is_in_base(case, change.path)]


def is_in_base(case: Case, path: bytes) -> bool:
    """Whether a base has this path."""
    asked = b"".join(os.fsencode(base) + b":" + path + b"\n" for base in case.bases if "\n" not in base)
    if b"\n" in path:
        return False
    answer = case.run("cat-file", "--batch-check=%(objecttype)", stdin=asked)
    return any(line in (b"blob", b"commit", b"tree") for line in answer.splitlines())


def command(start: str, paths: Iterable[bytes], *, as_glob: bool = False, flag: str = "") -> str:
    """A command to type, for few paths by name, else for their directories; each behind its flag."""
    named = list(dict.fromkeys(paths))
    if len(named) > MOST_IN_COMMAND:
        named = list(dict.fromkeys(os.path.dirname(path) for path in named))
    texts = [os.fsdecode(path) for path in named]
    if len(texts) > MOST_IN_COMMAND or not all(texts):
        return f"{start} {flag}{'GLOB' if as_glob else 'PATH'}…"
    return " ".join((start, *(flag + quoted(as_literal(text) if as_glob else text) for text in texts)))


def as_literal(path: str) -> str:
    """The glob that means this path and nothing else."""
    return "/" + "".join(f"\\{char}" if char in "*?[\\ " else char for char in path)


def some(names: Iterable[str]) -> list[str]:
    """The first of them, as they can be shown."""
    listed = list(names)
    more = [f"and {len(listed) - MOST} more"] if len(listed) > MOST else []
    return [shown(name) for name in listed[:MOST]] + more


def shown(name: str | bytes) -> str:
    """A name without what would steer a terminal: control and bidi characters, bytes that are no text."""
    return "".join(map(shown_character, os.fsdecode(name)))


def shown_character(char: str) -> str:
    """One character, escaped when it is not printable."""
    if char.isprintable():
        return char
    number = ord(char)
    if 0xDC80 <= number <= 0xDCFF:  # an undecodable byte
        return f"\\x{number - 0xDC00:02x}"
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"
