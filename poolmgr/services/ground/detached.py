"""Processes of ours that go on when the command that started them has ended; their words go to a log."""

from __future__ import annotations

import os
import subprocess
import sys

from poolmgr.services.ground.site import Site


def start_detached(site: Site, words: tuple[str, ...], *, log: str, keep_open: tuple[int, ...] = ()) -> None:
    """A poolmgr of its own with these words, on this repository.

    `-P` and a working directory of ours keep a hostile repository's `poolmgr/` from being run.
    """
    flags = os.O_CREAT | os.O_APPEND | os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = os.open(site.state / "logs" / log, flags, 0o600)
    try:
        subprocess.Popen(
            (sys.executable, "-P", "-m", "poolmgr", *words, "--repo", os.fspath(site.common)),
            cwd=site.state, stdin=subprocess.DEVNULL, stdout=descriptor, stderr=descriptor,
            start_new_session=True, pass_fds=keep_open,
        )  # fmt: skip
    finally:
        os.close(descriptor)
