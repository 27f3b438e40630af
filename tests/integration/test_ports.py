"""Ports on this machine, and the claims that keep leases apart. Real sockets, real files."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from poolmgr.core.errors import NoPorts
from poolmgr.core.settings import PortsSettings
from poolmgr.services.environment import ports
from poolmgr.services.environment.record import Record, find_record
from poolmgr.services.ground.marks import RECORD
from resources.probes.ports import is_free

PLACES = [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::1")]  # noqa: S104


def has_address(family: socket.AddressFamily, address: str) -> bool:
    try:
        with socket.socket(family) as probe:
            probe.bind((address, 0))
    except OSError:
        return False
    return True


@pytest.fixture
def claims(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A room for claims of the test's own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state/poolmgr/ports"


@pytest.fixture
def wanted(request: pytest.FixtureRequest) -> PortsSettings:
    """Blocks in a range that no other test worker uses."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
    return PortsSettings(first=24000 + 400 * (worker % 16), block=5)


@pytest.fixture
def admins(tmp_path: Path) -> Iterator[Path]:
    """A place for admin directories."""
    for name in "abc":
        (tmp_path / name).mkdir()
    return iter([tmp_path / name for name in "abc"])


@pytest.mark.parametrize(("family", "address"), PLACES)
def test_a_port_that_somebody_listens_on_is_not_free(family: socket.AddressFamily, address: str) -> None:
    if not has_address(family, address):
        pytest.skip(f"no {address} here")
    with socket.socket(family) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((address, 0))
        server.listen()
        port = server.getsockname()[1]
        assert not is_free(port)
    assert is_free(port)


def test_two_leases_have_no_port_in_common(
    claims: Path, wanted: PortsSettings, admins: Iterator[Path]
) -> None:
    first = ports.claim(next(admins), Record(lease="1"), wanted, 1)
    second = ports.claim(next(admins), Record(lease="2"), wanted, 1)
    assert len(first.ports) == len(second.ports) == 5
    assert not set(first.ports) & set(second.ports)
    assert {file.name for file in claims.iterdir()} == {
        "lock", *(f"{each.ports[0]}-{each.ports[-1]}.json" for each in (first, second)),
    }  # fmt: skip


def test_blocks_of_other_sizes_stay_apart_too(
    claims: Path, wanted: PortsSettings, admins: Iterator[Path]
) -> None:
    first = ports.claim(next(admins), Record(lease="1"), wanted, 1)
    other = PortsSettings(first=wanted.first + 3, block=7)
    second = ports.claim(next(admins), Record(lease="2"), other, 1)
    assert not set(first.ports) & set(second.ports)


def test_a_slot_has_the_block_of_its_number_when_that_is_free(
    claims: Path, wanted: PortsSettings, admins: Iterator[Path]
) -> None:
    record = ports.claim(next(admins), Record(lease="1"), wanted, 3)
    if all(map(is_free, range(wanted.first + 10, wanted.first + 15))):
        assert record.first == wanted.first + 10


def test_a_block_with_a_port_in_use_is_passed_over(
    claims: Path, wanted: PortsSettings, admins: Iterator[Path]
) -> None:
    first = ports.claim(next(admins), Record(lease="1"), wanted, 1)
    ports.drop_claim(admins_of(first, claims), first)
    with socket.socket() as server:
        server.bind(("127.0.0.1", first.ports[4]))
        server.listen()
        second = ports.claim(next(admins), Record(lease="2"), wanted, 1)
    assert first.ports[4] not in second.ports


def admins_of(record: Record, claims: Path) -> Path:
    """The admin directory that a claim names."""
    import json

    claim = json.loads((claims / f"{record.ports[0]}-{record.ports[-1]}.json").read_bytes())
    return Path(claim["record"]).parent


def test_a_claim_goes_with_its_lease_and_with_no_other(
    claims: Path, wanted: PortsSettings, admins: Iterator[Path]
) -> None:
    mine, other = next(admins), next(admins)
    record = ports.claim(mine, Record(lease="1"), wanted, 1)
    assert ports.is_claimed(mine, record)
    ports.drop_claim(other, record)
    ports.drop_claim(mine, record._replace(lease="2"))
    assert ports.is_claimed(mine, record)
    ports.drop_claim(mine, record)
    assert [file.name for file in claims.iterdir()] == ["lock"]


