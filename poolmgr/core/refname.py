"""Names that come from outside: branches, agents, request ids.

A branch name is refused before git sees it when git would refuse it, or when it could be read as
something else (an option, an object id, HEAD).
"""

from __future__ import annotations

import re

from poolmgr.core.errors import BadName

AGENT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,63}")
REQUEST = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:@+-]{0,127}")
OBJECT_ID = re.compile(r"[0-9a-fA-F]{40}|[0-9a-fA-F]{64}")
FORBIDDEN = re.compile(r"[\x00-\x20\x7f~^:?*\[\\\ud800-\udfff]|\.\.|@\{|//")


def branch_fault(name: str) -> str | None:
    """What is wrong with a branch name, in words; None when nothing is."""
    if not name:
        return "is empty"
    if name.startswith("-"):
        return "begins with a dash"
    if name in {"HEAD", "@"} or name.startswith("refs/"):
        return "means something else to git"
    if OBJECT_ID.fullmatch(name):
        return "looks like an object id"
    if len(name.encode(errors="surrogateescape")) > 200:
        return "is longer than 200 bytes"
    found = FORBIDDEN.search(name)
    if found:
        return f"contains {found.group()!r}"
    parts = name.split("/")
    if any(not part or part.startswith(".") or part.endswith(".lock") for part in parts):
        return "has a part that is empty, begins with a dot or ends in .lock"
    return "ends with a dot" if name.endswith(".") else None


def require_branch(name: str) -> str:
    """The name itself."""
    fault = branch_fault(name)
    if fault:
        raise BadName(f"the branch name {name!r} {fault}", hint="poolmgr acquire --branch fix/login")
    return name


def require_agent(name: str) -> str:
    """The name itself."""
    if not AGENT.fullmatch(name):
        raise BadName(
            f"the agent name {name!r} is not made of letters, digits and . _ @ + - (at most 64)",
            hint="poolmgr acquire --agent alice",
        )
    return name


def require_request(name: str) -> str:
    """The request id itself."""
    if not REQUEST.fullmatch(name):
        raise BadName(
            f"the request id {name!r} is not made of letters, digits and . _ : @ + - (at most 128)",
            hint="poolmgr acquire --request-id build-42",
        )
    return name


def safe_part(text: str) -> str:
    """Text made fit to be a part of a branch name."""
    return re.sub(r"[^A-Za-z0-9_+-]+", "-", text).strip("-") or "agent"
