"""The repository the states need, and git in it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

FILES: dict[str, bytes] = {
    ".gitignore": b"*.hidden\n.env\nsecrets/\nnode_modules/\nscratch/\n",
    "app.txt": b"one\ntwo\nthree\n",
    "other.txt": b"other\n",
    "run.sh": b"#!/bin/sh\nexit 0\n",
    "src/main.txt": b"main\n",
    "src/deep/inner.txt": b"inner\n",
    "docs/guide.txt": b"guide\n",
}


def git(cwd: Path, *args: str, check: bool = True, stdin: bytes | None = None) -> str:
    """What git answers, with names of its own for author and committer."""
    identity = ("-c", "user.name=Zoo", "-c", "user.email=zoo@example.org", "-c", "commit.gpgSign=false")
    allowed = ("-c", "protocol.file.allow=always", "-c", "advice.detachedHead=false")
    done = subprocess.run(
        ("git", *identity, *allowed, *args),
        cwd=cwd,
        input=stdin,
        capture_output=True,
        check=False,
        timeout=60,
    )
    if check and done.returncode:
        raise AssertionError(f"git {args}: {os.fsdecode(done.stderr)}")
    return os.fsdecode(done.stdout).removesuffix("\n")


def make_repository(path: Path) -> Path:
    """A repository with the files the states need, on `main`, and a branch `side` that conflicts."""
    path.mkdir(parents=True)
    git(path, "init", "--quiet", "--initial-branch=main")
    for name, content in FILES.items():
        place = path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    (path / "run.sh").chmod(0o755)
    (path / "link").symlink_to("app.txt")
    git(path, "add", "--all")
    git(path, "commit", "--quiet", "-m", "Begin.")
    git(path, "branch", "side")
    change_on(path, "side", "app.txt", b"one\nside\nthree\n")
    for number in range(3):
        (path / "other.txt").write_bytes(b"other %d\n" % number)
        git(path, "commit", "--quiet", "-a", "-m", f"Go on, {number}.")
    (path / "app.txt").write_bytes(b"one\nmain\nthree\n")
    git(path, "commit", "--quiet", "-a", "-m", "Change on main.")
    return path


def change_on(path: Path, branch: str, name: str, content: bytes) -> None:
    """A commit on a branch that is not checked out, made without a second worktree."""
    blob = git(path, "hash-object", "-w", "--stdin", stdin=content)
    entries = git(path, "ls-tree", branch).splitlines()
    rows = [f"100644 blob {blob}\t{name}" if row.endswith(f"\t{name}") else row for row in entries]
    tree = git(path, "mktree", stdin="".join(f"{row}\n" for row in rows).encode())
    commit = git(path, "commit-tree", tree, "-p", branch, "-m", f"Change {name}.")
    git(path, "update-ref", f"refs/heads/{branch}", commit)
