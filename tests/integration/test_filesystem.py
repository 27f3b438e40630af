"""What lies under a path."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from resources.probes.filesystem import free_bytes, is_network, is_writable, kind_of

CHECKOUT = Path(__file__).parents[2]


def test_the_kind_is_that_of_the_nearest_mount(tmp_path: Path) -> None:
    assert kind_of(Path("/proc/self")) == "proc"
    assert kind_of(tmp_path) not in {"", "proc"}
    assert kind_of(tmp_path / "not/yet/there") == kind_of(tmp_path)


def test_a_link_is_followed_to_where_the_files_really_lie(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to("/proc")
    assert kind_of(link) == "proc"


def test_the_test_directory_is_on_no_network(tmp_path: Path) -> None:
    assert not is_network(tmp_path)


def test_there_is_room_and_it_can_be_written(tmp_path: Path) -> None:
    assert free_bytes(tmp_path) > 0
    assert is_writable(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_there_or_read_only_cannot_be_written(tmp_path: Path) -> None:
    assert not is_writable(tmp_path / "missing")
    assert not is_writable(Path("/proc/self"))


def test_a_directory_without_write_permission_is_seen_even_by_root_when_mounted_read_only(
    tmp_path: Path,
) -> None:
    script = f"mount --bind '{tmp_path}' '{tmp_path}' && mount -o remount,bind,ro '{tmp_path}' && exec \"$@\""
    question = (
        "import sys; from pathlib import Path; from resources.probes.filesystem import is_writable;"
        "print(is_writable(Path(sys.argv[1])))"
    )
    done = subprocess.run(
        ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh",
         sys.executable, "-c", question, tmp_path),
        cwd=CHECKOUT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    if done.returncode:
        pytest.skip(f"not possible here: {done.stderr.strip()}")
    assert done.stdout.strip() == "False"
