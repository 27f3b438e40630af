"""What a branch changes outside of what its lease owns. Runs in hooks: the standard library's core only.

A path is outside when it is not owned and its entry (mode and object) is none the base has: not
the merge base's, and none that a commit of the base introduced since. So merges, rebases and
squashes of the base are nobody's doing. `run(*args, stdin=…)` is git's standard output, exit
code 1 being an answer; its environment is `clear_sight(…)`, the options that no setting of the
repository may overrule are added here.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Protocol

    class Run(Protocol):
        """Git, in the repository."""

        def __call__(self, *args: str, stdin: bytes | None = None) -> bytes: ...

    Entry = tuple[bytes, bytes]

INDEX = ":index"
# Replace refs, grafts and commit graphs tell another history than the objects do; the others
# leave paths out of a diff or rewrite what is asked for.
OPTIONS = (
    "--no-replace-objects", "--literal-pathspecs",
    "-c", "core.commitGraph=false", "-c", "core.precomposeUnicode=false", "-c", "core.fsmonitor=false",
)  # fmt: skip
RAW = (
    "--raw", "-z", "--no-renames", "--no-abbrev",
    "--ignore-submodules=none", "--no-ext-diff", "--no-relative",
)  # fmt: skip
VARIABLES = {
    "GIT_GRAFT_FILE": os.devnull,
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "LC_ALL": "C",
}
# What git sets for its own hooks; all other GIT_* variables are somebody's wish.
HOOK_VARIABLES = frozenset((
    "GIT_DIR", "GIT_COMMON_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_QUARANTINE_PATH", "GIT_EXEC_PATH",
    "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM",
))  # fmt: skip
GITLINK = b"160000"
FILE_KIND = 3  # of a mode's digits: 100 a file, 120 a symlink, 160 a submodule
MOST_PATHS = 20  # as arguments; above, all of a commit is quicker to compare
UNMERGED = b"U"
NO_MODE = b"000000"


class Change:
    """One path that differs, what happened to it, and its entry now: mode and object."""

    __slots__ = ("entry", "kind", "path")

    def __init__(self, path: bytes, kind: str, entry: Entry | None) -> None:
        self.path = path
        self.kind = kind
        self.entry = entry

    def __repr__(self) -> str:
        return f"Change({self.path!r}, {self.kind!r}, {self.entry!r})"


def clear_sight(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment in which git shows what is there."""
    kept = {
        name: value
        for name, value in environment.items()
        if not name.startswith("GIT_") or name in HOOK_VARIABLES
    }
    return kept | VARIABLES


def find_outside(
    run: Run, old: str | None, new: str, bases: Iterable[str], owns: Callable[[bytes], bool]
) -> list[Change]:
    """What old..new changes outside; `new` may be INDEX, and without `old` the whole branch is judged.

    History is looked at only when something is suspicious.
    """
    sighted = with_options(run)
    if old is not None:
        suspects = list_suspects(read_changes(sighted, old, new), owns)
        if not suspects:
            return []
    else:
        suspects = {}
    sighted = to_the_roots(sighted)
    tips = resolve(sighted, bases)
    met = list_meetings(sighted, list_heads(sighted, old, new), tips)
    if old is None:
        for start in met or [empty_tree(sighted)]:
            suspects |= list_suspects(read_changes(sighted, start, new), owns)
    rest = dict(suspects)
    judge_against(sighted, rest, new, met)
    if rest and tips:
        drop_introduced(sighted, rest, new, tips, met)
    return [suspects[path] for path in sorted(rest)]


def with_options(run: Run) -> Run:
    """Git that no setting can blind."""

    def sighted(*args: str, stdin: bytes | None = None) -> bytes:
        return run(*OPTIONS, *args, stdin=stdin)

    return sighted


def to_the_roots(run: Run) -> Run:
    """Git that does not believe a `shallow` file whose commits have their parents here."""
    if run("rev-parse", "--is-shallow-repository").strip() != b"true":
        return run
    file = run("rev-parse", "--path-format=absolute", "--git-path", "shallow").removesuffix(b"\n")
    with open(file, "rb") as stream:
        cut = stream.read()
    parents = [line[7:] for line in run("cat-file", "--batch", stdin=cut).split(b"\n") if is_parent(line)]
    answer = (
        run("cat-file", "--batch-check", stdin=b"".join(oid + b"\n" for oid in parents)) if parents else b""
    )
    if b" missing\n" in answer:
        return run

    def whole(*args: str, stdin: bytes | None = None) -> bytes:
        return run("--shallow-file", "", *args, stdin=stdin)

    return whole


def is_parent(line: bytes) -> bool:
    """Whether a line of a commit object names a parent."""
    return line.startswith(b"parent ") and len(line) in (7 + 40, 7 + 64)


def read_changes(run: Run, old: str, new: str) -> dict[bytes, Change]:
    """Every path whose entry differs; one that a broken tree has twice has no entry."""
    if new == INDEX:
        raw = run("diff-index", "--cached", "--ita-invisible-in-index", *RAW, old, "--")
    else:
        raw = run("diff-tree", "-r", *RAW, old, new, "--")
    found: dict[bytes, Change] = {}
    for path, old_mode, entry, status in parse_raw(raw):
        if status != UNMERGED:
            is_twice = path in found
            found[path] = Change(path, kind_of(old_mode, entry[0]), None if is_twice else entry)
    return found


