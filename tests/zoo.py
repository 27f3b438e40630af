"""The zoo: every kind of unsaved work, each as a function that makes it in a linked worktree.

`STATES` is the list, `make_repository` the repository they need, `snapshot_of` what must come
back: two snapshots are equal when files, modes, links, index, HEAD and per-worktree refs are.
"""

from __future__ import annotations

import os
import shutil
import socket
import stat
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from isolation.work import Kind

FILES: dict[str, bytes] = {
    ".gitignore": b"*.log\n.env\nsecrets/\nnode_modules/\nscratch/\n",
    "app.txt": b"one\ntwo\nthree\n",
    "other.txt": b"other\n",
    "run.sh": b"#!/bin/sh\nexit 0\n",
    "src/main.txt": b"main\n",
    "src/deep/inner.txt": b"inner\n",
    "docs/guide.txt": b"guide\n",
}
OWN = frozenset({".env.worktree"})
DISPOSABLE = frozenset({b"node_modules", b"__pycache__"})


def is_disposable(path: bytes, is_dir: bool) -> bool:  # noqa: FBT001 - the shape of a Matcher
    """The zoo's disposable files: a directory named like a cache."""
    return is_dir and os.path.basename(path) in DISPOSABLE


def git(cwd: Path, *args: str, check: bool = True, stdin: bytes | None = None) -> str:
    """What git answers, with names of its own for author and committer."""
    identity = ("-c", "user.name=Zoo", "-c", "user.email=zoo@example.org", "-c", "commit.gpgSign=false")
    allowed = ("-c", "protocol.file.allow=always", "-c", "advice.detachedHead=false")
    done = subprocess.run(
        ("git", *identity, *allowed, *args), cwd=cwd, input=stdin, capture_output=True, check=False, timeout=60
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


@dataclass(frozen=True, slots=True)
class Cage:
    """A linked worktree to make a state in, and a directory outside of it."""

    root: Path
    outside: Path

    def git(self, *args: str, check: bool = True, stdin: bytes | None = None) -> str:
        """Git in the worktree."""
        return git(self.root, *args, check=check, stdin=stdin)

    def write(self, name: str, content: bytes = b"unsaved\n") -> Path:
        """A file with this content."""
        place = self.root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        return place

    def path(self, name: str) -> Path:
        """A path of git's own for this worktree."""
        return Path(self.git("rev-parse", "--path-format=absolute", "--git-path", name))

    def commit(self, name: str, content: bytes = b"unsaved\n") -> str:
        """A commit of one file; its id."""
        self.write(name, content)
        self.git("add", "-f", "--", name)
        self.git("commit", "--quiet", "-m", f"Commit {name}.")
        return self.git("rev-parse", "HEAD")


Maker = Callable[[Cage], "tuple[str, ...] | None"]


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """One kind of unsaved work. `make` answers the objects that must still exist afterwards."""

    name: str
    make: Maker
    kinds: frozenset[Kind]
    keepable: bool = True


STATES: list[State] = []


def state(*kinds: Kind, keepable: bool = True) -> Callable[[Maker], Maker]:
    """Enter a maker into the list under its own name."""

    def enter(make: Maker) -> Maker:
        name = make.__name__.replace("_", "-")
        STATES.append(State(name=name, make=make, kinds=frozenset(kinds), keepable=keepable))
        return make

    return enter


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that must come back."""

    head: str
    files: dict[str, tuple[str, int, bytes]] = field(default_factory=dict)
    index: str = ""
    flags: str = ""
    refs: str = ""
    operations: tuple[str, ...] = ()


def snapshot_of(worktree: Path, own: frozenset[str] = OWN) -> Snapshot:
    """Everything of a worktree that has to be the same when it comes back."""
    admin = Path(git(worktree, "rev-parse", "--absolute-git-dir"))
    marks = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "BISECT_LOG", "rebase-merge", "rebase-apply")
    return Snapshot(
        head=git(worktree, "rev-parse", "--verify", "--quiet", "HEAD", check=False),
        files=dict(sorted(read_files(worktree, worktree, own).items())),
        index=git(worktree, "ls-files", "-z", "--stage", "--resolve-undo"),
        flags=git(worktree, "ls-files", "-z", "-v", "-f"),
        refs=git(worktree, "for-each-ref", "refs/worktree", "refs/bisect", "refs/rewritten"),
        operations=tuple(name for name in marks if (admin / name).exists()),
    )


def read_files(root: Path, directory: Path, own: frozenset[str]) -> dict[str, tuple[str, int, bytes]]:
    """Type, mode bits and content of every path, disposable directories left out."""
    found: dict[str, tuple[str, int, bytes]] = {}
    for path in directory.iterdir():
        name = str(path.relative_to(root))
        mode = path.lstat().st_mode
        bits = stat.S_IMODE(mode)
        if name == ".git" or name in own or stat.S_ISSOCK(mode):
            continue
        if stat.S_ISLNK(mode):
            found[name] = ("link", 0, os.fsencode(path.readlink()))
        elif stat.S_ISDIR(mode) and not is_disposable(os.fsencode(name), True):  # noqa: FBT003
            found[name] = ("directory", bits, b"")
            found |= read_files(root, path, own)
        elif stat.S_ISREG(mode):
            found[name] = ("file", bits, b"" if is_pointer(path) else path.read_bytes())
        elif stat.S_ISFIFO(mode):
            found[name] = ("fifo", bits, b"")
    return found


def is_pointer(path: Path) -> bool:
    """Whether this is a submodule's `.git` file, which names another place after a restore."""
    return path.name == ".git"


# --- tracked files -----------------------------------------------------------------------------


@state(Kind.CHANGED)
def modified(cage: Cage) -> None:
    cage.write("app.txt")


@state(Kind.CHANGED)
def staged(cage: Cage) -> None:
    cage.write("app.txt")
    cage.git("add", "app.txt")


@state(Kind.CHANGED)
def staged_then_modified(cage: Cage) -> tuple[str, ...]:
    cage.write("app.txt", b"staged\n")
    cage.git("add", "app.txt")
    blob = cage.git("rev-parse", ":app.txt")
    cage.write("app.txt", b"modified again\n")
    return (blob,)


@state(Kind.CHANGED)
def staged_then_put_back(cage: Cage) -> tuple[str, ...]:
    before = (cage.root / "app.txt").read_bytes()
    cage.write("app.txt", b"only in the index\n")
    cage.git("add", "app.txt")
    blob = cage.git("rev-parse", ":app.txt")
    cage.write("app.txt", before)
    return (blob,)


@state(Kind.CHANGED)
def staged_new_then_deleted(cage: Cage) -> tuple[str, ...]:
    path = cage.write("new.txt", b"only in the index\n")
    cage.git("add", "new.txt")
    path.unlink()
    return (cage.git("rev-parse", ":new.txt"),)


@state(Kind.CHANGED)
def deleted(cage: Cage) -> None:
    (cage.root / "app.txt").unlink()


@state(Kind.CHANGED, Kind.UNTRACKED)
def removed_from_the_index_only(cage: Cage) -> None:
    cage.git("rm", "--quiet", "--cached", "app.txt")


@state(Kind.CHANGED)
def mode_change(cage: Cage) -> None:
    (cage.root / "app.txt").chmod(0o755)


@state(Kind.CHANGED)
def renamed_and_staged(cage: Cage) -> None:
    cage.git("mv", "app.txt", "renamed.txt")


@state(Kind.CHANGED)
def intent_to_add(cage: Cage) -> None:
    cage.write("intended.txt")
    cage.git("add", "--intent-to-add", "intended.txt")


@state(Kind.CHANGED)
def same_size_same_time_edit(cage: Cage) -> None:
    path = cage.root / "app.txt"
    before = path.stat()
    path.write_bytes(path.read_bytes().replace(b"main", b"MAIN"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@state(Kind.CHANGED)
def link_changed(cage: Cage) -> None:
    (cage.root / "link").unlink()
    (cage.root / "link").symlink_to("src/main.txt")


@state(Kind.CHANGED)
def file_became_link(cage: Cage) -> None:
    (cage.root / "app.txt").unlink()
    (cage.root / "app.txt").symlink_to("other.txt")


@state(Kind.CHANGED, Kind.UNTRACKED)
def file_became_directory(cage: Cage) -> None:
    (cage.root / "app.txt").unlink()
    cage.write("app.txt/inner.txt")


@state(Kind.CHANGED, Kind.UNTRACKED)
def directory_became_file(cage: Cage) -> None:
    shutil.rmtree(cage.root / "src")
    cage.write("src")


@state(Kind.CHANGED, Kind.UNTRACKED)
def directory_became_link(cage: Cage) -> None:
    elsewhere = cage.outside / "elsewhere"
    shutil.copytree(cage.root / "docs", elsewhere)
    shutil.rmtree(cage.root / "docs")
    (cage.root / "docs").symlink_to(elsewhere)


@state(Kind.CHANGED)
def line_endings(cage: Cage) -> None:
    cage.write(".gitattributes", b"*.txt text eol=crlf\n")
    cage.git("add", ".gitattributes")
    cage.write("docs/guide.txt", b"guide\r\nmixed\n\r\n")


@state(Kind.CHANGED)
def filtered(cage: Cage) -> None:
    cage.git("config", "filter.upper.clean", "tr a-z A-Z")
    cage.git("config", "filter.upper.smudge", "tr A-Z a-z")
    cage.write(".gitattributes", b"docs/* filter=upper ident\n")
    cage.write("docs/guide.txt", b"MiXed $Id$ case\n")


@state(Kind.CHANGED)
def split_index(cage: Cage) -> None:
    cage.git("update-index", "--split-index")
    cage.write("app.txt")
    cage.git("add", "app.txt")


@state(Kind.CHANGED)
def hundred_staged_files(cage: Cage) -> None:
    for number in range(100):
        cage.write(f"many/{number}.txt", b"%d\n" % number)
    cage.git("add", "many")


# --- hidden behind the index -------------------------------------------------------------------


@state(Kind.HIDDEN)
def assume_unchanged_edit(cage: Cage) -> None:
    cage.git("update-index", "--assume-unchanged", "app.txt")
    cage.write("app.txt")


@state(Kind.HIDDEN)
def assume_unchanged_deleted(cage: Cage) -> None:
    cage.git("update-index", "--assume-unchanged", "app.txt")
    (cage.root / "app.txt").unlink()


@state(Kind.HIDDEN)
def skip_worktree_edit(cage: Cage) -> None:
    cage.git("update-index", "--skip-worktree", "app.txt")
    cage.write("app.txt")


@state(Kind.HIDDEN)
def skip_worktree_edit_in_split_index(cage: Cage) -> None:
    cage.git("update-index", "--split-index")
    cage.git("update-index", "--skip-worktree", "app.txt")
    cage.write("app.txt")


@state(Kind.CHANGED)
def edit_outside_sparse_cone(cage: Cage) -> None:
    cage.git("sparse-checkout", "set", "--cone", "src")
    cage.write("docs/guide.txt", b"edited outside the cone\n")


@state(Kind.CHANGED)
def edit_outside_sparse_index(cage: Cage) -> None:
    cage.git("sparse-checkout", "set", "--cone", "--sparse-index", "src")
    cage.write("docs/guide.txt", b"edited outside the cone\n")


@state(Kind.UNTRACKED)
def new_file_outside_sparse_index(cage: Cage) -> None:
    cage.git("sparse-checkout", "set", "--cone", "--sparse-index", "src")
    cage.write("docs/new.txt")


@state(Kind.HIDDEN)
def edit_expected_outside_sparse_patterns(cage: Cage) -> None:
    cage.git("sparse-checkout", "set", "--no-cone", "/src/")
    cage.git("config", "--worktree", "sparse.expectFilesOutsideOfPatterns", "true")
    cage.git("config", "--worktree", "core.sparseCheckout", "false")
    cage.write("docs/guide.txt", b"edited outside the patterns\n")


# --- untracked and ignored ---------------------------------------------------------------------


@state(Kind.UNTRACKED)
def untracked(cage: Cage) -> None:
    cage.write("new.txt")


@state(Kind.UNTRACKED)
def untracked_in_new_directory(cage: Cage) -> None:
    cage.write("fresh/deep/new.txt")


@state(Kind.UNTRACKED)
def untracked_while_status_hides_it(cage: Cage) -> None:
    cage.git("config", "status.showUntrackedFiles", "no")
    cage.write("new.txt")


@state(Kind.UNTRACKED)
def untracked_links(cage: Cage) -> None:
    (cage.root / "to-file").symlink_to("app.txt")
    (cage.root / "to-directory").symlink_to("src")
    (cage.root / "dangling").symlink_to("nowhere/at/all")
    (cage.root / "absolute").symlink_to("/etc/hostname")


@state(Kind.IGNORED)
def ignored_file(cage: Cage) -> None:
    cage.write("debug.log")


@state(Kind.IGNORED)
def edited_env(cage: Cage) -> None:
    cage.write(".env", b"TOKEN=secret\n").chmod(0o600)


@state(Kind.IGNORED)
def ignored_directory(cage: Cage) -> None:
    cage.write("secrets/a/key.pem")
    cage.write("secrets/b.txt")
    (cage.root / "secrets/link").symlink_to("b.txt")
    (cage.root / "secrets/empty").mkdir()
    cage.write("secrets/node_modules/x/index.js")


@state(Kind.IGNORED)
def excluded_by_info_exclude(cage: Cage) -> None:
    exclude = cage.path("info/exclude")
    exclude.parent.mkdir(exist_ok=True)
    exclude.write_text("private.txt\n")
    cage.write("private.txt")


@state(Kind.IGNORED)
def excluded_by_global_excludes(cage: Cage) -> None:
    excludes = cage.outside / "excludes"
    excludes.write_text("global.txt\n")
    cage.git("config", "core.excludesFile", str(excludes))
    cage.write("global.txt")


@state(Kind.UNTRACKED, Kind.IGNORED)
def strange_names(cage: Cage) -> None:
    for name in (b"caf\xe9.txt", b"new\nline.txt", b'"quoted".txt', b" lead", b"-dash", b"tab\t.txt", b"back\\slash"):
        path = os.path.join(os.fsencode(cage.root), name)
        with open(path, "wb") as file:
            file.write(b"strange\n")
        with open(path + b".log", "wb") as file:
            file.write(b"strange and ignored\n")


@state(Kind.UNTRACKED)
def modes(cage: Cage) -> None:
    for bits in (0o400, 0o444, 0o600, 0o640, 0o711, 0o755, 0o777, 0o4755, 0o2755, 0o1644):
        cage.write(f"modes/{bits:o}").chmod(bits)
    cage.write("read-only/inner.txt").chmod(0o444)
    (cage.root / "read-only").chmod(0o555)
    (cage.root / "src").chmod(0o700)


@state(Kind.UNTRACKED)
def hard_links(cage: Cage) -> None:
    first = cage.write("first.txt")
    os.link(first, cage.root / "second.txt")


@state()
def empty_directories(cage: Cage) -> None:
    (cage.root / "empty/deep").mkdir(parents=True)
    (cage.root / "src/empty").mkdir(mode=0o750)


@state(Kind.UNREADABLE)
def fifo(cage: Cage) -> None:
    os.mkfifo(cage.root / "pipe", 0o640)


@state(Kind.UNREADABLE)
def unix_socket(cage: Cage) -> None:
    here = os.open(cage.root, os.O_RDONLY)
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(f"/proc/self/fd/{here}/listening")
    finally:
        os.close(here)


# --- commits -----------------------------------------------------------------------------------


@state(Kind.DETACHED)
def detached_commit(cage: Cage) -> tuple[str, ...]:
    cage.git("checkout", "--quiet", "--detach")
    return (cage.commit("new.txt"),)


@state(Kind.UNREFERENCED)
def commit_reset_away(cage: Cage) -> tuple[str, ...]:
    lost = cage.commit("new.txt")
    cage.git("reset", "--quiet", "--hard", "HEAD~1")
    return (lost,)


@state(Kind.UNREFERENCED)
def commit_amended_away(cage: Cage) -> tuple[str, ...]:
    lost = cage.commit("new.txt")
    cage.write("new.txt", b"better\n")
    cage.git("commit", "--quiet", "--amend", "-a", "-m", "Better.")
    return (lost,)


@state(Kind.UNREFERENCED)
def commits_rebased_away(cage: Cage) -> tuple[str, ...]:
    cage.git("reset", "--quiet", "--hard", "HEAD~2")
    first, second = cage.commit("a.txt"), cage.commit("b.txt")
    cage.git("rebase", "--quiet", "main")
    return (first, second)


@state(Kind.UNREFERENCED)
def worktree_refs(cage: Cage) -> tuple[str, ...]:
    commit = cage.commit("new.txt")
    cage.git("tag", "-a", "mark", "-m", "A mark.")
    tag = cage.git("rev-parse", "mark")
    blob = cage.git("hash-object", "-w", "--stdin", stdin=b"a blob in a ref\n")
    cage.git("update-ref", "refs/worktree/commit", commit)
    cage.git("update-ref", "refs/worktree/tag", tag)
    cage.git("update-ref", "refs/worktree/blob", blob)
    cage.git("tag", "-d", "mark")
    cage.git("reset", "--quiet", "--hard", "HEAD~1")
    return (commit, tag, blob)


@state()
def stash_stays_shared(cage: Cage) -> None:
    cage.write("app.txt")
    cage.git("stash", "--quiet")


@state(Kind.CHANGED)
def unborn_branch(cage: Cage) -> None:
    cage.git("checkout", "--quiet", "--orphan", "fresh")


# --- operations --------------------------------------------------------------------------------


@state(Kind.OPERATION, Kind.CHANGED)
def merge_in_conflict(cage: Cage) -> None:
    cage.git("merge", "side", check=False)


@state(Kind.OPERATION, Kind.CHANGED)
def merge_resolved(cage: Cage) -> None:
    cage.git("merge", "side", check=False)
    cage.write("app.txt", b"resolved\n")
    cage.git("add", "app.txt")


@state(Kind.OPERATION, Kind.CHANGED)
def cherry_pick_in_conflict(cage: Cage) -> None:
    cage.git("cherry-pick", "side", check=False)


@state(Kind.OPERATION, Kind.CHANGED)
def revert_in_conflict(cage: Cage) -> None:
    cage.commit("app.txt", b"three\n")
    cage.commit("app.txt", b"four\n")
    cage.git("revert", "--no-edit", "HEAD~1", check=False)


@state(Kind.OPERATION, Kind.CHANGED)
def rebase_in_conflict(cage: Cage) -> tuple[str, ...]:
    kept = cage.commit("app.txt", b"one\nours\nthree\n")
    cage.git("rebase", "side", check=False)
    return (kept,)


@state(Kind.OPERATION)
def bisect(cage: Cage) -> None:
    cage.git("bisect", "start", "HEAD", "HEAD~3")


@state(Kind.OPERATION)
def patch_being_applied(cage: Cage) -> None:
    patch = cage.git("format-patch", "--stdout", "-1", "side")
    cage.git("am", stdin=os.fsencode(patch + "\n"), check=False)


# --- repositories inside -----------------------------------------------------------------------


def make_nested(path: Path) -> str:
    """A repository with a commit of its own; the commit."""
    path.mkdir(parents=True)
    git(path, "init", "--quiet", "--initial-branch=main")
    (path / "inner.txt").write_bytes(b"inner\n")
    git(path, "add", "--all")
    git(path, "commit", "--quiet", "-m", "Inner.")
    return git(path, "rev-parse", "HEAD")


def add_submodule(cage: Cage) -> Path:
    """A submodule, committed, with its own git directory in the admin directory."""
    source = cage.outside / "library"
    make_nested(source)
    cage.git("submodule", "--quiet", "add", str(source), "library")
    cage.git("commit", "--quiet", "-m", "Add the library.")
    return cage.root / "library"


@state(Kind.NESTED)
def nested_repository(cage: Cage) -> None:
    make_nested(cage.root / "inside")
    cage.write("inside/dirty.txt")


@state(Kind.NESTED)
def nested_in_tracked_directory(cage: Cage) -> None:
    git(cage.root / "src", "init", "--quiet")
    git(cage.root / "src", "add", "main.txt")
    git(cage.root / "src", "commit", "--quiet", "-m", "Inner.")


@state(Kind.NESTED, Kind.IGNORED)
def nested_in_ignored_directory(cage: Cage) -> None:
    make_nested(cage.root / "scratch/inside")


@state(Kind.NESTED)
def nested_in_disposable_directory(cage: Cage) -> None:
    make_nested(cage.root / "node_modules/inside")


@state(Kind.NESTED)
def broken_nested_repository(cage: Cage) -> None:
    cage.write("inside/.git/notes.txt", b"not a repository\n")
    (cage.root / "inside/.git/broken").symlink_to("nowhere")


@state(Kind.NESTED)
def submodule_with_edits(cage: Cage) -> None:
    library = add_submodule(cage)
    (library / "inner.txt").write_bytes(b"edited\n")


@state(Kind.NESTED, Kind.CHANGED)
def submodule_with_commit(cage: Cage) -> None:
    library = add_submodule(cage)
    (library / "inner.txt").write_bytes(b"edited\n")
    git(library, "commit", "--quiet", "-a", "-m", "Edit.")


@state(Kind.NESTED)
def submodule_hidden_by_settings(cage: Cage) -> None:
    library = add_submodule(cage)
    cage.git("config", "submodule.library.ignore", "all")
    cage.git("config", "diff.ignoreSubmodules", "all")
    (library / "inner.txt").write_bytes(b"edited\n")


@state(Kind.NESTED)
def submodule_deinitialised_with_commit(cage: Cage) -> None:
    library = add_submodule(cage)
    git(library, "checkout", "--quiet", "-b", "work")
    (library / "inner.txt").write_bytes(b"edited\n")
    git(library, "commit", "--quiet", "-a", "-m", "Edit.")
    git(library, "checkout", "--quiet", "main")
    cage.git("submodule", "--quiet", "deinit", "library")
