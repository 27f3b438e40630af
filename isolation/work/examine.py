"""Judges a survey: which of the facts are unsaved work, of which kind."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from isolation.errors import GitFailed
from isolation.work.finding import Finding, Identity, Kind, Rules, Work, read_identity
from isolation.work.hidden import list_hidden
from isolation.work.nested import Nest, describe_module, describe_work, list_module_directories
from isolation.work.operation import list_operations
from isolation.work.place import is_state, read_place
from isolation.work.pointer import find_git_directory, is_outside
from isolation.work.survey import Repository, Survey, survey
from isolation.work.walk import list_everything

if TYPE_CHECKING:
    from isolation.git.program import Git

LETTERS = {"M": "modified", "T": "type changed", "A": "added", "D": "deleted", "R": "renamed"}
DETAIL = {Kind.PLACED: "changed since it was placed"}


def examine(git: Git, worktree: Path, rules: Rules) -> Work:
    """All unsaved work in a worktree. Nothing is written and nothing locked."""
    place = read_place(git, worktree)
    try:
        return judge(git, survey(git, place, rules), rules)
    except GitFailed as error:
        unread = Finding(kind=Kind.UNREADABLE, detail=f"git cannot read this worktree: {error.message}")
        return Work(findings=(unread,))


def judge(git: Git, found: Survey, rules: Rules) -> Work:
    """The findings of a survey, with the identity of everything that may have to go."""
    hidden = list_hidden(found.place.git(git), found.place.admin, found.listing, found.present)
    nested = tuple(list_nested(git, found, rules))
    findings = (
        *list_tracked(found, hidden, rules),
        *list_loose(found, rules),
        *list_strange(found),
        *nested,
        *(Finding(kind=Kind.OPERATION, detail=name) for name in list_operations(found.place.admin)),
        *list_commits(found),
    )
    root = os.fsencode(found.place.root)
    changed = (*(one.path for one in found.status.changes), *hidden)
    return Work(
        findings=findings,
        head=found.status.head,
        branch=found.status.branch,
        changed={path: read_identity(os.path.join(root, path)) for path in changed},
        seen=read_identities(
            root, (*found.untracked, *found.ignored, *found.inner, *found.specials, *found.unaccounted)
        ),
        disposable=tuple(found.disposable),
        repositories=read_repositories(root, found, nested),
        state=read_state(os.fsencode(found.place.admin)),
    )


def read_repositories(
    root: bytes, found: Survey, nested: tuple[Finding, ...]
) -> dict[bytes, dict[bytes, Identity]]:
    """The nested repositories that have to go, each with what is in its `.git`.

    Those in disposable places go with them, unless they hold work: then all of them counts.
    """
    unsaved = {os.fsencode(one.path) for one in nested}
    repositories: dict[bytes, dict[bytes, Identity]] = {}
    for one in found.repositories:
        if one.cover != "disposable":
            repositories[one.path] = read_tree(root, os.path.join(one.path, b".git"))
        elif one.path in unsaved:
            repositories[one.path] = read_tree(root, one.path)
    return repositories


def read_tree(root: bytes, path: bytes) -> dict[bytes, Identity]:
    """The identity of every path at and below this one that is no directory."""
    inner = list_everything(root, path) if is_directory(os.path.join(root, path)) else []
    found = read_identities(root, (path, *inner))
    return {one: identity for one, identity in found.items() if not stat.S_ISDIR(identity.mode)}


def is_directory(path: bytes) -> bool:
    """Whether a directory and no link to one lies there."""
    return stat.S_ISDIR(os.lstat(path).st_mode)


def read_state(admin: bytes) -> dict[bytes, Identity]:
    """The identity of every file of the admin directory that is the worktree's own state."""
    paths = (path for path in list_everything(admin, b"") if is_state(path))
    # Git freshens the time of a shared index whenever it reads it; the index names its content.
    paths = (path for path in paths if not path.startswith(b"sharedindex."))
    found = read_identities(admin, paths)
    return {one: identity for one, identity in found.items() if not stat.S_ISDIR(identity.mode)}


def read_identities(root: bytes, paths: Iterable[bytes]) -> dict[bytes, Identity]:
    """The identity of each path that is still there."""
    pairs = ((path, read_identity(os.path.join(root, path))) for path in paths)
    return {path: identity for path, identity in pairs if identity}


def list_tracked(found: Survey, hidden: tuple[bytes, ...], rules: Rules) -> Iterator[Finding]:
    """Changed tracked files and those hidden behind flags."""
    for change in found.status.changes:
        path = os.fsdecode(change.path)
        if change.letters == ".M" and change.submodule[0] == "S" and change.submodule[1] != "C":
            continue  # what is unsaved inside a submodule is said of that repository
        kind = kind_of(found.place.root, path, rules, Kind.CHANGED)
        if kind:
            yield Finding(kind=kind, path=path, detail=describe_change(change.letters))
    for hidden_path in hidden:
        yield Finding(kind=Kind.HIDDEN, path=os.fsdecode(hidden_path), detail="changed behind an index flag")


