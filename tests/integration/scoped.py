"""Short words for the tests of scopes: a repository with packages, a slot of it, and views."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from isolation.git.program import Git
from isolation.guards.install import worktree_config
from isolation.scope.ground import Ground, require_ground
from isolation.scope.refill import Wanted, refill
from isolation.scope.shown import Runs
from isolation.scope.view import Mode, View, Wish, plan_view
from isolation.work import Finding, Matcher, Rules, examine
from tests.fixtures.repositories import Repositories, Repository
from tracks.globs import compile_globs

FILES = {
    ".gitignore": "*.log\nbuild/\nnode_modules/\n.env\n",
    "README.md": "# Packages\n",
    "package.json": "{}\n",
    "packages/one/package.json": "{}\n",
    "packages/one/src/a.py": "A = 1\n",
    "packages/one/src/b.py": "B = 1\n",
    "packages/two/package.json": "{}\n",
    "packages/two/src/c.py": "C = 1\n",
    "packages/two/test/c.py": "assert True\n",
    "docs/guide.md": "Guide.\n",
    "docs/deep/er/notes.md": "Notes.\n",
}
RULES = Rules(disposable=lambda path, is_dir: is_dir and path.endswith(b"node_modules"))
MANIFESTS = (b"package.json", b"packages/one/package.json", b"packages/two/package.json")
CONE = plan_view(Wish(owns=("/packages/one/",), cones=("packages/one",), shown=MANIFESTS))
OTHER = plan_view(Wish(owns=("/docs/",), cones=("docs",), shown=MANIFESTS))
EXACT = plan_view(Wish(owns=("/packages/one/**/*.py",), essentials=("package.json", "/*.md", "/.gitignore")))
TOP = {".gitignore", "README.md", "package.json"}
SHOWN = {
    CONE.digest: {*TOP, *(name for name in FILES if "/one/" in name), "packages/two/package.json"},
    OTHER.digest: {*TOP, *(name for name in FILES if "docs/" in name or name.endswith("package.json"))},
    EXACT.digest: {*TOP, *(name for name in FILES if name.endswith("package.json") or "one/src" in name)},
    "": set(FILES),
}
VIEWS = {"cone": CONE, "exact": EXACT}


@dataclass(frozen=True, slots=True)
class Slot:
    """A linked worktree and the aside its content goes to."""

    repo: Repository
    tree: Repository
    aside: Path

    @property
    def path(self) -> Path:
        return self.tree.path

    @property
    def git(self) -> Git:
        return Git(self.path)

    @property
    def ground(self) -> Ground:
        return require_ground(self.path)

    def wanted(self, view: View, revision: str = "main", back: tuple[bytes, ...] = ()) -> Wanted:
        """What fills the slot with this view."""
        config = worktree_config(self.ground.admin, view.mode)
        return Wanted(self.repo.git("rev-parse", revision), view, config, back)

    def refill(self, view: View, revision: str = "main", stay: Matcher | None = None) -> None:
        """Fill the slot, with the aside of this slot."""
        refill(self.git, self.path, self.aside, self.wanted(view, revision), stay=stay)

    def show(self, view: View) -> None:
        """Fill the slot without a trace of what was in it."""
        aside = self.aside.with_name(f"{self.aside.name}-0")
        refill(self.git, self.path, aside, self.wanted(view))
        assert not self.look(aside / "tree")

    def look(self, path: Path | None = None) -> tuple[Finding, ...]:
        """What is unsaved in the slot, or in an aside."""
        return examine(self.git.at(path or self.path), path or self.path, RULES).findings

    def files(self) -> set[str]:
        """Every file that lies in the slot."""
        found = (str(one.relative_to(self.path)) for one in self.path.rglob("*") if not one.is_dir())
        return {name for name in found if name != ".git"}


def make_source(directory: Path) -> Repository:
    """The repository, on main, with a branch `later` that changes things inside and outside of views."""
    repo = Repositories(directory)(files=FILES, commits=1)
    repo.git("config", "extensions.worktreeConfig", "true")
    repo.git("checkout", "--quiet", "-b", "later")
    repo.commit("Later.", {"packages/one/src/a.py": "A = 2\n", "docs/guide.md": "More.\n", "new/file": "x\n"})
    repo.git("checkout", "--quiet", "main")
    return repo


def make_slot(repo: Repository, directory: Path) -> Slot:
    """A full slot at main."""
    path = directory / "slots" / "wt-1"
    repo.git("worktree", "add", "--quiet", "--detach", str(path), "main")
    return Slot(repo, Repository(path), directory / "slots" / ".aside" / "1-1")


def runs_of(view: View) -> Runs:
    """A view's lines, compiled."""
    return compile_globs(view.lines).runs if view.mode is Mode.EXACT else ()
