"""The seam between the probes and the operating system: the same names on Linux and on macOS.

What only one of them has is answered here by the other with its nearest truth, never with a guess.
"""

from __future__ import annotations

import sys

if sys.platform == "darwin":
    from resources.probes.mac import (
        find_record,
        list_aliases,
        list_other_threads,
        list_pids,
        list_places,
        read_boot,
        read_command,
        read_host,
        read_kind,
        read_maps,
        read_namespaces,
        read_owner,
        read_ticks,
        read_variables,
        read_view,
        ticks_of,
        why_partial,
    )
else:
    from resources.probes.linux import (
        find_record,
        list_other_threads,
        list_pids,
        list_places,
        read_boot,
        read_command,
        read_host,
        read_maps,
        read_namespaces,
        read_owner,
        read_ticks,
        read_variables,
        ticks_of,
        why_partial,
    )
    from resources.probes.mounts import list_aliases, read_kind, read_view

__all__ = [
    "find_record",
    "list_aliases",
    "list_other_threads",
    "list_pids",
    "list_places",
    "read_boot",
    "read_command",
    "read_host",
    "read_kind",
    "read_maps",
    "read_namespaces",
    "read_owner",
    "read_ticks",
    "read_variables",
    "read_view",
    "ticks_of",
    "why_partial",
]
