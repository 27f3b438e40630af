"""A scoped slot without a pool: a worktree, its guards and the facts of its lease."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from isolation.git.program import Git
from isolation.guards.facts import GuardFacts, Runs, write_facts
from isolation.guards.install import ensure_acting, worktree_config
from isolation.guards.verify import verify_guards
from tests.fixtures.repositories import Repositories, Repository
from tracks.globs import compile_globs

FILES = {
    ".gitignore": "*.log\n",
    "README.md": "# A project\n",
    "CHANGELOG.md": "Nothing yet.\n",
    "src/app.py": "def main() -> int:\n    return 0\n",
    "src/lib/text.py": "GREETING = 'hello'\nFAREWELL = 'bye'\nTHANKS = 'thanks'\n",
    "src/run.sh": "#!/bin/sh\n",
    "docs/guide.md": "Start here.\n",
    "docs/more/deep.md": "Deeper.\nAnd deeper.\nAnd deeper still.\n",
    "lib/other.py": "OTHER = 1\n",
}


@dataclass(frozen=True, slots=True)
class Ended:
    """How a git command ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def said(self) -> list[str]:
        """The lines of poolmgr."""
        return [line for line in self.stderr.splitlines() if line.startswith("poolmgr: ")]


@dataclass(frozen=True, slots=True)
class Guarded:
    """A slot that owns `src/`."""

    repo: Repository
    path: Path
    admin: Path

    @property
    def hooks(self) -> Path:
        """Where our hooks are."""
        return self.admin / "poolmgr-hooks"

    @property
    def head(self) -> str:
        """The commit the slot is at."""
        return self("rev-parse", "HEAD").stdout.strip()

    def __call__(self, *args: str, stdin: str | None = None, cwd: Path | None = None) -> Ended:
        """Git in the slot; it must end with 0."""
        done = self.attempt(*args, stdin=stdin, cwd=cwd)
        assert done.code == 0, f"git {args}: {done.code}\n{done.stdout}{done.stderr}"
        return done

    def attempt(self, *args: str, stdin: str | None = None, cwd: Path | None = None) -> Ended:
        """Git in the slot, however it ends."""
        return self.run("git", *args, stdin=stdin, cwd=cwd)

    def run(self, *argv: str | Path, stdin: str | None = None, cwd: Path | None = None, **more: str) -> Ended:
        """A program in the slot, however it ends."""
        done = subprocess.run(
            argv, cwd=cwd or self.path, input=(stdin or "").encode(), capture_output=True, timeout=60,
            check=False, env={**os.environ, **more},
        )  # fmt: skip
        return Ended(done.returncode, os.fsdecode(done.stdout), os.fsdecode(done.stderr))

    def refused(self, *args: str, stdin: str | None = None) -> Ended:
        """Git in the slot, refused by the guard in words; the branch stays where it was."""
        before = self.repo.git("rev-parse", "refs/heads/work")
        done = self.attempt(*args, stdin=stdin)
        assert done.code != 0, f"git {args} went through\n{done.stdout}{done.stderr}"
        assert any(line.startswith("poolmgr: refused: ") for line in done.said), done.stderr
        assert self.repo.git("rev-parse", "refs/heads/work") == before
        return done

    def write(self, name: str, content: str = "changed\n") -> None:
        """A file in the slot."""
        (self.path / name).parent.mkdir(parents=True, exist_ok=True)
        (self.path / name).write_text(content)

    def verify(self) -> tuple[str, ...]:
        """What was found changed in the guards."""
        return verify_guards(Git(self.path), self.admin)

    def facts(self, **changed: object) -> None:
        """Other facts of the lease."""
        oid = self.repo.git("rev-parse", "main")
        facts = GuardFacts(
            slot="pool-wt-1", lease="lease-1", branch="refs/heads/work", bases=("refs/heads/main",),
            base_oid=oid, owns=("/src/",), runs=runs_of("/src/"), shared=runs_of("CHANGELOG.md", "*.lock"),
            unstage=runs_of(".beads/"), visible=runs_of("/*.md", ".gitignore"), program=(),
        )  # fmt: skip
        write_facts(self.admin, facts._replace(**changed))  # type: ignore[arg-type]


def runs_of(*globs: str) -> Runs:
    """The expressions of these globs."""
    return tuple((negated, pattern.pattern) for negated, pattern in compile_globs(globs).runs)


def make_repository(root: Path) -> Repository:
    """A repository whose worktrees may have settings of their own."""
    repo = Repositories(root)(files=FILES, commits=1)
    repo.git("config", "extensions.worktreeConfig", "true")
    return repo


def make_guarded(repo: Repository, path: Path, python: str = sys.executable) -> Guarded:
    """A slot at `path`, on a new branch `work`."""
    repo.git("worktree", "add", "--quiet", "-B", "work", str(path), "main")
    return place_guards(repo, path, Path(repo.git("rev-parse", "--absolute-git-dir", cwd=path)), python)


def place_guards(repo: Repository, path: Path, admin: Path, python: str = sys.executable) -> Guarded:
    """The same, of a worktree that is there."""
    (admin / "config.worktree").write_bytes(worktree_config(admin))
    ensure_acting(admin, python)
    slot = Guarded(repo, path, admin)
    slot.facts()
    return slot


def write_hook(place: Path, name: str, body: str) -> Path:
    """A hook that does this, in sh."""
    place.mkdir(parents=True, exist_ok=True)
    (place / name).write_text(f"#!/bin/sh\n{body}\n")
    (place / name).chmod(0o755)
    return place / name
