"""What a view's lines show, by git's own reading, is what the globs mean."""

from __future__ import annotations

import os
import random
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from isolation.git.program import Git
from isolation.guards.install import worktree_config
from isolation.scope.agreeing import agree
from isolation.scope.exact import is_certain, list_risky
from isolation.scope.ground import require_ground
from isolation.scope.refill import SPARSE
from isolation.scope.shown import Chooser
from isolation.scope.view import FULL, Mode, View, Wish, plan_view
from tests.fixtures.repositories import Repositories, Repository
from tests.integration.test_globs_against_git import grow_tree, random_globs
from tracks.globs import compile_globs

FILES = (
    "README.md", "d/x", "d/y.log", "d/sub/z.log", "e/a.py", "e/test_a.py", "packages/one/package.json",
    "packages/one/src/a.py", "packages/legacy/package.json", "packages/legacy/src/old.py",
    "packages/two/deep/er/go.mod", "packages/two/deep/er/main.go", "odd[1]*/a", "odd[1]*/b/c", "strange.py/x",
)  # fmt: skip


def chooser(*lists: Iterable[str]) -> Chooser:
    """What any of the lists means."""
    globs = [compile_globs(tuple(lines)) for lines in lists]
    return lambda paths: [path for path in paths if any(one.matches(path) for one in globs)]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    repo = Repositories(tmp_path_factory.mktemp("plain"))(files=dict.fromkeys(FILES, "x\n"), commits=1)
    repo.git("config", "extensions.worktreeConfig", "true")
    return repo


def agreed(wish: Wish, paths: Iterable[str]) -> View:
    """The view of a wish on a tree."""
    view = plan_view(wish)
    if is_certain(wish.lists):
        return view
    risky = list_risky(wish.lists)
    above = {parent for path in paths for parent in Path(path).parents if parent.name}
    if risky is not None and not any(compile_globs(risky).matches(str(each), is_dir=True) for each in above):
        return view
    return agree(view, compile_globs(view.lines).runs, tuple(map(os.fsencode, paths)), chooser(*wish.lists))


def shown_by(repo: Repository, view: View) -> set[str]:
    """The files that git shows of HEAD, in a worktree and an index of their own."""
    with TemporaryDirectory() as directory:
        admin, tree = Path(directory, "admin"), Path(directory, "tree")
        (admin / "info").mkdir(parents=True)
        tree.mkdir()
        (admin / "info" / "sparse-checkout").write_bytes(view.text)
        (admin / "commondir").write_text(f"{repo.path}/.git\n")
        (admin / "HEAD").write_text(repo.git("rev-parse", "HEAD") + "\n")
        asking = Git(tree).with_variables(GIT_DIR=str(admin), GIT_WORK_TREE=str(tree))
        sparse = ("-c", "core.sparseCheckout=true", "-c", "core.sparseCheckoutCone=false")
        asking.run(*sparse, "read-tree", "-m", "-u", "HEAD")
        rows = asking.run(*sparse, "ls-files", "-z", "-t").fields
        shown = {row[2:] for row in rows if not row.startswith("S")}
        assert shown == {str(one.relative_to(tree)) for one in tree.rglob("*") if one.is_file()}
        return shown