def describe_change(letters: str) -> str:
    """The two letters of git status in words."""
    staged, unstaged = LETTERS.get(letters[0]), LETTERS.get(letters[1])
    parts = (f"{staged} in the index" if staged else "", unstaged or "")
    return "in conflict" if "U" in letters else ", ".join(part for part in parts if part)


def kind_of(root: Path, path: str, rules: Rules, kind: Kind) -> Kind | None:
    """`kind` for what poolmgr did not place; PLACED when it did and it changed; else None."""
    wanted = rules.placed.get(path)
    if wanted is None:
        return kind
    return None if read_digest(root / path) == wanted else Kind.PLACED


def read_digest(path: Path) -> str:
    """The SHA-256 of a regular file, "" when there is none to read."""
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def list_loose(found: Survey, rules: Rules) -> Iterator[Finding]:
    """Untracked files, and ignored ones that are not disposable."""
    for kind, paths in ((Kind.UNTRACKED, found.untracked), (Kind.IGNORED, found.ignored)):
        for raw in paths:
            path = os.fsdecode(raw)
            verdict = kind_of(found.place.root, path, rules, kind)
            if verdict:
                yield Finding(kind=verdict, path=path, detail=DETAIL.get(verdict, ""))


def list_strange(found: Survey) -> Iterator[Finding]:
    """What has no content to keep, cannot be read, or git does not speak of."""
    root = os.fsencode(found.place.root)
    for path in found.specials:
        detail = describe_special(os.path.join(root, path))
        yield Finding(kind=Kind.UNREADABLE, path=os.fsdecode(path), detail=detail)
    for path in found.unreadable:
        yield Finding(kind=Kind.UNREADABLE, path=os.fsdecode(path), detail="a directory that cannot be read")
    for path in found.unaccounted:
        yield Finding(kind=Kind.UNREADABLE, path=os.fsdecode(path), detail="git does not list it")


def describe_special(path: bytes) -> str:
    """What a file without content is."""
    identity = read_identity(path)
    mode = identity.mode if identity else 0
    if stat.S_ISFIFO(mode):
        return "a FIFO"
    return "a socket" if stat.S_ISSOCK(mode) else "a device"


def list_nested(git: Git, found: Survey, rules: Rules) -> Iterator[Finding]:
    """Nested repositories and submodules that hold work of their own."""
    for repository in found.repositories:
        detail = describe_repository(git, found, repository, rules)
        if detail:
            yield Finding(kind=Kind.NESTED, path=os.fsdecode(repository.path), detail=detail)
    held = {os.path.dirname(path) for path in found.inner}
    for path in found.listing.gitlinks & held:
        if path not in {one.path for one in found.repositories}:
            yield Finding(kind=Kind.NESTED, path=os.fsdecode(path), detail="files where a submodule belongs")
    checked_out = {find_git_directory(found.place, one.path) for one in found.repositories}
    for module in list_module_directories(found.place.admin):
        detail = "" if module in checked_out else describe_module(git, module)
        if detail:
            name = str(module.relative_to(found.place.admin / "modules"))
            yield Finding(kind=Kind.NESTED, path=name, detail=detail)


def describe_repository(git: Git, found: Survey, repository: Repository, rules: Rules) -> str:
    """Why a nested repository counts, "" when it does not."""
    above = found.covers[os.path.dirname(repository.path)]
    if repository.cover == "nested" and above == "nested":
        return ""  # a part of the nested repository around it
    nest = Nest(
        root=found.place.root / os.fsdecode(repository.path),
        directory=find_git_directory(found.place, repository.path),
        disposable=repository.cover == "disposable",
    )
    detail = describe_work(git, nest, rules.disposable)
    if nest.disposable and is_outside(nest.directory, found.place):
        return detail or "a worktree of its own"
    if repository.cover == "submodule" and not found.status.submodules:
        return detail or "a submodule git cannot compare"
    if detail or nest.disposable or repository.cover == "submodule":
        return detail
    return "a nested repository that is not part of this one"


def list_commits(found: Survey) -> Iterator[Finding]:
    """Commits that no branch, tag or remote reaches."""
    head = found.status.head
    if head in found.named.commits:
        yield Finding(kind=Kind.DETACHED, detail=f"HEAD is at {head[:12]}, which no branch has")
    for tip in found.named.tips:
        if tip != head:
            yield Finding(kind=Kind.UNREFERENCED, detail=f"commit {tip[:12]}")
    for oid in found.named.tags:
        yield Finding(kind=Kind.UNREFERENCED, detail=f"tag {oid[:12]}")
    for oid, kind in found.named.others:
        yield Finding(kind=Kind.UNREFERENCED, detail=f"{kind} {oid[:12]}")
