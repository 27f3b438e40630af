"""Which committed files somebody has read and trusted, by their digest, beside the state.

What cannot be read counts as not trusted. Earlier digests stay trusted, so that going back and
forth between two branches asks for nothing anew.
"""

from __future__ import annotations

import json
from pathlib import Path

from poolmgr.services.settings.write import replace_file

TRUST = "trust.json"
REMEMBERED = 50


def read_trust(state_dir: Path) -> tuple[str, ...]:
    """The digests that are trusted, the latest last."""
    try:
        document = json.loads((state_dir / TRUST).read_bytes())
    except (OSError, ValueError, RecursionError):
        return ()
    digests = document.get("digests") if isinstance(document, dict) else None
    if not isinstance(digests, list):
        return ()
    return tuple(digest for digest in digests if isinstance(digest, str))


def is_trusted(state_dir: Path, digest: str | None) -> bool:
    """Whether the file with this digest is trusted."""
    return digest is not None and digest in read_trust(state_dir)


def write_trust(state_dir: Path, digest: str) -> None:
    """Trust the file with this digest from now on."""
    known = [each for each in read_trust(state_dir) if each != digest]
    document = {"version": 1, "digests": [*known, digest][-REMEMBERED:]}
    state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    replace_file(state_dir / TRUST, json.dumps(document, indent=1).encode() + b"\n")
