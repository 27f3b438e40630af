"""Ways below the commands: objects, trees, indexes and refs made by hand."""

from __future__ import annotations

import os
import subprocess
import zlib
from hashlib import sha1

from tests.evasion.ground import BRANCH, GUIDE, Scene

REF = f"refs/heads/{BRANCH}"


def commit_tree_and_update_ref(scene: Scene) -> str:
    scene.git("update-ref", REF, scene.smuggled())
    return GUIDE


def update_ref_in_a_transaction(scene: Scene) -> str:
    scene.git("update-ref", "--stdin", stdin=f"start\nupdate {REF} {scene.smuggled()}\nprepare\ncommit\n")
    return GUIDE


def reset_to_a_commit_made_of_objects(scene: Scene) -> str:
    scene.git("reset", "--quiet", "--hard", scene.smuggled())
    return GUIDE


def fast_forward_to_a_commit_made_of_objects(scene: Scene) -> str:
    scene.git("merge", "--quiet", "--ff-only", scene.smuggled())
    return GUIDE


def entry_put_into_the_index(scene: Scene) -> str:
    scene.git("update-index", "--cacheinfo", f"100644,{scene.blob()},{GUIDE}")
    scene.git("commit", "--quiet", "--message", "x")
    return GUIDE


def entry_put_into_the_index_by_stdin(scene: Scene) -> str:
    scene.git("update-index", "--index-info", stdin=f"100755 {scene.blob()}\t{GUIDE}\n")
    scene.git("commit", "--quiet", "--message", "x")
    return GUIDE


def file_forced_into_the_index(scene: Scene) -> str:
    scene.write(GUIDE, "Smuggled.\n")
    scene.git("update-index", "--add", GUIDE)
    scene.git("commit", "--quiet", "--message", "x")
    return GUIDE


def index_read_from_another_tree(scene: Scene) -> str:
    scene.git("read-tree", "other")
    scene.git("commit", "--quiet", "--message", "x")
    return GUIDE


def index_elsewhere(scene: Scene) -> str:
    aside = {"GIT_INDEX_FILE": str(scene.room / "index.other")}
    scene.git("read-tree", "HEAD", env=aside)
    scene.git("update-index", "--cacheinfo", f"100644,{scene.blob()},{GUIDE}", env=aside)
    scene.git("commit", "--quiet", "--message", "x", env=aside)
    return GUIDE


def another_working_tree_for_the_same_git_directory(scene: Scene) -> str:
    place = scene.room / "elsewhere"
    (place / "docs").mkdir(parents=True)
    (place / GUIDE).write_text("Smuggled.\n")
    there = {"GIT_DIR": str(scene.admin), "GIT_WORK_TREE": str(place)}
    scene.git("update-index", "--add", GUIDE, at=place, env=there)
    scene.git("commit", "--quiet", "--message", "x", at=place, env=there)
    return GUIDE


def main_git_directory_with_the_slots_branch(scene: Scene) -> str:
    there = {"GIT_DIR": str(scene.common), "GIT_INDEX_FILE": str(scene.room / "index.other")}
    scene.git("update-ref", REF, scene.smuggled(), at=scene.room, env=there)
    return GUIDE


def entry_known_as_unchanged(scene: Scene) -> str:
    scene.git("update-index", "--cacheinfo", f"100644,{scene.blob()},{GUIDE}")
    scene.git("update-index", "--assume-unchanged", GUIDE)
    scene.git("update-index", "--skip-worktree", GUIDE)
    scene.git("commit", "--quiet", "--message", "x")
    return GUIDE


def tree_made_by_hand(scene: Scene) -> str:
    docs = scene.git("mktree", stdin=f"100644 blob {scene.blob()}\tguide.md\n")
    lines = [line for line in scene.git("ls-tree", "HEAD").split("\n") if not line.endswith("\tdocs")]
    tree = scene.git("mktree", stdin="\n".join([*lines, f"040000 tree {docs}\tdocs"]) + "\n")
    scene.git("update-ref", REF, scene.git("commit-tree", tree, "-p", "HEAD", "-m", "x"))
    return GUIDE


def tree_with_a_name_twice(scene: Scene) -> str:
    return _twice(scene, smuggled_first=False)


def tree_with_a_name_twice_the_smuggled_first(scene: Scene) -> str:
    return _twice(scene, smuggled_first=True)


def _twice(scene: Scene, *, smuggled_first: bool) -> str:
    lines = _raw_entries(scene, "HEAD:docs")
    there = next(line for line in lines if b"guide.md\0" in line)
    smuggled = b"100644 guide.md\0" + bytes.fromhex(scene.blob())
    at = lines.index(there) + (0 if smuggled_first else 1)
    _set_docs(scene, b"".join([*lines[:at], smuggled, *lines[at:]]))
    return GUIDE


def _raw_entries(scene: Scene, tree: str) -> list[bytes]:
    listed = [line.split("\t") for line in scene.git("ls-tree", tree).split("\n")]
    found = []
    for meta, name in listed:
        mode, _, oid = meta.split(" ")
        found.append(f"{mode.lstrip('0')} {name}".encode() + b"\0" + bytes.fromhex(oid))
    return found


