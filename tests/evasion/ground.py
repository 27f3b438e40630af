"""The scene of every way: a slot that owns `src`, the person's checkout, a remote, a clone elsewhere."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from inspect import getmembers, isfunction
from pathlib import Path
from types import ModuleType

from poolmgr.services.scoping.outside import list_outside
from poolmgr.wiring import open_pool
from tests.e2e.pooled import Pooled
from tests.fixtures.commands import Commands
from tests.fixtures.repositories import Repository

GUIDE = "docs/guide.md"
BRANCH = "fix/login"
FILES = {
    ".gitignore": "*.log\n",
    "README.md": "# A project\n",
    "src/app.py": "def main() -> int:\n    return 0\n",
    "src/lib/text.py": "GREETING = 'hello'\n",
    GUIDE: "Start here.\nThen read on.\n",
    "docs/deep/more.md": "More.\n",
    "tools/run.sh": "#!/bin/sh\n",
}
PEOPLES = ("By a person.\n", "By a colleague.\n", "Newer.\n", "#!/bin/bash\n")
UNGUARDED = ("-c", "core.hooksPath=/dev/null")


class GitRefused(AssertionError):
    """Git ended with an error: a guard's word, where guards are on."""


@dataclass(frozen=True, slots=True)
class Scene:
    """The places, and the hands that work in them; nobody looks at exit codes."""

    room: Path
    are_guards_off: bool = True

    @property
    def repo(self) -> Path:
        """The person's checkout, on main."""
        return self.room / "repo"

    @property
    def slot(self) -> Path:
        """The scoped slot, on its branch."""
        return self.room / "repo.worktrees" / "pool-wt-1"

    @property
    def common(self) -> Path:
        """The git directory of all."""
        return self.repo / ".git"

    @property
    def admin(self) -> Path:
        """The git directory of the slot."""
        return self.common / "worktrees" / "pool-wt-1"

    def git(
        self,
        *args: str,
        at: Path | None = None,
        stdin: str | bytes | None = None,
        env: Mapping[str, str] | None = None,
        check: bool = True,
    ) -> str:
        """Git in the slot unless told, and without guards where the scene is; what it answers."""
        off = UNGUARDED if self.are_guards_off else ()
        return self.guarded(*off, *args, at=at, stdin=stdin, env=env, check=check)

    def guarded(
        self,
        *args: str,
        at: Path | None = None,
        stdin: str | bytes | None = None,
        env: Mapping[str, str] | None = None,
        check: bool = True,
    ) -> str:
        """Git as it stands there, guards and all."""
        done = subprocess.run(
            ("git", *args), cwd=at or self.slot, env={**os.environ, "GIT_EDITOR": "true", **(env or {})},
            input=stdin.encode() if isinstance(stdin, str) else stdin or b"",
            capture_output=True, check=False, timeout=60,
        )  # fmt: skip
        if check and done.returncode:
            raise GitRefused(f"git {' '.join(args)}: {done.returncode}: {os.fsdecode(done.stderr)}")
        return os.fsdecode(done.stdout).removesuffix("\n")

    def write(self, name: str, content: str | bytes, *, at: Path | None = None) -> Path:
        """A file in the slot, directories included."""
        place = (at or self.slot) / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.encode() if isinstance(content, str) else content)
        return place

    def commit(
        self, name: str = GUIDE, content: str | bytes = "Smuggled.\n", *, at: Path | None = None
    ) -> str:
        """A file committed in the slot, unguarded; the commit."""
        self.write(name, content, at=at)
        self.git("add", "--sparse", "--force", "--", name, at=at)
        self.git("commit", "--quiet", "--message", f"Change {name}.", at=at)
        return self.git("rev-parse", "HEAD", at=at)

    def work(self, content: str = "def main() -> int:\n    return 1\n") -> str:
        """A commit of what is owned."""
        return self.commit("src/app.py", content)

    def blob(self, content: str = "Smuggled.\n") -> str:
        """An object, in no tree yet."""
        return self.git("hash-object", "-w", "--stdin", stdin=content)

    def smuggled(self, parent: str = "HEAD", *, name: str = GUIDE, content: str = "Smuggled.\n") -> str:
        """A commit outside the scope, made of objects alone, on no branch; its parent as named."""
        index = {"GIT_INDEX_FILE": str(self.room / "index.aside")}
        self.git("read-tree", parent, env=index)
        self.git("update-index", "--add", "--cacheinfo", f"100644,{self.blob(content)},{name}", env=index)
        tree = self.git("write-tree", env=index)
        (self.room / "index.aside").unlink()
        return self.git("commit-tree", tree, "-p", parent, "-m", "Smuggled.")

    def clone(self) -> Path:
        """A clone in another place, with a commit outside the scope on main and on the slot's branch."""
        place = self.room / "clone"
        self.git("clone", "--quiet", str(self.common), str(place), at=self.room)
        self.commit(at=place)
        self.git("branch", "--force", BRANCH, "HEAD", at=place)
        return place

    def base(self, name: str = GUIDE, content: str = "By a person.\n") -> str:
        """A commit that a person makes on main, in the main checkout."""
        return self.commit(name, content, at=self.repo)

    def upstream(self, name: str = GUIDE, content: str = "By a colleague.\n") -> str:
        """A commit that a colleague pushed to the remote's main."""
        place = self.room / "colleague"
        if not place.exists():
            self.git("clone", "--quiet", str(self.room / "origin.git"), str(place), at=self.room)
        self.git("pull", "--quiet", "--ff-only", at=place)
        oid = self.commit(name, content, at=place)
        self.git("push", "--quiet", "origin", "HEAD:main", at=place)
        return oid

    def has(self, name: str) -> set[str]:
        """What the branch and the slot's HEAD have at a path, beside what it was and what a person did."""
        found = {""}
        for ref in (f"refs/heads/{BRANCH}", "worktrees/pool-wt-1/HEAD"):
            listed = self.git("--literal-pathspecs", "ls-tree", ref, "--", name, at=self.common, check=False)
            found.add(listed.partition("\t")[0])
        oids = [self.blob(content) for content in (FILES.get(name, ""), *PEOPLES)]
        return found - {"", *(f"{mode} blob {oid}" for mode in ("100644", "100755") for oid in oids)}

    def outside(self) -> list[str]:
        """What the release would name."""
        pool = open_pool(self.repo)
        try:
            snapshot = pool.snapshot()
            slot = next(slot for slot in snapshot.slots if slot.path == self.slot)
            lease = snapshot.lease_of(slot)
            assert lease
            return [each.path for each in list_outside(pool, slot, lease)]
        finally:
            pool.engine.close()


