"""The facts of a lease as a hook reads them: parsed once, their expressions compiled once.

`json` and `re` cost a third of what a commit may wait for its guard. So the first hook of a lease
writes down what they make of the facts, for as long as the facts and the interpreter stay the same;
`re` itself is asked again where they do not. Standard library only: runs in hooks.
"""

from __future__ import annotations

import _sre  # type: ignore[import-not-found]
import marshal
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from collections.abc import Mapping
    from typing import Any

FILE = ".facts"
LISTS = ("runs", "shared", "unstage", "visible")
# What code of an expression depends on.
ENGINE = (int(_sre.MAGIC), int(_sre.CODESIZE), sys.hexversion)

# An expression as the engine takes it: text, flags, code, groups.
Code = tuple[bytes, int, list[int], int]


def load_facts(admin: str, room: str) -> Mapping[str, Any]:
    """The facts, with `codes`: for each list whether it takes out, and the code."""
    path = os.path.join(admin, "poolmgr-guard.json")
    status = os.stat(path)
    identity = (*ENGINE, status.st_ino, status.st_size, status.st_mtime_ns)
    found = find_remembered(os.path.join(room, FILE), identity)
    if found is not None:
        return found
    facts = parse_facts(path)
    making = os.path.join(room, f"{FILE}.{os.getpid()}")
    try:
        with open(making, "wb") as file:
            file.write(marshal.dumps((identity, dict(facts))))
        os.replace(making, os.path.join(room, FILE))
    except OSError:  # a full disk is no reason not to judge
        return facts
    return facts


def find_remembered(path: str, identity: tuple[int, ...]) -> Mapping[str, Any] | None:
    """What was written down for exactly these facts and this interpreter."""
    try:
        with open(path, "rb") as file:
            known, facts = marshal.loads(file.read())  # noqa: S302  # as much ours as the script that calls us
    except (OSError, ValueError, EOFError, TypeError):
        return None
    return facts if known == identity else None


def parse_facts(path: str) -> Mapping[str, Any]:
    """The facts from their JSON."""
    import json

    with open(path, "rb") as file:
        facts = json.loads(file.read())
    fold = facts["fold_case"]
    codes = {
        name: [(bool(negated), encode(text.encode("latin-1"), fold=fold)) for negated, text in facts[name]]
        for name in LISTS
    }
    return {**facts, "codes": codes}


def encode(text: bytes, *, fold: bool) -> Code:
    """What `re` makes of an expression; no code where this Python keeps that to itself."""
    import re

    flags = re.DOTALL | (re.IGNORECASE if fold else re.NOFLAG)
    try:
        from re import _compiler, _parser  # type: ignore[attr-defined]
    except ImportError:
        return text, int(flags), [], 0
    parsed = _parser.parse(text, flags)
    code = [int(word) for word in _compiler._code(parsed, flags)]  # noqa: SLF001
    return text, int(flags | parsed.state.flags), code, parsed.state.groups


def decode(code: Code) -> re.Pattern[bytes]:
    """The expression, ready; the engine checks the code."""
    text, flags, words, groups = code
    if not words:
        import re

        return re.compile(text, flags)
    pattern: re.Pattern[bytes] = _sre.compile(text, flags, words, groups - 1, {}, (None,) * groups)
    return pattern
