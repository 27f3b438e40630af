"""Changes of tracked files."""

from __future__ import annotations

import os
import shutil

from isolation.work import Kind
from tests.zoo.state import Cage, state


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


@state(Kind.CHANGED, Kind.UNTRACKED)
def hundreds_of_new_files(cage: Cage) -> None:
    for number in range(150):
        cage.write(f"loose/{number}.txt", b"loose %d\n" % (number // 2))
    for number in range(20):
        cage.write(f"many/{number}.txt", b"%d\n" % number)
    cage.git("add", "many")
