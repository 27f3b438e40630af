"""Mount tables: which mount a path lies on, and its names elsewhere."""

from __future__ import annotations

from resources.probes.filesystem import NETWORK, NETWORK_FUSE
from resources.probes.linux import parse_stat
from resources.probes.mounts import find_mount, is_beneath, joined, parse_mounts, relative

TABLE = rb"""22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw
50 27 0:50 / /home/a\040b rw - fuse.sshfs host: rw
51 27 254:0 /data/x /srv rw shared:1 master:2 - ext4 /dev/vda rw
52 27 0:51 / /srv rw - nfs4 host:/ rw
garbage
"""


def test_the_longest_mount_point_wins_and_the_latest_of_equals() -> None:
    mounts = parse_mounts(TABLE)
    kinds = {
        path: getattr(find_mount(mounts, path), "kind", None)
        for path in (b"/", b"/proc/1", b"/process", b"/home/a b/c", b"/home/a", b"/srv/x", b"/srvx")
    }
    assert kinds == {
        b"/": "ext4",
        b"/proc/1": "proc",
        b"/process": "ext4",
        b"/home/a b/c": "fuse.sshfs",
        b"/home/a": "ext4",
        b"/srv/x": "nfs4",
        b"/srvx": "ext4",
    }


def test_paths_are_taken_apart_and_put_together_at_separators() -> None:
    assert is_beneath(b"/a/b", b"/a")
    assert is_beneath(b"/a", b"/")
    assert not is_beneath(b"/ab", b"/a")
    assert relative(b"/a/b/c", b"/a") == b"b/c"
    assert relative(b"/a", b"/") == b"a"
    assert joined(b"/", b"a") == b"/a"
    assert joined(b"/a", b"") == b"/a"


def test_kinds_that_other_machines_write_to_are_known() -> None:
    assert {"nfs", "nfs4", "cifs", "smb3", "9p", "afs", "ceph", "glusterfs", "drvfs", "lustre"} <= NETWORK
    assert "sshfs" in NETWORK_FUSE


def test_a_process_line_is_read_although_its_name_looks_like_one() -> None:
    line = b"7 (a) S 1 (b\n) R 3 7 5 34816 7 4194304 " + b" ".join(b"%d" % n for n in range(10, 23)) + b" 0"
    record = parse_stat(7, line)
    assert (record.name, record.parent, record.session, record.terminal) == ("a) S 1 (b\n", 3, 5, 34816)
    assert record.start == 22
    assert record.is_alive
    assert not record.is_kernel
