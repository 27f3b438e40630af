"""Where an embedded server lives, and the record of how it was started.

`lock` is held by whoever starts or stops it; `alive` by the server itself and all its children,
from its first moment to the last: a free `alive` proves that nobody uses the data.
"""

from __future__ import annotations

import json
import os
import re
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from isolation.database.embedded.program import Account
from isolation.database.errors import ServerFailed

OUTSIDE = Path("/var/lib/poolmgr")
SOCKET_LIMIT = 103  # of macOS; Linux takes 107 bytes
# What PostgreSQL's list of directories and libpq's host take without quoting.
PLAIN = re.compile(r"/[A-Za-z0-9/._+-]*")


class Home(NamedTuple):
    """The directory of one pool's server, in the pool's state."""

    state: Path

    @property
    def root(self) -> Path:
        """Everything that belongs to us ourselves."""
        return self.state / "server"

    @property
    def lock(self) -> Path:
        """Held while the server is started or stopped."""
        return self.root / "lock"

    @property
    def alive(self) -> Path:
        """Held by the server."""
        return self.root / "alive"

    @property
    def watch(self) -> Path:
        """Held by whoever ends the server when nobody needs it."""
        return self.root / "watch"

    @property
    def news(self) -> Path:
        """There from before new data has its name until somebody has taken notice."""
        return self.root / "news"

    @property
    def failed(self) -> Path:
        """Why its data are taken for damaged; there until the server runs."""
        return self.root / "failed"

    @property
    def log(self) -> Path:
        """The server's words."""
        return self.root / "log"

    @property
    def digest(self) -> str:
        """A short name of this place that no other has."""
        return sha256(os.fsencode(os.path.realpath(self.root))).hexdigest()[:16]

    def place_for(self, account: Account) -> Path:
        """Where the data lies; what belongs to another user cannot lie in ours."""
        return self.root if account.user is None else OUTSIDE / self.digest


class Record(NamedTuple):
    """How the server was started last; `boot` is the run of the machine, in whose course its data were whole.

    That a reset before it damaged nothing in them is known once the server has let us in: `has_run`.
    """

    account: str
    place: str
    inode: int
    major: int
    programs: str
    sockets: str
    port: int
    max_connections: int
    boot: str
    has_run: bool = False

    @property
    def data(self) -> Path:
        """The data directory."""
        return Path(self.place, "data")

    @property
    def socket(self) -> str:
        """The path of the server's socket."""
        return f"{self.sockets}/.s.PGSQL.{self.port}"


def read_record(home: Home) -> Record | None:
    """The record, None when there is none, or none that this version wrote.

    Places inside the home are kept relative to it: after a move they are where the home is now, and
    in a copy of the home they are the copy's, never the original's. One outside says whose it is.
    """
    try:
        text = (home.root / "pg.json").read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        record = Record(**json.loads(text))
        place = home.root / record.place
        if place != home.root and is_anothers(home, place):
            return None
        return record._replace(place=str(place), sockets=str(place / record.sockets))
    except (ValueError, TypeError):
        return None


def is_anothers(home: Home, place: Path) -> bool:
    """Whether a place outside is that of a home which is still there, and of which this is a copy."""
    try:
        said = (place / "home").read_text().removesuffix("\n")
    except FileNotFoundError:
        return False
    return said != os.path.realpath(home.root) and Path(said).exists()


def find_data(home: Home) -> Path:
    """The data directory, also when the record of it is lost."""
    record = read_record(home)
    if record is not None and Path(record.place).exists():
        return record.data
    outside = OUTSIDE / home.digest / "data"
    return outside if outside.exists() else home.root / "data"


def write_record(home: Home, record: Record) -> None:
    """Replace the record."""
    place, sockets = Path(record.place), Path(record.sockets)
    kept = record._replace(
        place="" if place == home.root else record.place,
        sockets="run" if sockets == place / "run" else record.sockets,
    )
    replace_file(home.root / "pg.json", json.dumps(kept._asdict(), indent=1) + "\n")


def replace_file(path: Path, text: str, mode: int = 0o600) -> None:
    """Replace a file in one step."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, mode)
    with open(descriptor, "w") as file:
        os.fchmod(descriptor, mode)
        file.write(text)
    fresh.replace(path)


def read_inode(data: Path) -> int:
    """What tells a directory from its copy; 0 when there is none."""
    try:
        return data.stat().st_ino
    except FileNotFoundError:
        return 0


def choose_sockets(home: Home, place: Path) -> Path:
    """A directory whose path is short and plain enough for a socket: beside the data if possible."""
    for directory in (place / "run", *list_socket_places(home)):
        fits = len(os.fsencode(directory)) + len("/.s.PGSQL.65535") <= SOCKET_LIMIT
        if fits and PLAIN.fullmatch(str(directory)) and directory.parent.is_dir():
            return directory
    raise ServerFailed("no directory has a path short and plain enough for a socket; tried /tmp, too")


def list_socket_places(home: Home) -> list[Path]:
    """Where sockets lie whose directory beside the data has too long a path."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    name = f"poolmgr-{os.geteuid()}-{home.digest}"
    return [Path(root, name) for root in (runtime, "/tmp") if root.startswith("/")]  # noqa: S108


def ensure_private(directory: Path, uid: int) -> None:
    """A directory that is this user's alone; one that somebody else put there is refused."""
    try:
        directory.mkdir(mode=0o700)
        if uid != os.geteuid():
            os.chown(directory, uid, -1)
    except FileExistsError:
        pass
    found = directory.lstat()
    if found.st_uid != uid or found.st_mode & 0o170077 != 0o040000:
        raise ServerFailed(f"{directory} is not a directory of this user's alone", hint=f"ls -ld {directory}")
