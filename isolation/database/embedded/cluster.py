"""The data directory: made whole under another name, kept while it can be trusted, else set aside.

The server runs without fsync, so its data survives its own death but not the machine's, nor being
copied while it ran. Whoever calls holds the server's `alive` lock; so does what is started here.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import NamedTuple

from isolation.database.embedded import accounts, postmaster
from isolation.database.embedded.aside import bring_back, is_new, mark_new, remove_new
from isolation.database.embedded.binaries import Binaries
from isolation.database.embedded.damage import AGAIN, failure, is_torn, torn
from isolation.database.embedded.extensions import ensure_extensions
from isolation.database.embedded.fitting import choose_programs
from isolation.database.embedded.outside import ensure_outside, follow_home
from isolation.database.embedded.place import (
    Home,
    Record,
    choose_sockets,
    ensure_private,
    find_data,
    read_inode,
    read_record,
    replace_file,
)
from isolation.database.embedded.program import Account, run
from isolation.database.errors import ServerFailed

SUPERUSER = "poolmgr"
# We ourselves come by the socket, in a directory of ours alone; everybody else by password.
RULES = f"""\
local all {SUPERUSER} trust
host  all {SUPERUSER} 127.0.0.1/32 reject
host  all all 127.0.0.1/32 scram-sha-256
"""


class Cluster(NamedTuple):
    """A data directory that can be started, and with what."""

    account: Account
    place: Path
    sockets: Path
    binaries: Binaries
    extensions: str | None

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.place / "data"

    @property
    def rules(self) -> Path:
        """Who may come from where."""
        return self.place / "pg_hba.conf"


def ensure_cluster(home: Home, asked: str, alive: int, replaced: str) -> Cluster:
    """The data directory as it was, or a new one in the place of what was set aside.

    Data that may lack what was written (power was lost, or they are a copy of running data) are damaged.
    """
    follow_home(home)
    bring_back(find_data(home))
    record = read_record(home)
    account, binaries = choose_programs(home, record, asked)
    place = home.place_for(account)
    if account.user is not None:
        ensure_outside(home)
    data = place / "data"
    refuse_strangers(data)
    if data.exists() and not is_of_this_boot(record, data) and is_torn(data, binaries, account):
        if not is_new(data):
            raise torn(data)
        remove_new(data)
    if not data.exists():
        home.news.touch(mode=0o600)
        make_data(data, binaries, account, alive, replaced)
    sockets = choose_sockets(home, place)
    ensure_private(sockets, accounts.uid_of(account))
    extensions = ensure_extensions(sockets if ":" in str(place) else place, binaries)
    cluster = Cluster(account, place, sockets, binaries, extensions)
    clear_traces(cluster)
    replace_file(cluster.rules, RULES, mode=0o644)
    return cluster


def refuse_strangers(data: Path) -> None:
    """Stop when a server that does not hold our lock uses the data; two of them would ruin it."""
    pid = postmaster.find_postmaster(data)
    if pid is not None:
        raise ServerFailed(
            f"process {pid} uses {data}, and poolmgr did not start it", hint=f"end it: kill -INT {pid}"
        )


def is_of_this_boot(record: Record | None, data: Path) -> bool:
    """Whether these data were whole at a start in this run of the machine; whatever died since, they are."""
    return record is not None and record.boot == read_boot() and record.inode == read_inode(data)


def has_run(record: Record | None, data: Path) -> bool:
    """Whether the server has let us in on them since: then the reset before has damaged nothing."""
    return record is not None and record.has_run and is_of_this_boot(record, data)


def make_data(data: Path, binaries: Binaries, account: Account, alive: int, replaced: str) -> None:
    """A new data directory, complete from the moment it has its name."""
    fresh = data.with_name("data.new")
    output = None
    for locale in list_locales(binaries.major):
        shutil.rmtree(fresh, ignore_errors=True)
        ensure_private(fresh, accounts.uid_of(account))
        output = run(
            (
                binaries.dir / "initdb", "-D", fresh, "-U", SUPERUSER, "--auth=trust", "--encoding=UTF8",
                "--no-sync", *locale,
            ),
            account, keep_open=(alive,),
        )  # fmt: skip
        if output.code == 0:
            mark_new(fresh, replaced)
            fresh.rename(data)
            return
        if "locale" not in output.text:
            break
    shutil.rmtree(fresh, ignore_errors=True)
    raise failure(ServerFailed, "initdb failed", output.text if output else "", AGAIN)


def list_locales(major: int) -> list[tuple[str, ...]]:
    """The same letters everywhere if possible; not every system has the locale C.UTF-8."""
    if major >= 17:
        return [("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")]
    return [("--locale=C.UTF-8",), ("--locale=C",)]


def clear_traces(cluster: Cluster) -> None:
    """What a killed server left: it would be taken for a living one whose number it names."""
    (cluster.data / "postmaster.pid").unlink(missing_ok=True)
    for trace in cluster.sockets.glob(".s.PGSQL.*"):
        trace.unlink(missing_ok=True)


def read_boot() -> str:
    """Which run of the machine this is; empty where it cannot be known."""
    if sys.platform == "linux":
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return run(("sysctl", "-n", "kern.bootsessionuuid")).text
