"""`git check-ignore` as the judge of what globs mean."""

from __future__ import annotations

import os
import subprocess

from tests.fixtures.repositories import Repository
from tracks.globs import Globs


def ask_git(repo: Repository, globs: Globs, paths: list[bytes]) -> list[bool]:
    """Whether git takes each path as ignored by these globs alone; the paths need not exist."""
    exclude = repo.path / ".git" / "info" / "exclude"
    exclude.write_bytes(b"".join(os.fsencode(line) + b"\n" for line in globs.lines))
    settings = ("-c", f"core.ignoreCase={str(globs.fold).lower()}", "-c", "core.excludesFile=")
    answer = subprocess.run(
        ("git", *settings, "check-ignore", "--no-index", "-z", "--stdin", "-v", "-n"),
        cwd=repo.path,
        input=b"".join(path + b"\0" for path in paths),
        capture_output=True,
        check=False,
    )
    assert answer.returncode in (0, 1), answer.stderr
    patterns = answer.stdout.split(b"\0")[2::4]
    return [bool(pattern) and not pattern.startswith(b"!") for pattern in patterns]
