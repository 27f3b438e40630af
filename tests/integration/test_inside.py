"""Who lives in a directory, with real processes in real places."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from resources.probes.inside import Inside, list_carriers, list_inside, scan
from tests.fixtures.dwellers import Dwellers, await_state

CHECKOUT = Path(__file__).parents[2]
# So late that the daemons of this machine, which an ordinary user may not read, do not count.
AFTER_ALL = 2**62


@pytest.fixture
def slot(tmp_path: Path) -> Path:
    place = tmp_path / "pool-wt-1"
    place.mkdir()
    return place


def found(inside: Inside) -> dict[int, str]:
    return {process.pid: process.how for process in inside.processes}


def in_namespace(*options: str, script: str) -> tuple[str, ...]:
    return ("unshare", "--user", "--map-root-user", *options, "sh", "-c", script)


def test_an_empty_directory_is_proven_empty(slot: Path) -> None:
    inside = list_inside(slot, since=AFTER_ALL)
    assert inside.processes == ()
    assert inside.complete, inside.why
    assert inside.is_proven_empty


def test_a_shell_is_found_by_its_directory_and_named(slot: Path, dwellers: Dwellers) -> None:
    (slot / "deep/er").mkdir(parents=True)
    process = dwellers(slot / "deep/er")
    inside = list_inside(slot)
    assert found(inside) == {process.pid: "cwd"}
    assert inside.processes[0].name.startswith("python")
    assert "sys.stdin.read()" in inside.processes[0].command
    assert not inside.is_proven_empty


def test_an_open_file_is_found(slot: Path, dwellers: Dwellers) -> None:
    (slot / "log").touch()
    process = dwellers(setup=f"log = open({str(slot / 'log')!r})")
    assert found(list_inside(slot)) == {process.pid: "file"}


def test_an_open_directory_is_found(slot: Path, dwellers: Dwellers) -> None:
    process = dwellers(setup=f"import os; d = os.open({str(slot)!r}, os.O_RDONLY)")
    assert found(list_inside(slot)) == {process.pid: "file"}


def test_a_mapped_file_is_found_when_its_descriptor_is_closed(slot: Path, dwellers: Dwellers) -> None:
    (slot / "data").write_bytes(b"x" * 4096)
    process = dwellers(
        setup=f"import mmap; f = open({str(slot / 'data')!r}, 'r+b'); m = mmap.mmap(f.fileno(), 0); f.close()"
    )
    # Python's own mmap keeps a descriptor: either way it must be seen.
    assert set(found(list_inside(slot))) == {process.pid}


def test_a_program_that_lies_inside_is_found(slot: Path) -> None:
    program = slot / "sleeper"
    program.write_bytes(Path("/bin/cat").read_bytes())
    program.chmod(0o755)
    with subprocess.Popen((program,), cwd="/", stdin=subprocess.PIPE) as process:
        assert found(list_inside(slot)) == {process.pid: "exe"}
        process.kill()


def test_a_neighbour_whose_name_begins_alike_is_not_inside(slot: Path, dwellers: Dwellers) -> None:
    neighbour = slot.with_name("pool-wt-10")
    neighbour.mkdir()
    dwellers(neighbour)
    assert list_inside(slot).processes == ()


def test_a_process_in_a_removed_directory_is_still_found(slot: Path, dwellers: Dwellers) -> None:
    gone = slot / "gone"
    gone.mkdir()
    inner, outer = dwellers(gone), dwellers(slot)
    gone.rmdir()
    slot.rmdir()
    assert set(found(list_inside(slot))) == {inner.pid, outer.pid}


def test_names_that_end_like_the_kernels_mark_for_removed_are_told_apart(
    tmp_path: Path, dwellers: Dwellers
) -> None:
    odd, plain = tmp_path / "odd (deleted)", tmp_path / "plain\nname é"
    odd.mkdir()
    plain.mkdir()
    first, second = dwellers(odd), dwellers(plain)
    inside = scan((odd, plain))
    assert set(found(inside[odd])) == {first.pid}
    assert set(found(inside[plain])) == {second.pid}


def test_a_directory_reached_through_a_symlink_is_the_same(slot: Path, dwellers: Dwellers) -> None:
    link = slot.with_name("link")
    link.symlink_to(slot)
    process = dwellers(link)
    assert set(found(list_inside(link))) == {process.pid}
    assert set(found(list_inside(slot))) == {process.pid}


def test_one_scan_answers_for_every_slot(slot: Path, tmp_path: Path, dwellers: Dwellers) -> None:
    other = tmp_path / "pool-wt-2"
    other.mkdir()
    (other / "file").touch()
    both = dwellers(slot, setup=f"f = open({str(other / 'file')!r})")
    alone = dwellers(other)
    inside = scan((slot, other))
    assert set(found(inside[slot])) == {both.pid}
    assert set(found(inside[other])) == {both.pid, alone.pid}


def test_who_is_ignored_is_not_named(slot: Path, dwellers: Dwellers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(slot)
    process = dwellers(slot)
    assert set(found(list_inside(slot))) == {process.pid}, "the asking process does not count"
    assert list_inside(slot, ignore_pids=frozenset({process.pid}), since=AFTER_ALL).is_proven_empty


def test_a_thread_goes_on_inside_after_its_process_seems_to_have_ended(
    slot: Path, dwellers: Dwellers
) -> None:
    process = dwellers(
        slot,
        setup="import ctypes, threading;"
        "threading.Thread(target=lambda: (print('ready', flush=True), sys.stdin.read())).start();"
        "ctypes.CDLL(None).pthread_exit(0)",
    )
    await_state(process.pid, "Z")
    assert set(found(list_inside(slot))) == {process.pid}


def test_a_sandbox_that_sees_the_slot_under_another_name_is_found(slot: Path, dwellers: Dwellers) -> None:
    room = slot.with_name("room")
    room.mkdir()
    (slot / "src").mkdir()
    script = (
        f"mount --bind '{slot / 'src'}' '{room}' && cd '{room}' && "
        f"exec '{sys.executable}' -c \"print('ready', flush=True); input()\""
    )
    process = start_sandbox(in_namespace("--mount", script=script))
    try:
        assert set(found(list_inside(slot))) == {process.pid}
        assert list_inside(room).processes == (), "the directory beneath the mount is another"
    finally:
        process.kill()
        process.communicate()


def test_from_a_pid_namespace_of_its_own_nobody_is_proven_outside(slot: Path, dwellers: Dwellers) -> None:
    dwellers(slot)
    answer = ask_from(in_namespace("--pid", "--fork", "--mount-proc", script='exec "$0" "$@"'), slot)
    assert answer[0] == "False"
    assert "namespace" in answer[1]


def test_where_proc_belongs_to_another_namespace_nothing_is_complete(slot: Path) -> None:
    answer = ask_from(in_namespace("--pid", "--fork", script='exec "$0" "$@"'), slot)
    assert answer[0] == "False"
    assert "namespace" in answer[1]


def test_what_was_started_with_a_variable_is_found_wherever_it_went(dwellers: Dwellers) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POOLMGR_LEASE", "one two")
        carrier = dwellers()
    dwellers()
    assert list_carriers("POOLMGR_LEASE", "one two") == (carrier.pid,)
    assert list_carriers("POOLMGR_LEASE", "one") == ()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
class TestAsAnotherUser:
    """What an ordinary user sees of other users' processes."""

    AS_NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")

    def test_a_process_that_may_not_be_read_makes_the_answer_incomplete(
        self, tmp_path: Path, dwellers: Dwellers
    ) -> None:
        dwellers()
        answer = ask_from(self.AS_NOBODY, tmp_path)
        assert answer[0] == "False"
        assert "may not read" in answer[1]

    def test_those_that_began_before_the_holder_came_do_not_count(
        self, tmp_path: Path, dwellers: Dwellers
    ) -> None:
        dwellers()
        answer = ask_from(self.AS_NOBODY, tmp_path, since=AFTER_ALL)
        assert answer == ["True", ""]


def start_sandbox(argv: tuple[str, ...]) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    if line != b"ready\n":
        process.communicate()
        pytest.skip(f"no namespaces here: {line.decode().strip()}")
    return process


def ask_from(wrapper: tuple[str, ...], root: Path, *, since: int | None = None) -> list[str]:
    """What `list_inside` says about completeness when it is asked from another world."""
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]);"
        "from pathlib import Path; from resources.probes.inside import list_inside;"
        f"i = list_inside(Path(sys.argv[2]), since={since});"
        "print(i.complete); print(i.why)"
    )
    done = subprocess.run(
        (*wrapper, base_python(), "-S", "-c", script, CHECKOUT, root),
        cwd="/", capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    if done.returncode:
        pytest.skip(f"not possible here: {done.stderr.strip()}")
    return done.stdout.split("\n")[:2]


def base_python() -> str:
    """A Python that other users may run, too."""
    return "/usr/bin/python3" if Path("/usr/bin/python3").exists() else sys.executable
