"""Whether anybody listens on a port of this machine."""

from __future__ import annotations

import errno
import socket

# Every address by itself: macOS lets one bind to all of them while somebody listens on one.
ADDRESSES = (
    (socket.AF_INET, "127.0.0.1"),
    (socket.AF_INET, "0.0.0.0"),  # noqa: S104 - nothing is served
    (socket.AF_INET6, "::1"),
    (socket.AF_INET6, "::"),
)
TAKEN = frozenset({errno.EADDRINUSE, errno.EACCES})


def is_free(port: int) -> bool:
    """Whether a program could listen there now, on whatever address."""
    return all(try_bind(family, address, port) for family, address in ADDRESSES)


def try_bind(family: socket.AddressFamily, address: str, port: int) -> bool:
    """False when somebody has it; an address that this machine lacks is nobody's."""
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # what lingers in TIME_WAIT is over
            if family is socket.AF_INET6:
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            probe.bind((address, port))
    except OSError as error:
        return error.errno not in TAKEN
    return True
