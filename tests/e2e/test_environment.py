"""What a lease's holder finds in its slot: variables, files of the user's choice, ports."""

from __future__ import annotations

import json
import os
import shutil
import socket
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from dotenv import dotenv_values

from tests.e2e.pooled import Json, Pooled
from tests.fixtures.commands import Commands
from tests.fixtures.repositories import Repositories

PLAIN = {"GREETING": "hello {name}", "URL": "http://localhost:{port1}/?a=1&b={slot}#top", "ID": "{lease}"}
LOCAL = {".env.local": {"VITE_PORT": "{port}", "TITLE": "shop #{slot}"}}


def settings(pool: Pooled, **values: object) -> None:
    """Settings of the pool, from the environment."""
    pool.cli.variables |= {f"POOLMGR_{name.upper()}": json.dumps(value) for name, value in values.items()}


@pytest.fixture(scope="module")
def house(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pooled]:
    """A pool of two slots in a repository that ignores its dotenv files; asked for through `ignoring`."""
    root = tmp_path_factory.mktemp("house")
    commands = Commands(root, background=("worker*.lock",))
    pool = Pooled(Repositories(root)("repo"), commands)
    ignore = (pool.repo.path / ".gitignore").read_text()
    pool.repo.write({".gitignore": ignore + ".env.local\n/web/*.env\n", "web/index.js": "x\n"})
    pool.repo.git("add", "--all")
    pool.repo.git("commit", "--quiet", "--message", "Ignore them.")
    # A range of ports of this test worker's own.
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]) % 16
    commands.variables["POOLMGR_PORTS_FIRST"] = str(26000 + 300 * worker)
    settings(pool, env={**PLAIN, **LOCAL})
    pool.init(2)
    yield pool
    commands.finish()


@pytest.fixture
def ignoring(house: Pooled) -> Iterator[Pooled]:
    """The house's pool, all slots free; whatever a test leaves is given back."""
    before = dict(house.cli.variables)
    yield house
    for slot in house.snapshot().slots:
        if slot.lease_id:
            house.run("release", slot.name, "--rescue")
    house.cli.variables = before
    house.run("status")
    house.await_ready(2)


def by_sh(file: Path) -> dict[str, str]:
    """What `set -a` and sh make of a file."""
    script = 'set -a && . "$0" && set +a && env -0'
    answer = subprocess.run(
        ("sh", "-c", script, file), env={"PATH": os.defpath}, capture_output=True, check=True, timeout=60
    )
    pairs = (line.partition("=") for line in os.fsdecode(answer.stdout).split("\0") if line)
    return {name: value for name, _, value in pairs}


def by_dotenv(file: Path) -> dict[str, str]:
    """What python-dotenv makes of it."""
    return {name: value or "" for name, value in dotenv_values(file).items()}


def by_direnv(file: Path) -> dict[str, str]:
    """What direnv makes of it."""
    answer = subprocess.run(("direnv", "dotenv", "json", file), capture_output=True, check=True, timeout=60)
    found: dict[str, str] = json.loads(answer.stdout)
    return found


def files_of(lent: Json) -> tuple[Path, Path]:
    """Our file and the user's."""
    return Path(lent["path"]) / ".env.worktree", Path(lent["path"]) / ".env.local"


def test_sh_dotenv_and_direnv_read_the_same(ignoring: Pooled) -> None:
    lent = ignoring.acquire()
    ports = ignoring.ask("where", cwd=lent["path"])["ports"]
    ours, theirs = files_of(lent)
    for read in (by_sh, by_dotenv, *((by_direnv,) if shutil.which("direnv") else ())):
        assert read(ours).items() >= {
            "POOLMGR_SLOT": lent["slot"], "POOLMGR_LEASE": lent["lease"], "ID": lent["lease"],
            "GREETING": f"hello {lent['slot']}",
            "URL": f"http://localhost:{ports[1]}/?a=1&b={lent['slot'][-1]}#top",
        }.items()  # fmt: skip
        assert read(theirs).items() >= {"VITE_PORT": str(ports[0])}.items()
        assert read(theirs)["TITLE"].startswith("shop #")
    assert [stat.S_IMODE(file.stat().st_mode) for file in (ours, theirs)] == [0o600, 0o600]


def test_the_files_are_nobodys_work_and_go_with_the_lease(ignoring: Pooled, home: Path) -> None:
    lent = ignoring.acquire()
    assert ignoring.git(lent["path"], "status", "--porcelain") == ""
    assert ignoring.slot(lent["slot"])["dirty"] is False
    block = ignoring.ask("where", cwd=lent["path"])["ports"]
    claim = home / f".local/state/poolmgr/ports/{block[0]}-{block[-1]}.json"
    assert claim.exists()
    ignoring.release(lent["slot"])
    assert ignoring.ask("rescue", "list")["rescues"] == []
    assert not any(file.exists() for file in (*files_of(lent), claim))
    ignoring.await_ready(2)


