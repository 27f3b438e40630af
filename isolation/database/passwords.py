"""Passwords of slots: made here, sent to the server only as SCRAM verifiers.

A password in a statement would stand in the server's log and in pg_stat_activity. To set one costs
the server thousands of hashes, so a spare has its own from the start, which only the pool's secret
can tell, and with which nobody may log in before it is lent.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import b64encode

# What servers themselves use; some drivers refuse fewer.
ROUNDS = 4096


def new_password() -> str:
    """Letters that need no quoting in a URL or an env file."""
    return secrets.token_hex(16)


def spare_password(secret: str, role: str) -> str:
    """The password of the spare that was made under this name."""
    return digest(secret.encode(), role.encode()).hex()[:32]


def key_of(secret: str) -> str:
    """What tells one secret from another, and nothing more."""
    return spare_password(secret, "")[:8]


def scram_verifier(password: str) -> str:
    """What a server keeps of an ASCII password (RFC 5803)."""
    salt = secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode("ascii"), salt, ROUNDS)
    stored = hashlib.sha256(digest(salted, b"Client Key")).digest()
    server = digest(salted, b"Server Key")
    return f"SCRAM-SHA-256${ROUNDS}:{text(salt)}${text(stored)}:{text(server)}"


def digest(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")


def text(data: bytes) -> str:
    return b64encode(data).decode()
