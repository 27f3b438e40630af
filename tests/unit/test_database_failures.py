"""What the words of a refused connection mean; libpq gives no code for them."""

from __future__ import annotations

import pytest

from isolation.database.address import Address
from isolation.database.errors import (
    AddressWrong,
    CommandFailed,
    DatabaseError,
    DiskFull,
    NoDatabase,
    NoRight,
    ServerDown,
    TooManyClients,
    WrongPassword,
)
from isolation.database.failures import connection_error, last_words

ADDRESS = Address("db.example", 5432, "me", "hunter2")
TRIED = 'connection failed: connection to server at "192.0.2.1", port 5432 failed: '


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("Connection refused\n\tIs the server running on that host?", ServerDown),
        ("timeout expired", ServerDown),
        ("server closed the connection unexpectedly\n\tThis probably means …", ServerDown),
        ("FATAL:  the database system is shutting down", ServerDown),
        ('FATAL:  password authentication failed for user "me"', WrongPassword),
        ("fe_sendauth: no password supplied", WrongPassword),
        ('FATAL:  role "me" does not exist', WrongPassword),
        ('FATAL:  no pg_hba.conf entry for host "192.0.2.2"', WrongPassword),
        ('FATAL:  role "me" is not permitted to log in', WrongPassword),
        ("FATAL:  sorry, too many clients already", TooManyClients),
        ("FATAL:  remaining connection slots are reserved for roles with …", TooManyClients),
        ('FATAL:  too many connections for role "me"', TooManyClients),
        ('FATAL:  too many connections for database "x"', TooManyClients),
        ('FATAL:  database "x" does not exist', NoDatabase),
        ('FATAL:  database "x" is not currently accepting connections', NoDatabase),
        ('FATAL:  cannot connect to invalid database "x"', NoDatabase),
        ('FATAL:  permission denied for database "x"', NoRight),
        ('invalid channel_binding value: "x"', AddressWrong),
        ("server does not support SSL, but SSL was required", AddressWrong),
        ('root certificate file "/c" does not exist', AddressWrong),
        ("SSL error: certificate verify failed", AddressWrong),
        ("FATAL:  unsupported startup parameter: options", AddressWrong),  # PgBouncer
        ("SSL error: unexpected eof while reading", ServerDown),
        ("SSL SYSCALL error: EOF detected", ServerDown),
        ('FATAL:  could not write file "base/1": No space left on device', DiskFull),
        ("FATAL:  Passwort-Authentifizierung für Benutzer »me« fehlgeschlagen", CommandFailed),
    ],
)
def test_the_words_of_a_refused_connection_tell_its_cause(words: str, kind: type[DatabaseError]) -> None:
    text = TRIED + words
    error = connection_error(text, last_words(text), ADDRESS)
    assert type(error) is kind
    assert words.splitlines()[0].rpartition(": ")[2].strip() in error.message
    assert "\n" not in error.message
    assert "hunter2" not in error.message + error.hint


def test_there_is_always_a_reason() -> None:
    assert last_words("") == "no reason given"
    assert last_words("Is the server running?") == "no reason given"