def test_two_leases_have_ports_and_files_of_their_own(ignoring: Pooled) -> None:
    leases = [ignoring.acquire(agent=agent) for agent in ("alice", "bob")]
    blocks = [ignoring.ask("where", cwd=lent["path"])["ports"] for lent in leases]
    assert [len(block) for block in blocks] == [10, 10]
    assert not set(blocks[0]) & set(blocks[1])
    text = ignoring.run("where", cwd=leases[1]["path"]).stdout
    assert f"ports   {blocks[1][0]} to {blocks[1][-1]}\n" in text


def test_a_port_in_use_is_not_handed_out(ignoring: Pooled) -> None:
    lent = ignoring.acquire()
    block = ignoring.ask("where", cwd=lent["path"])["ports"]
    with socket.socket() as server:
        server.bind(("127.0.0.1", block[3]))
        server.listen()
        ignoring.release(lent["slot"])
        again = ignoring.acquire()
        assert block[3] not in ignoring.ask("where", cwd=again["path"])["ports"]


def test_without_a_free_port_the_acquire_is_refused_at_once(ignoring: Pooled) -> None:
    ignoring.cli.variables["POOLMGR_PORTS_FIRST"] = "65530"
    error = ignoring.refused("acquire", "--wait")
    assert error["code"] == "no_ports"
    assert error["message"] == "no 10 free ports in a row from 65530 up"


def test_run_passes_all_of_it(ignoring: Pooled) -> None:
    command = ("sh", "-c", 'echo "$POOLMGR_SLOT $GREETING $URL"')
    slot, hello, name, url = ignoring.run("run", "--agent", "alice", "--", *command).stdout.split()
    assert slot.startswith("pool-wt-")
    assert (hello, name) == ("hello", slot)
    assert url.startswith("http://localhost:")
    assert url.endswith(f"/?a=1&b={slot[-1]}#top")


def test_where_the_branch_has_a_file_of_that_name_run_still_passes_it(ignoring: Pooled) -> None:
    ignoring.repo.git("checkout", "--quiet", "-b", "own-env")
    ignoring.repo.write({".env.worktree": "GREETING=of the branch\n"})
    ignoring.repo.git("add", "--force", ".env.worktree")
    ignoring.repo.git("commit", "--quiet", "--message", "Track it.")
    ignoring.repo.git("checkout", "--quiet", "main")
    lent = ignoring.acquire("--branch", "own-env")
    assert lent["warnings"][-1].startswith("the branch has a file .env.worktree;")
    assert files_of(lent)[0].read_text() == "GREETING=of the branch\n"
    shown = ignoring.run("run", "--", "sh", "-c", 'echo "$GREETING"', cwd=lent["path"]).stdout
    assert shown == f"hello {lent['slot']}\n"
    ignoring.release(lent["slot"])


def test_what_the_holder_changed_in_a_file_is_work(ignoring: Pooled) -> None:
    lent = ignoring.acquire()
    with files_of(lent)[1].open("a") as file:
        file.write("MINE=1\n")
    refused = ignoring.refused("release", lent["slot"])
    assert refused["findings"] == [
        {"kind": "placed", "path": ".env.local", "detail": "changed since it was placed"}
    ]
    ignoring.release(lent["slot"], "--rescue")
    assert not files_of(lent)[1].exists()


def list_gone(pool: Pooled) -> list[Json]:
    """What `doctor` says of files that leases miss."""
    findings = pool.ask("doctor", check=False)["findings"]
    return [found for found in findings if found["kind"] == "file_gone"]


@pytest.mark.parametrize("words", [("run", "--", "true"), ("doctor", "--fix"), ("acquire",)])
def test_files_that_somebody_cleaned_away_are_written_again(ignoring: Pooled, words: tuple[str, ...]) -> None:
    ignoring.repo.write({".env.local": "SECRET=abc\n"})
    ignoring.cli.variables["POOLMGR_WARM_COPY"] = ".env.local"
    asked = ("--request-id", f"again-{words[0]}")
    lent = ignoring.acquire(*asked)
    before = [file.read_bytes() for file in files_of(lent)]
    ignoring.git(lent["path"], "clean", "-ffdxq")
    (found,) = list_gone(ignoring)
    assert found["subject"] == lent["slot"]
    assert found["detail"] == "files of its lease are gone or old: .env.local, .env.worktree"
    if words == ("acquire",):
        assert ignoring.acquire(*asked)["lease"] == lent["lease"]
    else:
        ignoring.run(*words, cwd=lent["path"])
    assert [file.read_bytes() for file in files_of(lent)] == before
    assert [stat.S_IMODE(file.stat().st_mode) for file in files_of(lent)] == [0o600, 0o600]
    assert list_gone(ignoring) == []
    ignoring.release(lent["slot"])
    (ignoring.repo.path / ".env.local").unlink()


