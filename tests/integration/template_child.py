"""A process that checks a commit out for a template, and ends as kill -9 ends before its step number N."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from poolmgr.services.databases.builds import checked_out, lock_file
from poolmgr.services.databases.checkout import mark_of
from poolmgr.services.ground.running import MARK, Command, run_logged
from poolmgr.store import gate
from poolmgr.wiring import open_pool
from tests.faults.killer import Points


def main() -> None:
    """The repository, the template, the step (0: none), the command; prints how many steps there were."""
    repo, fp, at, command = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4]
    pool = open_pool(repo)
    commit = pool.git.run("rev-parse", "HEAD").text
    sys.dont_write_bytecode = True
    points = Points(at, lambda _: os.kill(os.getpid(), signal.SIGKILL))
    with gate.held(lock_file(pool, fp)) as lock:
        sys.addaudithook(points.audit)
        with checked_out(pool, fp, commit, lock) as place:
            mark = {MARK: mark_of(pool, fp)}
            code = run_logged(Command(command, place, mark, sys.stderr.fileno(), (lock,)))
        steps = len(points.seen)
    sys.stdout.write(f"{steps} {code}\n")


if __name__ == "__main__":
    main()
