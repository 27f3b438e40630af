"""What can go wrong around a PostgreSQL server, a class per cause.

The docstring of a class is its meaning, the fields are the facts, `hint` is the next command.
No message carries a password or the text of a statement.
"""

from __future__ import annotations

from isolation.errors import IsolationError

IN_USE = "55006"  # the server waited five seconds for those who are connected to leave


class DatabaseError(IsolationError):
    """Something about a database or its server stopped the work."""

    kind = "database"
    sqlstate = ""  # the server's own code for it, where the server said it


class DriverMissing(DatabaseError):
    """Psycopg, the driver, is not installed or cannot be loaded."""

    kind = "database_driver"

    def __init__(self, reason: str) -> None:
        from isolation.database.installing import install_command  # what it reads costs 20 ms

        super().__init__(
            f"psycopg, which talks to PostgreSQL, cannot be loaded: {reason}", hint=install_command()
        )


class AddressWrong(DatabaseError):
    """A DSN that nobody can follow; `reason` says why and fits behind its name."""

    kind = "database_dsn"
    exit_code = 2

    def __init__(self, reason: str, *, hint: str = "") -> None:
        super().__init__(f"database.dsn {reason}", hint=hint or "poolmgr config check")
        self.reason = reason


class ServerDown(DatabaseError):
    """Nobody answers at the server's address, or it ended while we talked to it."""

    kind = "database_down"


class WrongPassword(DatabaseError):
    """The server does not let this user in: password, user or pg_hba.conf."""

    kind = "database_password"


class TooManyClients(DatabaseError):
    """Every connection of the server, or of the role, is taken."""

    kind = "database_clients"
    exit_code = 75


class DatabaseFull(DatabaseError):
    """The server has too few free connections for one more database."""

    kind = "database_full"
    exit_code = 75


class NoRight(DatabaseError):
    """The role may not do what is needed; `right` names it, as the server or we say it."""

    kind = "database_right"

    def __init__(self, right: str, *, hint: str = "") -> None:
        super().__init__(f"the database server refuses: {right}", hint=hint)
        self.right = right


class TooOld(DatabaseError):
    """The server is older than what poolmgr needs."""

    kind = "database_old"

    def __init__(self, version: str, where: str) -> None:
        super().__init__(
            f"the server at {where} is PostgreSQL {version}; poolmgr needs 13 or newer",
            hint="name a newer server in database.dsn, or set database.mode to embedded or off",
        )
        self.version = version


class NotOurs(DatabaseError):
    """A database or role that this pool has not made, or cannot prove to have made."""

    kind = "database_foreign"

    def __init__(self, name: str, reason: str = "") -> None:
        because = f": {reason}" if reason else ""
        super().__init__(f"{name} is not this pool's, so it is left alone{because}")
        self.name = name


class DatabaseBusy(DatabaseError):
    """Somebody is connected to a database, so it was not dropped, renamed or copied."""

    kind = "database_busy"

    def __init__(self, name: str, connections: int) -> None:
        super().__init__(
            f"{name} has {connections} connection{'' if connections == 1 else 's'}, "
            "so it can be neither dropped nor renamed nor copied now",
            hint="end them, then type the command again",
        )
        self.name = name


class SourceBusy(DatabaseError):
    """Somebody is in the database that empty ones are copied from, and no other is proven to be the same."""

    kind = "database_source"
    exit_code = 75

    def __init__(self, name: str, guest: tuple[int, str] | None, ours: str) -> None:
        pid, who = (str(guest[0]), f"{guest[1]}, session {guest[0]},") if guest else ("PID", "somebody")
        keep = f'GRANT CONNECT ON DATABASE {name} TO "{ours}"'
        shut = f"{keep}; REVOKE CONNECT ON DATABASE {name} FROM PUBLIC"
        super().__init__(
            f"{who} is in {name}: PostgreSQL copies no database that somebody is in, and {name} may hold "
            "what every new database is to have",
            hint=f"as superuser: SELECT pg_terminate_backend({pid}); {shut}",
        )
        self.name = name


class ServerBusy(DatabaseError):
    """Another session on the server holds for too long what is needed."""

    kind = "database_locked"
    exit_code = 75


class DropHeldUp(ServerBusy):
    """The server drops nothing: it waits for a session whose client does not read its answer."""

    def __init__(self, name: str, seconds: int, holder: tuple[int, str] | None) -> None:
        why = "perhaps it waits for clients that do not read their answers"
        if holder:
            why = f"it waits for {holder[1]}'s session {holder[0]}, whose client does not read its answer"
        show = "SELECT pid, usename FROM pg_stat_activity WHERE wait_event = 'ClientWrite'"
        end = f"SELECT pg_terminate_backend({holder[0]})" if holder else show
        super().__init__(
            f"the server could not drop {name} within {seconds} seconds; {why}",
            hint=f"try again later; as superuser: {end}",
        )


class RoleInUse(DatabaseError):
    """A role of ours owns something in a database that is not ours, so it cannot go."""

    kind = "database_role"

    def __init__(self, role: str, database: str, what: str) -> None:
        mend = f'REASSIGN OWNED BY "{role}" TO CURRENT_USER; DROP OWNED BY "{role}"'
        super().__init__(
            f"the role {role} {what} in the database {database}, which is not this pool's; "
            f"as superuser, in {database}: {mend}",
            hint="do that, then: poolmgr doctor --fix",
        )
        self.role = role
        self.database = database


class NoDatabase(DatabaseError):
    """The server has no database of this name."""

    kind = "database_missing"


class DiskFull(DatabaseError):
    """The disk of the server has no room left."""

    kind = "database_disk"


class NoBinaries(DatabaseError):
    """No PostgreSQL server programs that can be used are on this machine."""

    kind = "database_binaries"


class ServerFailed(DatabaseError):
    """The embedded server could not be made, started or stopped."""

    kind = "database_server"


class EndedAtStart(ServerFailed):
    """The embedded server's programs are there, but the server ended before it let anybody in."""


class DataDamaged(EndedAtStart):
    """The embedded server's programs say that its data are damaged."""


class CommandFailed(DatabaseError):
    """The server refused a statement for a reason that has no class of its own; see `sqlstate`."""

    kind = "database_command"


class TemplateFailed(DatabaseError):
    """A command that builds the template of slots' databases failed; nothing of the attempt is kept."""

    kind = "database_template"