def test_what_the_holder_wrote_into_our_file_is_work_and_comes_back_with_new_values(
    ignoring: Pooled, tmp_path: Path
) -> None:
    lent = ignoring.acquire()
    with files_of(lent)[0].open("a") as file:
        file.write("TOKEN=precious\n")
    changed = files_of(lent)[0].read_bytes()
    assert ignoring.refused("release", lent["slot"])["findings"] == [
        {"kind": "placed", "path": ".env.worktree", "detail": "changed since it was placed"}
    ]
    told = ignoring.run("run", "--", "sh", "-c", 'echo "$POOLMGR_LEASE$TOKEN"', cwd=lent["path"])
    assert told.stdout == f"{lent['lease']}precious\n"
    assert files_of(lent)[0].read_bytes() == changed
    kept = ignoring.ask("release", lent["slot"], "--rescue")["rescue"]
    ignoring.await_ready(2)
    assert not files_of(lent)[0].exists()
    ignoring.run("rescue", "restore", kept, "--to", tmp_path / "again")
    assert (tmp_path / "again/.env.worktree").read_bytes() == changed
    ignoring.repo.git("worktree", "remove", "--force", str(tmp_path / "again"))
    place = Path(ignoring.ask("rescue", "restore", kept)["path"])
    now = ignoring.slots()[place.name]
    assert by_sh(place / ".env.worktree").items() >= {"TOKEN": "precious", "ID": now["lease"]}.items()


def test_what_the_holder_wrote_into_our_file_is_kept_when_the_slot_is_taken(pool: Pooled) -> None:
    lent = pool.acquire()
    with files_of(lent)[0].open("a") as file:
        file.write("TOKEN=precious\n")
    pool.run("reclaim", lent["slot"])  # into a new directory; the old one is removed
    pool.cli.settle()
    assert not files_of(lent)[0].exists()
    shown = pool.run("rescue", "show", pool.ask("rescue", "list")["rescues"][0]["id"]).stdout
    assert ".env.worktree" in shown


def test_a_link_in_place_of_our_file_goes_and_nothing_is_written_through_it(
    ignoring: Pooled, tmp_path: Path
) -> None:
    lent = ignoring.acquire("--branch", "linking")
    ours = files_of(lent)[0]
    target = ours.rename(tmp_path / "target")
    ours.symlink_to(target)
    before = target.read_bytes()
    assert ignoring.refused("release", lent["slot"])["findings"][0]["path"] == ".env.worktree"
    ignoring.release(lent["slot"], "--rescue")
    ignoring.await_ready(2)
    assert not ours.is_symlink()
    ours.symlink_to(target)  # by somebody who stayed
    for again in (ignoring.acquire(agent=agent) for agent in ("alice", "bob")):
        assert again["warnings"] == []
        assert by_sh(files_of(again)[0])["POOLMGR_LEASE"] == again["lease"]
        assert not files_of(again)[0].is_symlink()
    assert target.read_bytes() == before


def test_ours_win_over_a_copied_file_and_the_rest_of_it_stays(ignoring: Pooled) -> None:
    copied = "VITE_PORT=5173\nSECRET=abc\n"
    ignoring.repo.write({".env.local": copied})
    ignoring.cli.variables["POOLMGR_WARM_COPY"] = ".env.local"
    for lent in [ignoring.acquire(agent=agent) for agent in ("alice", "bob")]:
        ignoring.release(lent["slot"])  # from here on the slots have their copies
    lent = ignoring.acquire()
    port = ignoring.ask("where", cwd=lent["path"])["ports"][0]
    assert by_sh(files_of(lent)[1]).items() >= {"VITE_PORT": str(port), "SECRET": "abc"}.items()
    assert files_of(lent)[1].read_text().count("VITE_PORT=") == 1
    ignoring.release(lent["slot"])
    assert files_of(lent)[1].read_text() == (ignoring.repo.path / ".env.local").read_text() == copied
    (ignoring.repo.path / ".env.local").unlink()