@pytest.mark.parametrize("loss", ["the record", "the lease", "the block", "the text"])
def test_a_claim_that_nothing_stands_behind_is_taken_over(
    claims: Path, wanted: PortsSettings, admins: Iterator[Path], loss: str
) -> None:
    mine = next(admins)
    record = ports.claim(mine, Record(lease="1"), wanted, 1)
    match loss:
        case "the record":
            (mine / RECORD).unlink()
        case "the lease":
            (mine / RECORD).write_text((mine / RECORD).read_text().replace('"1"', '"2"'))
        case "the block":
            (mine / RECORD).write_text((mine / RECORD).read_text().replace(str(record.first), "1"))
        case _:
            (claims / f"{record.ports[0]}-{record.ports[-1]}.json").write_text("{")
    assert ports.claim(next(admins), Record(lease="3"), wanted, 1).first == record.first


def test_a_claim_follows_a_repository_that_was_moved(
    claims: Path, wanted: PortsSettings, admins: Iterator[Path], tmp_path: Path
) -> None:
    before, after = next(admins), tmp_path / "moved"
    record = ports.claim(before, Record(lease="1"), wanted, 1)
    before.rename(after)
    ports.renew_claim(after)
    assert ports.is_claimed(after, record)
    assert not set(ports.claim(next(admins), Record(lease="2"), wanted, 1).ports) & set(record.ports)


def test_a_block_that_is_anothers_by_now_is_not_claimed_back(
    claims: Path, wanted: PortsSettings, admins: Iterator[Path], tmp_path: Path
) -> None:
    before, other = next(admins), next(admins)
    record = ports.claim(before, Record(lease="1"), wanted, 1)
    before.rename(tmp_path / "moved")
    theirs = ports.claim(other, Record(lease="2"), wanted, 1)
    ports.renew_claim(tmp_path / "moved")
    assert ports.is_claimed(other, theirs)
    assert not ports.is_claimed(tmp_path / "moved", record)


def test_the_record_names_the_block_before_the_lock_is_let_go(
    claims: Path, wanted: PortsSettings, admins: Iterator[Path]
) -> None:
    mine = next(admins)
    assert find_record(mine) is None
    assert ports.claim(mine, Record(lease="1"), wanted, 1) == find_record(mine)


def test_where_no_block_is_free_it_is_said(claims: Path, admins: Iterator[Path]) -> None:
    wanted = PortsSettings(first=65530, block=10)
    with pytest.raises(NoPorts, match="no 10 free ports in a row from 65530 up"):
        ports.claim(next(admins), Record(lease="1"), wanted, 1)


def test_where_nothing_can_be_written_it_is_said(
    claims: Path, wanted: PortsSettings, admins: Iterator[Path]
) -> None:
    claims.parent.mkdir(parents=True)
    claims.write_text("a file")
    with pytest.raises(NoPorts, match="no ports can be claimed in"):
        ports.claim(next(admins), Record(lease="1"), wanted, 1)


CHILD = """
import sys; from pathlib import Path
from poolmgr.core.settings import PortsSettings
from poolmgr.services.environment import ports
from poolmgr.services.environment.record import Record
admin = Path(sys.argv[1]); admin.mkdir()
print(ports.claim(admin, Record(lease=admin.name), PortsSettings(first=int(sys.argv[2]), block=5), 1).first)
"""


def test_eight_processes_at_once_get_eight_blocks(
    claims: Path, wanted: PortsSettings, tmp_path: Path
) -> None:
    children = [
        subprocess.Popen(
            (sys.executable, "-c", CHILD, str(tmp_path / f"admin-{number}"), str(wanted.first)),
            stdout=subprocess.PIPE,
        )
        for number in range(8)
    ]
    found = [child.communicate(timeout=60)[0] for child in children]
    assert len(set(found)) == 8
    assert all(found)