Way = Callable[[Scene], str]


def ways_of(*modules: ModuleType) -> Iterator[tuple[str, Way]]:
    """Every way of these modules with its name."""
    for module in modules:
        for name, way in getmembers(module, isfunction):
            if way.__module__ == module.__name__ and not name.startswith("_"):
                yield name, way


def lay_out(room: Path, commands: Commands) -> Scene:
    """A repository with a remote and history, a colleague's branch, and a slot lent with a scope."""
    scene = Scene(room)
    repo = Repository(scene.repo)
    repo.path.mkdir(parents=True)
    repo.git("init", "--quiet", "--template=")
    repo.commit("First.", {**FILES, GUIDE: "Old.\n"})
    repo.git("branch", "side")
    repo.commit("Second.", FILES)
    repo.git("checkout", "--quiet", "-b", "other")
    repo.commit("A colleague's.", {GUIDE: "Other.\n", "docs/new.md": "New.\n"})
    repo.git("checkout", "--quiet", "main")
    repo.git("clone", "--quiet", "--bare", "--template=", str(repo.path), str(room / "origin.git"))
    repo.git("remote", "add", "origin", str(room / "origin.git"))
    repo.git("fetch", "--quiet", "origin")
    repo.git("remote", "set-head", "origin", "main")
    pooled = Pooled(repo, commands)
    pooled.init(1)
    pooled.acquire("--branch", BRANCH, "--scope", "/src", "--base", "main")
    commands.settle()
    return scene


def put_back(template: Path, room: Path) -> Scene:
    """The scene as it was laid out, at the same place: slots know their path."""
    shutil.rmtree(room, ignore_errors=True)
    shutil.copytree(template, room, symlinks=True)
    return Scene(room)
