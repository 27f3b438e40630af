"""What lies under a path: which file system, how much room, and whether it can be written."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from resources.probes import system

# SQLite's shared memory and flock mean nothing between two machines.
NETWORK = frozenset((
    "nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "ncpfs", "9p", "drvfs", "afs", "afpfs", "webdav",
    "coda", "ceph", "glusterfs", "lustre", "gpfs", "gfs2", "ocfs2", "beegfs", "orangefs", "pvfs2", "panfs",
    "davfs", "vboxsf", "prl_fs", "vmhgfs",
))  # fmt: skip
NETWORK_FUSE = frozenset((
    "sshfs", "rclone", "s3fs", "goofys", "gcsfuse", "davfs", "davfs2", "curlftpfs", "glusterfs", "ceph",
    "smbnetfs", "vmhgfs-fuse", "grpcfuse", "juicefs", "seaweedfs",
))  # fmt: skip


def kind_of(path: Path) -> str:
    """The type of the file system a path lies on, empty when the system does not tell."""
    return system.read_kind(path)


def is_network(path: Path) -> bool:
    """Whether a path lies on a file system that other machines write to as well."""
    kind = kind_of(path).lower()
    family, _, name = kind.partition(".")
    return kind in NETWORK or (family in {"fuse", "fuseblk", "macfuse", "osxfuse"} and name in NETWORK_FUSE)


def free_bytes(path: Path) -> int:
    """The room that is left for this user."""
    room = os.statvfs(path)
    return room.f_bavail * room.f_frsize


def is_writable(directory: Path) -> bool:
    """Whether a file can be made there now; tried, because sandboxes deny what the modes allow."""
    nameless = getattr(os, "O_TMPFILE", None)  # nothing is left of it, whenever we are killed
    if nameless is not None:
        with suppress(OSError):
            os.close(os.open(directory, nameless | os.O_WRONLY | os.O_CLOEXEC, 0o600))
            return True
    trial = directory / f".poolmgr-trial-{os.getpid()}"
    try:
        os.close(os.open(trial, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600))
    except FileExistsError:
        return True  # made by us in another thread, or left by a killed process
    except OSError:
        return False
    trial.unlink(missing_ok=True)
    return True
