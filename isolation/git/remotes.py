"""Remotes: what each is called, and where it is, in the words that a fetch writes down."""

from __future__ import annotations

import os
import re
from pathlib import Path

from isolation.git.program import Git

LISTED = re.compile(r"([^\t]+)\t(.*) \(fetch\)(?: \[[^\]]*\])?")
# Who logs in is not written down: `https://me:secret@host/x`, `me@host:x`.
LOGIN = re.compile(r"(?<=://)[^/@]*@|^[^/@]*@(?=[^/]*:)")
LOCAL = re.compile(r"[^/:]+(?:/.*)?", re.DOTALL)  # a path that is relative to the worktree


def list_remotes(git: Git, worktree: Path) -> dict[str, str]:
    """The remotes by name, each with the place that a fetch from it would name."""
    return parse_remotes(git.run("remote", "--verbose").text, worktree)


def parse_remotes(listing: str, worktree: Path) -> dict[str, str]:
    """The same, from git's listing."""
    lines = listing.split("\n")
    found = [match.groups() for line in lines if (match := LISTED.fullmatch(line))]
    return {name: place_of(LOGIN.sub("", url, count=1), worktree) for name, url in reversed(found)}


def place_of(url: str, worktree: Path) -> str:
    """One spelling for one place; a relative path begins where the fetch was made."""
    place = url.rstrip("/").removesuffix(".git")
    return os.path.normpath(worktree / place) if LOCAL.fullmatch(place) else place
