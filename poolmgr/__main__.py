"""The entry, and the one error boundary: every error becomes words and an exit code here."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line and end the process with its exit code."""
    if sys.platform == "win32":  # before anything is imported that is not there
        sys.exit("poolmgr: Windows is not supported; use WSL")
    from poolmgr.cli.boundary import run

    sys.exit(run(list(sys.argv[1:] if argv is None else argv)))


if __name__ == "__main__":
    main()