def _set_docs(scene: Scene, content: bytes) -> None:
    docs = scene.git("hash-object", "-t", "tree", "--literally", "-w", "--stdin", stdin=content)
    lines = [line for line in _raw_entries(scene, "HEAD") if b" docs\0" not in line]
    lines.append(b"40000 docs\0" + bytes.fromhex(docs))
    lines.sort(key=lambda line: line.split(b" ", 1)[1])
    tree = scene.git("hash-object", "-t", "tree", "--literally", "-w", "--stdin", stdin=b"".join(lines))
    scene.git("update-ref", REF, scene.git("commit-tree", tree, "-p", "HEAD", "-m", "x"))


def tree_with_a_slash_in_a_name(scene: Scene) -> str:
    top = _raw_entries(scene, "HEAD")
    top.append(b"100644 src/../docs/guide.md\0" + bytes.fromhex(scene.blob()))
    top.sort(key=lambda line: line.split(b" ", 1)[1])
    tree = scene.git("hash-object", "-t", "tree", "--literally", "-w", "--stdin", stdin=b"".join(top))
    scene.git("update-ref", REF, scene.git("commit-tree", tree, "-p", "HEAD", "-m", "x"))
    return "src/../docs/guide.md"


def tree_out_of_order(scene: Scene) -> str:
    _set_docs(
        scene,
        b"".join(
            reversed([*_raw_entries(scene, "HEAD:docs"), b"100644 z.md\0" + bytes.fromhex(scene.blob())])
        ),
    )
    return "docs/z.md"


def fast_import(scene: Scene) -> str:
    stream = (
        f"commit {REF}\ncommitter x <x@example.com> 1700000000 +0000\ndata 1\nx\n"
        f"from {scene.git('rev-parse', 'HEAD')}\nM 100644 inline {GUIDE}\ndata 9\nSmuggled.\n\n"
    )
    scene.git("fast-import", "--quiet", "--force", stdin=stream)
    return GUIDE


def merge_tree_written(scene: Scene) -> str:
    tree = scene.git("merge-tree", "--write-tree", "HEAD", "other")
    scene.git("update-ref", REF, scene.git("commit-tree", tree, "-p", "HEAD", "-m", "x"))
    return GUIDE


def commit_object_made_by_hand(scene: Scene) -> str:
    tree = scene.git("rev-parse", f"{scene.smuggled()}^{{tree}}")
    text = (
        f"tree {tree}\nparent {scene.git('rev-parse', 'HEAD')}\n"
        "author x <x@example.com> 1700000000 +0000\ncommitter x <x@example.com> 1700000000 +0000\n\nx\n"
    )
    scene.git("update-ref", REF, scene.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=text))
    return GUIDE


def object_written_as_a_file(scene: Scene) -> str:
    raw = b"blob 9\0Smuggled\n"
    oid = sha1(raw, usedforsecurity=False).hexdigest()
    place = scene.common / "objects" / oid[:2]
    place.mkdir(exist_ok=True)
    (place / oid[2:]).write_bytes(zlib.compress(raw))
    scene.git("update-index", "--cacheinfo", f"100644,{oid},{GUIDE}")
    scene.git("commit", "--quiet", "--message", "x")
    return GUIDE


def ref_written_as_a_file(scene: Scene) -> str:
    (scene.common / REF).write_text(scene.smuggled() + "\n")
    return GUIDE


def ref_written_into_the_packed_ones(scene: Scene) -> str:
    oid = scene.smuggled()
    scene.git("pack-refs", "--all")
    packed = scene.common / "packed-refs"
    lines = [f"{oid} {REF}" if line.endswith(f" {REF}") else line for line in packed.read_text().splitlines()]
    packed.write_text("\n".join(lines) + "\n")
    return GUIDE


def branch_that_stands_for_another(scene: Scene) -> str:
    scene.git("branch", "hidden", scene.smuggled())
    scene.git("symbolic-ref", REF, "refs/heads/hidden")
    return GUIDE


def head_that_stands_for_another_branch(scene: Scene) -> str:
    scene.git("branch", "hidden", scene.smuggled())
    scene.git("symbolic-ref", "HEAD", "refs/heads/hidden")
    return GUIDE


def head_written_as_a_file(scene: Scene) -> str:
    (scene.admin / "HEAD").write_text(scene.smuggled() + "\n")
    return GUIDE


def submodule_pointer_moved(scene: Scene) -> str:
    scene.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},vendor/lib")
    scene.git("commit", "--quiet", "--message", "x")
    return "vendor/lib"


def objects_of_another_repository(scene: Scene) -> str:
    place = scene.clone()
    (scene.common / "objects/info").mkdir(exist_ok=True)
    (scene.common / "objects/info/alternates").write_text(f"{place}/.git/objects\n")
    scene.git("update-ref", REF, scene.git("rev-parse", "HEAD", at=place))
    return GUIDE


def shell_alone(scene: Scene) -> str:
    """Not one git command names the path: a tree is written by a script that knows the formats."""
    oid = scene.smuggled()
    subprocess.run(("sh", "-c", f"echo {oid} >{scene.common}/{REF}"), check=True, cwd=scene.room)
    os.utime(scene.common / REF, (0, 0))
    return GUIDE
