"""Keeping: private files stay private, nothing is overwritten, what cannot be proven is refused."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from isolation.errors import IsolationError, NotKept, RescueDamaged, RescueExists
from isolation.git.program import Git
from isolation.rescue import RescuePlace, drop, find_rescue, keep, list_held, list_rescues, restore
from isolation.rescue.manifest import parse_entries
from isolation.work import Rules
from tests.integration.rescues import RULES, Pound, make_pound
from tests.zoo import Cage, git, is_disposable, make_cage, snapshot_of

SECRET = b"TOKEN=9f1c2e77\n"


@pytest.fixture
def pound(tmp_path: Path) -> Pound:
    return make_pound(tmp_path)


def read_every_object(common: Path) -> bytes:
    """The content of every object of a repository."""
    done = subprocess.run(
        ("git", "cat-file", "--batch-all-objects", "--batch"), cwd=common, capture_output=True, check=True
    )
    return done.stdout


def test_a_private_file_never_becomes_a_git_object(pound: Pound) -> None:
    pound.cage.write(".env", SECRET)
    pound.cage.write("secrets/private-name.pem", SECRET)
    kept = pound.keep()
    objects = read_every_object(pound.common)
    assert b"9f1c2e77" not in objects
    assert b"private-name" not in objects
    assert kept.archive is not None
    assert SECRET in kept.archive.read_bytes()


def test_the_archive_is_for_its_owner_alone(pound: Pound) -> None:
    before = os.umask(0)
    try:
        kept = pound.keep()
    finally:
        os.umask(before)
    assert kept.archive is not None
    assert stat.S_IMODE(kept.archive.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.archive.parent.stat().st_mode) == 0o700
    assert sorted(path.name for path in kept.archive.parent.iterdir()) == ["1-1.tar", "lock"]


def test_keeping_the_same_work_again_is_the_same_rescue(pound: Pound) -> None:
    pound.cage.write("new.txt")
    pound.cage.write(".env", SECRET)
    assert pound.keep() == pound.keep()


def test_a_reflog_that_git_has_expired_is_no_other_work(pound: Pound) -> None:
    amended = pound.cage.commit("new.txt")
    pound.cage.git("commit", "--quiet", "--amend", "-m", "Amended.")
    first = pound.keep()
    pound.collect()
    assert pound.cage.path("logs/HEAD").read_bytes() == b""
    assert pound.keep() == first
    git(pound.common, "cat-file", "-e", amended)
    pound.cage.git("commit", "--quiet", "--amend", "-m", "Amended again.")
    with pytest.raises(RescueExists):
        pound.keep()


@pytest.mark.parametrize("name", ["new.txt", ".env", "app.txt"])
def test_other_work_needs_a_new_fence(pound: Pound, name: str) -> None:
    pound.cage.write(name, b"first\n")
    first = pound.keep()
    assert first.archive is not None
    bytes_before = first.archive.read_bytes()
    pound.cage.write(name, b"other\n")
    with pytest.raises(RescueExists):
        pound.keep()
    assert first.archive.read_bytes() == bytes_before
    assert find_rescue(pound.git, pound.where.archive_dir, "1-1") == first
    assert pound.keep(fence=2).id == "1-2"


def test_an_archive_of_a_dead_attempt_is_replaced(pound: Pound) -> None:
    archives = pound.where.archive_dir
    archives.mkdir(parents=True)
    (archives / "1-1.tar").write_bytes(b"half")
    (archives / "1-1.tmp").write_bytes(b"half")
    pound.cage.write("new.txt")
    kept = pound.keep()
    pound.destroy()
    restore(pound.git, kept, pound.cage.outside / "again")


def test_facts_are_listed_in_order(pound: Pound) -> None:
    pound.cage.write("new.txt", b"12345")
    ids = [pound.keep(fence).id for fence in (10, 9, 2)]
    assert ids == ["1-10", "1-9", "1-2"]
    listed = list_rescues(pound.git, pound.where.archive_dir)
    assert [one.id for one in listed] == ["1-2", "1-9", "1-10"]
    assert listed[0].branch == "work"
    assert listed[0].head == pound.cage.git("rev-parse", "HEAD")
    assert listed[0].reason == "a test"
    assert listed[0].created == "2026-01-01T00:00:00+0000"
    assert listed[0].files == len(
        [1 for kind, _, _ in snapshot_of(pound.root).files.values() if kind == "file"]
    )


def test_refs_of_other_shapes_are_not_rescues(pound: Pound) -> None:
    git(pound.common, "update-ref", "refs/poolmgr/rescue/1/x", "main")
    git(pound.common, "update-ref", "refs/poolmgr/rescue/1/2/3", "main")
    git(pound.common, "update-ref", "refs/poolmgr/rescue/7/8", "main")
    (foreign,) = list_rescues(pound.git, pound.where.archive_dir)
    assert (foreign.id, foreign.archive) == ("7-8", None)
    with pytest.raises(RescueDamaged):
        restore(pound.git, foreign, pound.cage.outside / "again")
    assert not (pound.cage.outside / "again").exists()


STRANGE = ("", "1", "1-", "-1-2", "1-2-3", "../1-2", "1-2\n", "\uff11-2", "1 -2", "x-y")


@pytest.mark.parametrize("name", STRANGE)
def test_a_strange_id_is_no_rescue(pound: Pound, name: str) -> None:
    pound.keep(fence=2)
    assert find_rescue(pound.git, pound.where.archive_dir, name) is None


def test_what_a_person_sees_of_a_rescue_is_what_differs(pound: Pound) -> None:
    pound.cage.write("app.txt", b"edited\n")
    pound.cage.write("fresh/new.txt", b"12345")
    pound.cage.write(".env", SECRET)
    pound.cage.write("node_modules/x.js")
    (pound.root / "other.txt").unlink()
    (pound.root / "link").unlink()
    (pound.root / "link").symlink_to("src")
    os.mkfifo(pound.root / "pipe")
    held = list_held(pound.git, pound.keep())
    assert [(one.path, one.manner.value, one.size) for one in held] == [
        (".env", "private", len(SECRET)),
        ("app.txt", "modified", 7),
        ("fresh/new.txt", "new", 5),
        ("link", "modified", 0),
        ("other.txt", "deleted", 0),
        ("pipe", "special", 0),
    ]


@pytest.mark.parametrize("how", [("--cone", "--sparse-index", "src"), ("--no-cone", "/src/")])
def test_what_a_scope_hid_is_not_deleted(pound: Pound, how: tuple[str, ...]) -> None:
    pound.cage.git("sparse-checkout", "set", *how)
    pound.cage.write("src/new.txt", b"x")
    shown = sorted(pound.cage.git("ls-files", "src").splitlines())
    (pound.root / shown[0]).unlink()
    held = list_held(pound.git, pound.keep())
    assert [(one.path, one.manner.value) for one in held] == [(shown[0], "deleted"), ("src/new.txt", "new")]


def test_dropping_removes_ref_and_archive(pound: Pound) -> None:
    pound.cage.write(".env", SECRET)
    kept = pound.keep()
    drop(pound.git, kept)
    assert list_rescues(pound.git, pound.where.archive_dir) == ()
    assert kept.archive is not None
    assert not kept.archive.exists()


def test_a_moved_ref_is_not_dropped(pound: Pound) -> None:
    kept = pound.keep()
    git(pound.common, "update-ref", kept.ref, "main")
    with pytest.raises(IsolationError):
        drop(pound.git, kept)
    assert kept.archive is not None
    assert kept.archive.exists()


def test_too_much_is_not_kept(pound: Pound) -> None:
    pound.cage.write("big.bin", b"0" * 1_000_000)
    small = RescuePlace(common_dir=pound.common, archive_dir=pound.where.archive_dir, limit=500_000)
    with pytest.raises(NotKept, match="more than"):
        keep(pound.git, pound.root, where=small, slot=1, fence=1, rules=RULES, reason="", created="")
    assert list_rescues(pound.git, pound.where.archive_dir) == ()


@pytest.mark.parametrize("name", ["growing.txt", "growing.hidden"])
def test_a_file_that_never_rests_is_not_kept(pound: Pound, name: str) -> None:
    path = pound.cage.write(name)
    program = "import sys\nwhile True:\n with open(sys.argv[1], 'ab') as f: f.write(b'x')\n"
    writer = subprocess.Popen((sys.executable, "-c", program, str(path)))
    try:
        with pytest.raises(NotKept, match="growing"):
            pound.keep()
    finally:
        writer.kill()
        writer.wait()
    assert list_rescues(pound.git, pound.where.archive_dir) == ()
    assert sorted(one.name for one in pound.where.archive_dir.iterdir()) == ["lock"]


def test_a_worktree_of_another_repository_inside_is_not_kept(pound: Pound) -> None:
    other = make_cage(pound.cage.outside / "other")
    git(other.root, "worktree", "add", "--quiet", "--detach", str(pound.root / "inside"))
    with pytest.raises(NotKept, match="elsewhere"):
        pound.keep()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes devices")
def test_a_device_is_not_kept(pound: Pound) -> None:
    os.mknod(pound.root / "null", stat.S_IFCHR | 0o600, os.makedev(1, 3))
    assert [one.detail for one in pound.examine().findings] == ["a device"]
    with pytest.raises(NotKept, match="device"):
        pound.keep()


UNPRIVILEGED = ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all", "--")


@pytest.mark.parametrize("name", ["new.txt", "debug.hidden", "app.txt", "src", "scratch"])
def test_what_cannot_be_read_is_seen_and_not_kept(pound: Pound, name: str) -> None:
    pound.cage.write("scratch/new.txt")
    path = pound.root / name
    if not path.exists():
        pound.cage.write(name)
    path.chmod(0)
    program = (
        "import sys; from pathlib import Path; from tests.integration.rescues import *\n"
        "common = Path(sys.argv[2])\n"
        "where = RescuePlace(common_dir=common, archive_dir=common / 'poolmgr' / 'rescue')\n"
        "pound = Pound(Cage(Path(sys.argv[1]), common), where)\n"
        "print(bool(pound.examine().blocking))\n"
        "try: pound.keep()\n"
        "except Exception as error: print(type(error).__mro__)\n"
    )
    prefix = UNPRIVILEGED if os.geteuid() == 0 else ()
    if prefix and not shutil.which(prefix[0]):
        pytest.skip("root reads everything, and there is no setpriv to give that up")
    argv = (*prefix, sys.executable, "-c", program, str(pound.root), str(pound.common))
    done = subprocess.run(argv, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    path.chmod(0o755)
    assert done.stdout.startswith("True\n")
    assert "NotKept" in done.stdout


def test_an_index_that_cannot_be_read_is_seen_and_not_kept(pound: Pound) -> None:
    pound.cage.write("new.txt")
    pound.cage.path("index").write_bytes(b"not an index")
    assert pound.examine().blocking
    with pytest.raises(NotKept):
        pound.keep()


def test_a_full_disk_is_said_and_leaves_nothing(pound: Pound) -> None:
    """A limit on file size stands for the disk: the write fails after a part of it."""
    pound.cage.write("secrets/big.bin", os.urandom(3_000_000))
    program = (
        "import resource, sys; from pathlib import Path; from tests.integration.rescues import *\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))\n"
        "common = Path(sys.argv[2])\n"
        "where = RescuePlace(common_dir=common, archive_dir=common / 'poolmgr' / 'rescue')\n"
        "try: Pound(Cage(Path(sys.argv[1]), common), where).keep()\n"
        "except Exception as error: print(type(error).__name__)\n"
    )
    done = subprocess.run(
        (sys.executable, "-c", program, str(pound.root), str(pound.common)),
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert done.stdout == "NotKept\n"
    assert list_rescues(pound.git, pound.where.archive_dir) == ()
    assert sorted(one.name for one in pound.where.archive_dir.iterdir()) == ["lock"]


def test_placed_files_that_are_unchanged_come_back_too(pound: Pound, tmp_path: Path) -> None:
    pound.cage.write(".env", SECRET)
    digest = subprocess.run(("sha256sum", str(pound.root / ".env")), capture_output=True, check=True).stdout
    rules = Rules(disposable=is_disposable, placed={".env": digest.decode().split()[0]})
    assert pound.examine(rules).is_clean
    pound.cage.write("new.txt")
    kept = pound.keep(rules=rules)
    restore(pound.git, kept, tmp_path / "again")
    assert (tmp_path / "again/.env").read_bytes() == SECRET
    assert b"9f1c2e77" not in read_every_object(pound.common)


def test_our_own_file_is_not_kept(pound: Pound, tmp_path: Path) -> None:
    pound.cage.write(".env.worktree", SECRET)
    assert pound.examine().is_clean
    restore(pound.git, pound.keep(), tmp_path / "again")
    assert not (tmp_path / "again/.env.worktree").exists()
    assert b"9f1c2e77" not in read_every_object(pound.common)


@pytest.mark.parametrize("path", ["/etc/x", "../x", "a/../../x", ".git/config", ".git", "", "a//b", "a\0b"])
def test_a_manifest_cannot_lead_outside(path: str) -> None:
    row = [path, "file", 0o644, 0, "", "", "worktree"]
    with pytest.raises(RescueDamaged):
        parse_entries(json.loads(json.dumps([row])))


def test_a_repository_with_sha256_names(tmp_path: Path) -> None:
    repository = tmp_path / "repo"
    repository.mkdir()
    git(repository, "init", "--quiet", "--object-format=sha256", "--initial-branch=main")
    (repository / "app.txt").write_bytes(b"one\n")
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "-m", "Begin.")
    worktree = tmp_path / "wt"
    git(repository, "worktree", "add", "--quiet", "--detach", str(worktree))
    cage = Cage(worktree, tmp_path)
    common = repository / ".git"
    pound = Pound(cage, RescuePlace(common_dir=common, archive_dir=common / "poolmgr/rescue"))
    cage.commit("new.txt")
    cage.write("app.txt")
    before = snapshot_of(worktree)
    kept = pound.keep()
    pound.reset("main")
    pound.destroy()
    restore(Git(common), kept, tmp_path / "again")
    assert snapshot_of(tmp_path / "again") == before
