"""Ways that put other content under an object's name for as long as somebody looks."""

from __future__ import annotations

import zlib

from tests.evasion.ground import GUIDE, Scene


def tree_that_shows_another(scene: Scene) -> str:
    clean = scene.git("rev-parse", "HEAD:docs")
    scene.commit()
    _show(scene, scene.git("rev-parse", "HEAD:docs"), clean)
    return GUIDE


def tree_of_the_base_that_shows_ones_own(scene: Scene) -> str:
    clean = scene.git("rev-parse", "HEAD:docs")
    scene.commit()
    _show(scene, clean, scene.git("rev-parse", "HEAD:docs"))
    return GUIDE


def commit_that_shows_another(scene: Scene) -> str:
    clean = scene.git("rev-parse", "HEAD")
    _show(scene, scene.commit(), clean)
    return GUIDE


def merge_that_hides_a_parent(scene: Scene) -> str:
    _hide_parent(scene)
    return GUIDE


def merge_that_hides_a_parent_below_another_commit(scene: Scene) -> str:
    _hide_parent(scene, is_last=False)
    return GUIDE


def _hide_parent(scene: Scene, *, is_last: bool = True) -> None:
    scene.work()
    scene.base()
    scene.git("merge", "--quiet", "--no-edit", "--strategy=ours", "main")
    merge = scene.git("rev-parse", "HEAD")
    shown = scene.git("commit-tree", f"{merge}^{{tree}}", "-p", f"{merge}^1", "-m", "x")
    if not is_last:
        scene.work("def main() -> int:\n    return 9\n")
    _show(scene, merge, shown)


def _show(scene: Scene, name: str, shown: str) -> None:
    """The content of one object in the file of another."""
    kind = scene.git("cat-file", "-t", shown)
    file = scene.common / "objects" / shown[:2] / shown[2:]
    place = scene.common / "objects" / name[:2] / name[2:]
    assert zlib.decompress(file.read_bytes()).startswith(kind.encode())
    place.chmod(0o644)
    place.write_bytes(file.read_bytes())