def parse_raw(raw: bytes) -> Iterable[tuple[bytes, bytes, Entry, bytes]]:
    """Path, former mode, entry and status letters of each record; a merge has a colon per parent."""
    fields = raw.split(b"\0")
    for at in range(0, len(fields) - 1, 2):
        words = fields[at].lstrip(b":").split(b" ")
        parents = len(fields[at]) - len(fields[at].lstrip(b":"))
        yield fields[at + 1], words[0], (words[parents], words[2 * parents + 1]), words[-1]


def kind_of(old: bytes, new: bytes) -> str:
    """What happened to an entry, by its modes."""
    if old == NO_MODE:
        return "added"
    if new == NO_MODE:
        return "deleted"
    if old[:FILE_KIND] != new[:FILE_KIND]:
        return "type"
    if new == GITLINK:
        return "submodule"
    return "changed" if old == new else "mode"


def list_suspects(changes: Mapping[bytes, Change], owns: Callable[[bytes], bool]) -> dict[bytes, Change]:
    """What is not owned. Nobody owns a name that git would not check out."""
    return {
        path: change
        for path, change in changes.items()
        if is_crooked(path) or not (owns(path) or (is_pointer(change) and owns(path + b"/.git")))
    }


def is_pointer(change: Change) -> bool:
    """Whether it is a submodule now: a directory to globs, owned by who owns what lies in it."""
    return change.entry is not None and change.entry[0] == GITLINK


def is_crooked(path: bytes) -> bool:
    """Whether only a tree made by hand has this name: `src/../docs/x` is below src for no glob."""
    return any(part in (b"", b".", b"..") or part.lower() == b".git" for part in path.split(b"/"))


def resolve(run: Run, names: Iterable[str]) -> list[str]:
    """The commits of those names that mean one, each once."""
    wanted = [name for name in names if "\n" not in name]
    asked = os.fsencode("".join(f"{name}^{{commit}}\n" for name in wanted))
    answer = run("cat-file", "--batch-check=%(objectname) %(objecttype)", stdin=asked) if wanted else b""
    lines = [line.rpartition(b" ") for line in answer.split(b"\n")]
    return list(dict.fromkeys(oid.decode() for oid, _, kind in lines if kind == b"commit"))


def list_heads(run: Run, old: str | None, new: str) -> list[str]:
    """The commits whose history counts: for the index those that the commit will have as parents."""
    return [new] if new != INDEX else resolve(run, [old or "HEAD", "MERGE_HEAD"])


def list_meetings(run: Run, heads: Sequence[str], tips: Sequence[str]) -> list[str]:
    """The merge bases with all bases taken together; an older one says nothing beside a newer one."""
    if not tips:
        return []
    found = [oid for head in heads for oid in run("merge-base", "--all", head, *tips).decode().split()]
    if len(heads) > 1 and len(found) > 1:
        return run("merge-base", "--independent", *dict.fromkeys(found)).decode().split()
    return found


def empty_tree(run: Run) -> str:
    """The tree without entries, by whatever hash the repository uses."""
    return run("hash-object", "-t", "tree", "--stdin", stdin=b"").decode().strip()


def judge_against(run: Run, rest: dict[bytes, Change], new: str, met: Sequence[str]) -> None:
    """Take out what every merge base has; where they disagree, history decides."""
    if not rest or not met:
        return
    differs = {path for oid in met for path in read_changes(run, oid, new)}
    for path in [path for path in rest if path not in differs]:
        del rest[path]


def drop_introduced(
    run: Run, rest: dict[bytes, Change], new: str, tips: Sequence[str], met: Sequence[str]
) -> None:
    """Take out what the base has now, or what a commit of it brought since the merge base."""
    since = list_commits(run, tips, met)
    for tip in set(tips) & set(since):
        differs = read_changes(run, tip, new)
        for path in [path for path in rest if path not in differs]:
            del rest[path]
    if rest and len(met) > 1:
        drop_of_sides(run, rest, new, met)
    introduced = read_introduced(run, since, rest)
    for path in [path for path, change in rest.items() if (path, change.entry) in introduced]:
        del rest[path]


def drop_of_sides(run: Run, rest: dict[bytes, Change], new: str, met: Sequence[str]) -> None:
    """Where merge bases disagree, take out what one of them has because its side brought it."""
    forks = run("merge-base", "--all", "--octopus", *met).decode().split()
    introduced = read_introduced(run, list_commits(run, met, forks), rest)
    for oid in met:
        differs = read_changes(run, oid, new)
        for path in [path for path in rest if path not in differs]:
            if (path, rest[path].entry) in introduced:
                del rest[path]


def list_commits(run: Run, tips: Sequence[str], without: Sequence[str], *how: str) -> list[str]:
    """What can be reached from the first and not from the others."""
    lines = "".join(f"{oid}\n" for oid in (*tips, *(f"^{oid}" for oid in without)))
    return run("rev-list", *how, "--stdin", stdin=lines.encode()).decode().split()


def read_introduced(
    run: Run, commits: Sequence[str], paths: Iterable[bytes] | None = None, *, merges: str = "first-parent"
) -> set[tuple[bytes, Entry | None]]:
    """Each path, or each of those asked for, with each entry that one of the commits gave it."""
    wanted = None if paths is None else set(paths)
    if not commits or wanted == set():
        return set()
    only = [os.fsdecode(path) for path in wanted] if wanted and len(wanted) <= MOST_PATHS else []
    how = ("--stdin", "--no-commit-id", "-r", "--root", f"--diff-merges={merges}")
    raw = run("diff-tree", *how, *RAW, "--", *only, stdin="".join(f"{oid}\n" for oid in commits).encode())
    return {(path, entry) for path, _, entry, _ in parse_raw(raw) if wanted is None or path in wanted}