def test_where_a_file_may_not_be_it_is_said_and_left_alone(ignoring: Pooled) -> None:
    ignoring.repo.git("checkout", "--quiet", "-b", "tracking")
    ignoring.repo.write({".env.local": "tracked\n"})
    ignoring.repo.git("add", "--force", ".env.local")
    ignoring.repo.git("commit", "--quiet", "--message", "Track it.")
    ignoring.repo.git("checkout", "--quiet", "main")
    env = {**LOCAL, "web/dev.env": {"A": "1"}, "web/dev.txt": {"A": "1"}, "B": "{url}"}
    settings(ignoring, env=env)
    lent = ignoring.acquire("--branch", "tracking")
    assert set(lent["warnings"]) >= {
        ".env.local is not written: git tracks it",
        "web/dev.txt is not written: git does not ignore it, so it could be committed",
        "B is not set: {url} needs a database, and the slot has none",
    }
    assert files_of(lent)[1].read_text() == "tracked\n"
    assert (Path(lent["path"]) / "web/dev.env").read_text() == "A=1\n"
    assert not (Path(lent["path"]) / "web/dev.txt").exists()
    ignoring.release(lent["slot"])


def test_a_link_or_a_file_in_the_way_is_left_alone(ignoring: Pooled, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    ignoring.repo.git("checkout", "--quiet", "-b", "linked")
    (ignoring.repo.path / "link").symlink_to(tmp_path / "elsewhere")
    ignoring.repo.git("add", "link")
    ignoring.repo.git("commit", "--quiet", "--message", "Link.")
    ignoring.repo.git("checkout", "--quiet", "main")
    paths = ("link/.env.local", "link", "web/index.js/.env.local", "web")
    for path in paths:
        settings(ignoring, env={path: {"A": "1"}})
        lent = ignoring.acquire("--branch", "linked")
        why = "something other than a plain file, or a link, is there"
        assert lent["warnings"][-1] == f"{path} is not written: {why}"
        ignoring.release(lent["slot"])
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_scoped_slot_has_no_files_where_it_shows_nothing(ignoring: Pooled) -> None:
    settings(ignoring, env={**LOCAL, "web/dev.env": {"A": "1"}})
    lent = ignoring.acquire("--scope", "src/**")
    assert "web/dev.env is not written: its directory is not in the view of the slot" in lent["warnings"]
    assert files_of(lent)[1].exists()
    assert not (Path(lent["path"]) / "web").exists()


def test_without_templates_nothing_is_claimed_and_the_home_stays_as_it_is(
    pool: Pooled, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    pool.cli.variables["XDG_STATE_HOME"] = str(state)
    lent = pool.acquire()
    assert pool.ask("where", cwd=lent["path"])["ports"] == []
    assert files_of(lent)[0].read_text() == f"POOLMGR_SLOT={lent['slot']}\nPOOLMGR_LEASE={lent['lease']}\n"
    assert not state.exists()


def test_a_template_that_means_nothing_is_a_settings_error_with_its_place(ignoring: Pooled) -> None:
    file = ignoring.repo.state / "config.yaml"
    del ignoring.cli.variables["POOLMGR_ENV"]
    for env, words in (
        ('A: "{prot}"', "env A: {prot} is none of {slot}"),
        ('A: "{port10}"', "ports.block is 10"),
    ):
        file.write_text(f"pool: {{}}\nenv:\n  {env}\n")
        error = ignoring.refused("acquire", code=2)
        assert words in error["message"]
        assert "config.yaml:2: env " in error["message"]
        assert error["hint"] == "poolmgr config check"
    file.unlink()


def test_a_committed_file_has_no_say_until_it_is_trusted(ignoring: Pooled) -> None:
    ignoring.repo.write({"poolmgr.yaml": 'env: {A: "{slot}"}\n'})
    del ignoring.cli.variables["POOLMGR_ENV"]
    lent = ignoring.acquire()
    assert "A=" not in files_of(lent)[0].read_text()
    ignoring.release(lent["slot"])
    ignoring.run("trust")
    assert "\nA=" in files_of(ignoring.acquire())[0].read_text()
    (ignoring.repo.path / "poolmgr.yaml").unlink()


def test_cleanup_leaves_no_claim_and_takes_no_copy_for_work(unpooled: Pooled, tmp_path: Path) -> None:
    unpooled.cli.variables["XDG_STATE_HOME"] = str(tmp_path / "state")
    unpooled.repo.write({".env": "A=1\nDATABASE_URL=postgres://app:hunter2@localhost/shop\n"})
    settings(unpooled, env={"PORT": "{port}"}, warm_copy=[".env"])
    unpooled.init(2)
    lent = unpooled.acquire()
    named = ".env, a copy from the checkout, names a database that others use, too"
    shown = "DATABASE_URL=postgres://localhost/shop"
    assert lent["warnings"] == [f"{named} ({shown}); the slot has none of its own"]
    assert (Path(lent["path"]) / ".env").exists()
    claims = tmp_path / "state/poolmgr/ports"
    assert len(list(claims.iterdir())) == 2
    unpooled.run("cleanup")
    assert [file.name for file in claims.iterdir()] == ["lock"]
    assert unpooled.ask("rescue", "list")["rescues"] == []
