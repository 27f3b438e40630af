"""A process that makes sure of the template of a repository's HEAD; it prints its fingerprint."""

from __future__ import annotations

import sys
from pathlib import Path

from poolmgr.services.databases.templates import ensure_template
from poolmgr.wiring import open_pool


def tell(text: str) -> None:
    """What whoever waits reads."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def main() -> None:
    """The repository is the only argument."""
    pool = open_pool(Path(sys.argv[1]))._replace(tell=tell)
    commit = pool.git.run("rev-parse", "HEAD").text
    sys.stdout.write(ensure_template(pool, commit) + "\n")


if __name__ == "__main__":
    main()
