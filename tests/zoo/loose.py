"""Files that git does not track."""

from __future__ import annotations

import os
import socket

from isolation.work import Kind
from tests.zoo.state import Cage, state


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
    cage.write("debug.hidden")


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
    for name in (
        b"caf\xe9.txt",
        b"new\nline.txt",
        b'"quoted".txt',
        b" lead",
        b"return\r",
        b"-dash",
        b"tab\t.txt",
        b"back\\slash",
    ):
        path = os.path.join(os.fsencode(cage.root), name)
        with open(path, "wb") as file:
            file.write(b"strange\n")
        with open(path + b".hidden", "wb") as file:
            file.write(b"strange and ignored\n")


@state(Kind.UNREADABLE)
def hidden_by_a_setting_for_other_file_systems(cage: Cage) -> None:
    cage.git("config", "core.ignoreCase", "true")
    cage.write("APP.TXT")


@state(Kind.UNTRACKED)
def name_like_git_in_capitals(cage: Cage) -> None:
    cage.git("config", "core.protectHFS", "false")
    cage.write(".GIT/notes.txt")


@state(Kind.UNTRACKED, Kind.IGNORED)
def big_files(cage: Cage) -> None:
    cage.write("big.bin", b"0123456789abcdef" * 2_200_000)
    cage.write("big.hidden", b"fedcba9876543210" * 2_200_000)


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
