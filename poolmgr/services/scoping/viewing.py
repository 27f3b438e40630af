"""What a scope shows: its globs, what every scope sees, and the mirrors of what it owns.

The paths of a tree that are always shown are found once per tree and kept; who asks for a scope
pays for the scope, not for the repository.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

from isolation.git.program import Git
from isolation.git.refs import tree_of
from isolation.scope.exact import is_certain, list_risky
from isolation.scope.view import FULL, Mode, View, Wish, plan_view
from poolmgr.core.scope import Scope
from poolmgr.services.ground.pool import Pool
from poolmgr.services.ground.site import write_private

KEPT = 8  # trees whose paths are kept
VIEW = "poolmgr-view.json"


def plan_scope(pool: Pool, oid: str, scope: Scope | None) -> View:
    """The view of a scope at a commit."""
    if scope is None or scope.everything:
        return FULL
    from poolmgr.core.mirror import mirrored

    settings = pool.settings.scope
    mirrors = mirrored(scope.owns, settings.mirror)
    cones = find_cones(pool.git, oid, (*scope.owns, *scope.sees))
    shown: tuple[bytes, ...] = ()
    if cones is not None:
        beside = find_cones(pool.git, oid, mirrors) if mirrors else ()
        cones = (*cones, *(beside or ()))
        always = settings.essential if beside is not None else (*settings.essential, *mirrors)
        shown = list_shown(pool, oid, always)
    wish = Wish(
        owns=scope.owns, sees=scope.sees, essentials=(*settings.essential, *mirrors),
        cones=cones, shown=shown,
    )  # fmt: skip
    view = plan_view(wish)
    if view.mode is not Mode.EXACT or is_certain(wish.lists):
        return view
    return agree_on(pool, oid, view, wish)


def agree_on(pool: Pool, oid: str, view: View, wish: Wish) -> View:
    """An exact view whose lines may mean other than the globs: right for each path of the commit."""
    import hashlib  # 3 ms that looking at slots does not need

    from isolation.scope.agreeing import agree
    from tracks.globs import compile_globs

    tree = tree_of(pool.git, oid)
    digest = hashlib.sha256(f"{tree} {view.digest}".encode()).hexdigest()
    file = pool.site.state / "agreed.json"
    kept = read_kept(file)
    if digest not in kept:
        listed = pool.git.run("ls-tree", "-r", "-z", "--name-only", "--full-tree", tree).stdout.split(b"\0")
        risky = list_risky(wish.lists)
        directories = {os.path.dirname(path) for path in listed}
        if risky is None or any(
            compile_globs(risky).matches(each, is_dir=True) for each in directories if each
        ):
            wanted = [compile_globs(globs) for globs in wish.lists if globs]
            found = agree(
                view, compile_globs(view.lines).runs, [path for path in listed if path],
                lambda paths: {path for globs in wanted for path in globs.among(paths)},
            )  # fmt: skip
        else:
            found = view
        kept = dict([*kept.items(), (digest, list(found.lines[len(view.lines) :]))][-KEPT:])
        with suppress(OSError):
            write_private(file, json.dumps(kept).encode())
    return view._replace(lines=(*view.lines, *kept[digest]))


def find_cones(git: Git, oid: str, globs: tuple[str, ...]) -> tuple[str, ...] | None:
    """The directories that the globs are, nothing else; None when some are not.

    One that is not in the tree yet counts: it is to be made.
    """
    from tracks.globs import compile_globs
    from tracks.overlap.shape import cone_directories

    wanted = cone_directories(compile_globs(globs))
    if not wanted or any("\n" in name for name in wanted):
        return wanted
    lines = b"".join(os.fsencode(f"{oid}:{name}") + b"\n" for name in wanted)
    answer = git.run("cat-file", "--batch-check=%(objecttype)", stdin=lines).text.split("\n")
    is_file = any(kind in {"blob", "commit"} for kind in answer)
    return None if is_file else wanted


def list_shown(pool: Pool, oid: str, globs: tuple[str, ...]) -> tuple[bytes, ...]:
    """The paths of a commit that the globs match, from a cache by tree and globs."""
    import hashlib

    from tracks.globs import compile_globs

    tree = tree_of(pool.git, oid)
    digest = hashlib.sha256("\0".join((tree, *globs)).encode(errors="surrogateescape")).hexdigest()
    file = pool.site.state / "shown.json"
    kept = read_kept(file)
    if digest not in kept:
        listed = pool.git.run("ls-tree", "-r", "-z", "--name-only", "--full-tree", tree).stdout.split(b"\0")
        found = compile_globs(globs).among(path for path in listed if path)
        kept = dict([*kept.items(), (digest, [path.decode("latin-1") for path in found])][-KEPT:])
        with suppress(OSError):
            write_private(file, json.dumps(kept).encode())
    return tuple(path.encode("latin-1") for path in kept[digest])


def read_kept(file: Path) -> dict[str, list[str]]:
    """What was found lately; a cache and no more."""
    try:
        kept = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return {}
    return kept if isinstance(kept, dict) else {}


def write_view(admin: Path, view: View) -> None:
    """What the slot shows, beside git's own pattern file, which anybody may change."""
    if view == FULL:
        from isolation.scope.counting import COUNTED

        for name in (VIEW, COUNTED):
            (admin / name).unlink(missing_ok=True)
    else:
        write_private(admin / VIEW, json.dumps({"mode": view.mode, "lines": view.lines}).encode())


def read_view(admin: Path) -> View:
    """What the slot shows; everything when nothing says otherwise."""
    try:
        return parse_view(json.loads((admin / VIEW).read_bytes()))
    except (OSError, ValueError, TypeError, KeyError):
        return FULL


def view_json(view: View) -> dict[str, object]:
    """A view for an intent."""
    return {"mode": view.mode.value, "lines": list(view.lines)}


def parse_view(values: object) -> View:
    """A view from its JSON."""
    if not isinstance(values, dict):
        return FULL
    return View(Mode(values["mode"]), tuple(str(line) for line in values["lines"]))