@pytest.mark.parametrize(
    ("globs", "expected"),
    [
        (("d/", "!d/x"), {"d/x", "d/y.log", "d/sub/z.log"}),
        (("d/", "!*.log"), {"d/x", "d/y.log", "d/sub/z.log"}),
        (("/d/*", "!d/x"), {"d/y.log", "d/sub/z.log"}),
        (("packages/*/", "!packages/legacy/"), {one for one in FILES if "/one/" in one or "/two/" in one}),
        (
            ("*.py", "!test_*"),
            {"e/a.py", "packages/one/src/a.py", "packages/legacy/src/old.py", "strange.py/x"},
        ),
        (("e/**", "!e/a.py"), {"e/test_a.py"}),
        (("odd\\[1]\\*/",), {"odd[1]*/a", "odd[1]*/b/c"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)  # fmt: skip
def test_negations_mean_what_ignoring_means(
    plain: Repository, globs: tuple[str, ...], expected: set[str]
) -> None:
    view = agreed(Wish(owns=globs), FILES)
    assert shown_by(plain, view) == expected


def test_one_list_takes_nothing_from_another(plain: Repository) -> None:
    wish = Wish(owns=("packages/*/", "!packages/legacy/"), sees=("packages/legacy/",))
    assert is_certain(wish.lists)
    assert shown_by(plain, plan_view(wish)) == {path for path in FILES if path.startswith("packages/")}


@pytest.mark.parametrize("seed", range(3))
def test_exact_lines_mean_their_globs(make_repo: Repositories, seed: int, share: float) -> None:
    draw = random.Random(seed)
    repo = make_repo(files={}, commits=0)
    grow_tree(repo.path, draw)
    repo.commit("Grow.")
    paths = repo.git("ls-files", "-z").split("\0")[:-1]
    for _ in range(int(60 * share)):
        wish = Wish(owns=tuple(random_globs(draw)), sees=tuple(random_globs(draw)))
        wanted = {os.fsdecode(path) for path in chooser(*wish.lists)(map(os.fsencode, paths))}
        assert shown_by(repo, agreed(wish, paths)) == wanted, wish


def test_everything_and_nothing_are_a_full_view() -> None:
    assert plan_view(Wish()) == FULL == plan_view(Wish(owns=("a",), everything=True))
    assert FULL.digest == "" != plan_view(Wish(owns=("a",))).digest


def test_a_cone_shows_its_directories_and_the_files_of_those_above(plain: Repository) -> None:
    view = plan_view(Wish(cones=("packages/one", "odd[1]*/b"), owns=("/packages/one/", "/odd\\[1]\\*/b/")))
    assert view.mode is Mode.CONE
    assert listed(plain, view) == {
        "README.md", "packages/one/package.json", "packages/one/src/a.py", "odd[1]*/a", "odd[1]*/b/c",
    }  # fmt: skip


def test_a_manifest_is_shown_with_the_files_beside_it_and_no_more(plain: Repository) -> None:
    manifests = (
        b"packages/two/deep/er/go.mod",
        b"packages/legacy/package.json",
        b"packages/one/package.json",
    )
    view = plan_view(Wish(cones=("packages/one/src",), owns=("/packages/one/src/",), shown=manifests))
    assert listed(plain, view) == {
        "README.md", "packages/one/package.json", "packages/one/src/a.py", "packages/legacy/package.json",
        "packages/two/deep/er/go.mod", "packages/two/deep/er/main.go",
    }  # fmt: skip


def listed(repo: Repository, view: View) -> set[str]:
    """The files a new worktree with this view has; it must be a cone to git, sparse, and stay so."""
    with cone_worktree(repo, view) as place:
        tree = Repository(place)
        found: set[str] = set()
        for _ in range(2):
            assert any(
                line.startswith("040000 ")
                for line in tree.git(*SPARSE, "ls-files", "-s", "--sparse").split("\n")
            )
            assert tree.git(*SPARSE, "status", "--porcelain") == ""
            found = {str(one.relative_to(place)) for one in place.rglob("*") if one.is_file()} - {".git"}
            tree.git(*SPARSE, "sparse-checkout", "reapply")
        assert "warning" not in tree.git("sparse-checkout", "list")
        return found


@contextmanager
def cone_worktree(repo: Repository, view: View) -> Iterator[Path]:
    """A worktree that shows a view, as a slot does."""
    place = repo.path.parent / f"tree-{view.digest}"
    repo.git("worktree", "add", "--quiet", "--no-checkout", "--detach", str(place), "HEAD")
    admin = require_ground(place).admin
    (admin / "info").mkdir(exist_ok=True)
    (admin / "info" / "sparse-checkout").write_bytes(view.text)
    (admin / "config.worktree").write_bytes(worktree_config(admin, view.mode))
    repo.git(*SPARSE, "read-tree", "-m", "-u", "HEAD", cwd=place)
    yield place
    repo.git("worktree", "remove", "--force", str(place))
