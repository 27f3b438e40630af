"""All facts about a worktree in one look: git's status and index beside what really lies there.

Status, listing, walk and the admin directory are read at the same time. Whatever lies on disk
and git does not account for is named `unaccounted`, never passed over.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from isolation.work.commits import Named, read_named
from isolation.work.status import Listing, Status, read_listing, read_status
from isolation.work.walk import Directory, walk

if TYPE_CHECKING:
    from isolation.git.program import Git
    from isolation.work.finding import Rules
    from isolation.work.place import Place

T = TypeVar("T")


@dataclass(slots=True)
class Repository:
    """A directory with a `.git` of its own; `cover` says in what kind of place it lies."""

    path: bytes
    cover: str


@dataclass(slots=True, kw_only=True)
class Survey:
    """What was seen. Covers: "" by git, ignored, disposable, nested, submodule."""

    place: Place
    status: Status
    listing: Listing
    named: Named
    directories: list[Directory]
    covers: dict[bytes, str] = field(default_factory=dict)
    untracked: list[bytes] = field(default_factory=list)
    ignored: list[bytes] = field(default_factory=list)
    disposable: list[bytes] = field(default_factory=list)
    inner: list[bytes] = field(default_factory=list)
    repositories: list[Repository] = field(default_factory=list)
    unaccounted: list[bytes] = field(default_factory=list)
    specials: list[bytes] = field(default_factory=list)
    unreadable: list[bytes] = field(default_factory=list)

    @property
    def present(self) -> frozenset[bytes]:
        """Every file that git lists or should list."""
        return frozenset(path for one in self.directories if not self.covers[one.path] for path in one.files)


class Reading(threading.Thread, Generic[T]):
    """One blocking read in the background."""

    def __init__(self, read: Callable[[], T]) -> None:
        super().__init__(daemon=True)
        self.read = read
        self.error: BaseException | None = None
        self.start()

    def run(self) -> None:
        """Read; an error waits for whoever wants the answer."""
        try:
            self.answer = self.read()
        except BaseException as error:  # noqa: BLE001 - raised again in the asking thread
            self.error = error

    def result(self) -> T:
        """The answer, or the error."""
        self.join()
        if self.error:
            raise self.error
        return self.answer


def survey(git: Git, place: Place, rules: Rules) -> Survey:
    """Look at everything once."""
    inside = place.git(git)
    status = Reading(lambda: read_status(inside))
    listing = Reading(lambda: read_listing(inside))
    directories = walk(os.fsencode(place.root))
    named = read_named(inside, place.admin)
    found = Survey(
        place=place,
        status=status.result(),
        listing=listing.result(),
        named=named,
        directories=directories,
    )
    classify(found, rules)
    return found


def classify(found: Survey, rules: Rules) -> None:
    """Put every path into its class."""
    untracked, ignored = frozenset(found.status.untracked), frozenset(found.status.ignored)
    own = frozenset(os.fsencode(path) for path in rules.own)
    accounted = found.listing.tracked | untracked | ignored | own
    found.untracked = [path for path in found.status.untracked if path[-1:] != b"/" and path not in own]
    for directory in found.directories:
        cover = cover_of(found, directory.path, ignored, rules)
        found.covers[directory.path] = cover
        if directory.repository and directory.path:
            found.repositories.append(Repository(directory.path, cover))
        if directory.unreadable and cover != "disposable":
            found.unreadable.append(directory.path)
        place_files(found, directory, cover, rules)
        if not cover:
            found.unaccounted += [path for path in directory.files if path not in accounted]
    for path in found.status.ignored:
        if path[-1:] != b"/" and path not in own:
            # A link to a shared cache directory is as disposable as the directory.
            is_link = os.path.islink(os.path.join(os.fsencode(found.place.root), path))
            is_waste = is_disposable(path, rules) or (is_link and is_disposable(path, rules, is_dir=True))
            wanted = found.disposable if is_waste else found.ignored
            wanted.append(path)


def cover_of(found: Survey, path: bytes, ignored: frozenset[bytes], rules: Rules) -> str:
    """In what kind of place a directory lies; its parent is known already."""
    if not path:
        return ""
    above = found.covers[os.path.dirname(path)]
    slashed = path + b"/"
    if not above:
        if path in found.listing.gitlinks:
            return "submodule"
        if slashed in found.status.untracked:
            return "nested"
        if slashed not in ignored:
            return ""
        above = "disposable" if is_disposable(path, rules, is_dir=True) else "ignored"
    elif above == "ignored" and rules.disposable(path, True):
        above = "disposable"
    else:
        return above
    if above == "disposable":
        found.disposable.append(slashed)
    return above


def place_files(found: Survey, directory: Directory, cover: str, rules: Rules) -> None:
    """Put the entries of one covered directory into their class."""
    if cover != "disposable":
        found.specials += directory.specials
    if cover == "ignored":
        for path in directory.files:
            wanted = found.disposable if rules.disposable(path, False) else found.ignored
            wanted.append(path)
    elif cover in {"nested", "submodule"}:
        found.inner += directory.files


def is_disposable(path: bytes, rules: Rules, *, is_dir: bool = False) -> bool:
    """Whether an ignored path is disposable, by itself or by a directory above it."""
    parts = path.split(b"/")
    above = (b"/".join(parts[:count]) for count in range(1, len(parts)))
    return rules.disposable(path, is_dir) or any(rules.disposable(one, True) for one in above)
