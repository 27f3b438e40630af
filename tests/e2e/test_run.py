"""run: a command in a slot, from its start to what becomes of its work."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import COMMON
from tests.e2e.pooled import Json, Pooled
from tests.fixtures.commands import Result
from tests.fixtures.patience import await_that


def script(text: str) -> tuple[str, ...]:
    """A command that is a script of sh."""
    return ("sh", "-c", text)


def lent_to(result: Result) -> str:
    """The slot that the first words named."""
    return result.stderr.split()[0]


def states(free: Pooled, name: str) -> str:
    slot = free.stored(name)
    assert slot
    return slot.state.value


def test_a_command_runs_in_a_slot_with_its_variables_and_the_slot_is_free_afterwards(free: Pooled) -> None:
    told = 'pwd; echo "$POOLMGR_SLOT $POOLMGR_LEASE $PWD $OUTER"; git branch --show-current'
    result = free.run(
        "run", "--agent", "alice", "--branch", "fix/login", "--", *script(told), env={"OUTER": "kept"}
    )
    place, facts, branch = result.stdout.splitlines()
    name, lease, working, outer = facts.split()
    assert (Path(place).name, branch, outer, working) == (name, "fix/login", "kept", place)
    assert len(lease) == 32
    assert result.stderr.splitlines()[0].startswith(f"{name} on fix/login (base main ")
    assert result.stderr.splitlines()[1:] == [f"released {name}"]
    reasons = [event["reason"] for event in free.ask("events", "--last", "20")["events"]]
    assert "lent to alice" in reasons


def test_stdin_and_every_byte_of_stdout_are_the_commands_own(free: Pooled) -> None:
    content = bytes(range(256))
    done = subprocess.run(
        (sys.executable, "-m", "poolmgr", "run", "--", "cat"), cwd=free.repo, env=free.environment(),
        input=content, capture_output=True, check=True, timeout=60,
    )  # fmt: skip
    assert done.stdout == content


def test_what_stands_behind_the_dashes_is_never_read(free: Pooled) -> None:
    words = ("--json", "--repo", "/nowhere", "--help", "--", "--branch=x", "", "-")
    assert free.run("run", "--", "printf", "%s\\n", *words).stdout.splitlines() == [*words]


def test_the_exit_code_is_the_commands(free: Pooled) -> None:
    assert free.run("run", "--", *script("exit 75"), check=False).code == 75


def test_a_command_ended_by_a_signal_ends_us_alike(free: Pooled) -> None:
    assert free.run("run", "--", *script("kill -TERM $$"), check=False).code == -signal.SIGTERM
    typed = shlex.join((sys.executable, "-m", "poolmgr", "run", "--", *script("kill -KILL $$")))
    done = subprocess.run(
        ("sh", "-c", f"{typed}; echo $?"), cwd=free.repo, env=free.environment(), capture_output=True,
        text=True, check=True, timeout=60,
    )  # fmt: skip
    assert done.stdout == "137\n"


@pytest.mark.parametrize(("name", "code"), [("no-such-command", 127), ("./README.md", 126), ("./src", 126)])
def test_a_command_that_cannot_start_has_the_exit_code_shells_give_it(
    free: Pooled, name: str, code: int
) -> None:
    result = free.run("run", "--", name, check=False)
    assert result.code == code
    assert f"released {lent_to(result)}" in result.stderr
    assert "poolmgr: " in result.stderr


def test_a_file_without_a_first_line_is_a_script(free: Pooled, tmp_path: Path) -> None:
    file = tmp_path / "plain"
    file.write_text('echo "$1" in "$(basename "$PWD")"\n')
    file.chmod(0o755)
    result = free.run("run", "--", file, "hello")
    assert result.stdout == f"hello in {lent_to(result)}\n"


@pytest.mark.parametrize("words", [(), ("--",), ("make", "test"), ("--branch", "x", "--")])
def test_without_a_command_an_example_is_shown(free: Pooled, words: tuple[str, ...]) -> None:
    result = free.run("run", *words, check=False)
    assert result.code == 2
    assert "hint: poolmgr run" in result.stderr
    assert result.stdout == ""


def test_gits_variables_of_an_outer_hook_do_not_reach_the_command(free: Pooled) -> None:
    hook = free.repo.path / ".git" / "hooks" / "pre-commit"
    typed = shlex.join((sys.executable, "-m", "poolmgr", "run", "--", *script("git status --short; env")))
    hook.write_text(f"#!/bin/sh\nexec {typed} > {shlex.quote(str(free.repo.path / 'build.log'))}\n")
    hook.chmod(0o755)
    (free.repo.path / "staged").write_text("mine\n")
    free.repo.git("add", "staged")
    done = subprocess.run(
        ("git", "commit", "--quiet", "--message", "Hooked."), cwd=free.repo, check=True, timeout=60,
        env={**free.environment(), "GIT_COMMITTER_NAME": "bot"}, capture_output=True,
    )  # fmt: skip
    hook.unlink()
    free.repo.git("reset", "--quiet", "--hard", "HEAD~1")
    lines = (free.repo.path / "build.log").read_text().splitlines()
    assert not [line for line in lines if line.startswith(("GIT_INDEX", "GIT_DIR", "GIT_PREFIX", "A "))], done
    assert "GIT_COMMITTER_NAME=bot" in lines
    assert "GIT_EDITOR=:" not in lines


def test_work_that_stands_against_the_release_stays_under_a_lease_that_stands(free: Pooled) -> None:
    result = free.run("run", "--branch", "stays", "--", *script("echo new > new.txt"), check=False)
    name = lent_to(result)
    slot = free.slot(name)
    assert result.code == 1
    assert (slot["state"], slot["branch"], slot["dirty"]) == ("LEASED", "stays", True)
    assert f"cd {slot['path']}" in result.stderr
    assert f"poolmgr release {name} --rescue" in result.stderr
    assert "new.txt" in result.stderr
    free.cli.settle()  # nobody takes it for a dead process's
    assert [lease.kind.value for lease in free.snapshot().leases] == ["standing"]
    assert free.release(name, "--rescue")["rescue"]


def test_the_commands_own_exit_code_comes_before_ours(free: Pooled) -> None:
    result = free.run("run", "--", *script("echo new > new.txt; exit 9"), check=False)
    assert result.code == 9
    assert free.release(lent_to(result), "--rescue")["rescue"]


def test_with_rescue_unsaved_work_is_kept_and_the_slot_given_back(free: Pooled) -> None:
    result = free.run("run", "--rescue", "--", *script("echo new > new.txt"))
    kept = next(line for line in result.stderr.splitlines() if line.startswith("kept as "))
    identifier = kept.split()[2].rstrip(";")
    assert identifier in [rescue["id"] for rescue in free.ask("rescue", "list")["rescues"]]


def test_committed_work_is_on_its_branch(free: Pooled) -> None:
    work = "echo new > new.txt && git add new.txt && git commit --quiet --message Work"
    free.run("run", "--branch", "fix/work", "--", *script(work))
    assert free.repo.git("show", "fix/work:new.txt") == "new"


def test_inside_a_slot_the_command_runs_right_there_and_the_slot_stays(free: Pooled) -> None:
    lent = free.acquire("--branch", "inner")
    place = Path(lent["path"]) / "src"
    told = script('pwd; echo "$POOLMGR_LEASE"; exit 3')
    for mine in ({}, {"POOLMGR_LEASE": lent["lease"]}):
        result = free.run(
            "run", "--agent", "alice", "--branch", "inner", "--", *told, cwd=place, env=mine, check=False
        )
        assert (result.stdout.split(), result.code, result.stderr) == ([str(place), lent["lease"]], 3, "")
    assert free.slot(lent["slot"])["lease"] == lent["lease"]
    free.release(lent["slot"])


def test_run_within_run_has_the_same_slot(free: Pooled) -> None:
    inner = (sys.executable, "-m", "poolmgr", "run", "--", *script("echo $POOLMGR_LEASE"))
    result = free.run("run", "--", *script(f"echo $POOLMGR_LEASE; {shlex.join(inner)}; git status --short"))
    first, second = result.stdout.splitlines()
    assert first == second
    assert result.stderr.count("released") == 1


def test_inside_anothers_slot_or_asking_for_another_is_refused(free: Pooled) -> None:
    lent = free.acquire("--branch", "inner")
    other = {"POOLMGR_LEASE": "0" * 32}
    error = free.refused("run", cwd=lent["path"], env=other, code=2)
    assert error["code"] == "usage"
    result = free.run("run", "--", "touch", "no", cwd=lent["path"], env=other, check=False)
    assert (result.code, result.stdout) == (1, "")
    assert "POOLMGR_LEASE" in result.stderr
    for words in (("--branch", "b"), ("--agent", "bob"), ("--base", "HEAD~1"), ("--scope", "src")):
        result = free.run("run", *words, "--", "touch", "no", cwd=lent["path"], check=False)
        assert result.code == 2
        assert f"hint: poolmgr run --repo {free.repo.path} {words[0]}" in result.stderr
    assert free.slot(lent["slot"])["dirty"] is False
    free.release(lent["slot"])


def test_children_that_the_command_left_are_named_and_the_slot_waits_for_them(free: Pooled) -> None:
    left = "tail -f /dev/null < /dev/null > /dev/null 2>&1 & echo $!"
    result = free.run("run", "--", *script(left))
    child, name = int(result.stdout), lent_to(result)
    assert result.code == 0
    assert f"still inside: tail (pid {child}); the slot waits for it" in result.stderr
    assert states(free, name) == "RELEASING"
    os.kill(child, signal.SIGTERM)


def test_a_command_may_give_the_slot_back_itself(free: Pooled) -> None:
    give = shlex.join((sys.executable, "-m", "poolmgr", "release"))
    result = free.run("run", "--", *script(f"{give}; exit 4"), check=False)
    assert result.code == 4
    assert f"{lent_to(result)} was given back or taken before the command ended" in result.stderr


def test_with_json_there_is_a_line_on_stderr_when_the_slot_is_lent_and_one_when_it_is_back(
    free: Pooled,
) -> None:
    def lines(*words: str, check: bool = True, **how: object) -> list[Json]:
        result = free.run("run", "--json", "--agent", "alice", *words, check=check, **how)
        assert result.stdout == "hello\n"
        return [json.loads(line) for line in result.stderr.splitlines()]

    lent, back = lines("--branch", "told", "--", "echo", "hello")
    assert (lent["state"], back["state"], back["rescue"], back["inside"]) == ("lent", "released", None, [])
    assert (lent["lease"], lent["branch"], lent["contract_version"]) == (back["lease"], "told", 1)
    lent, kept = lines("--", *script("echo hello; echo new > new.txt"), check=False)
    assert (kept["state"], kept["error"]["code"]) == ("kept", "unsaved_work")
    (used,) = lines("--", "echo", "hello", cwd=lent["path"])
    assert (used["state"], used["lease"]) == ("used", lent["lease"])
    assert free.release(lent["slot"], "--rescue")["rescue"]
    assert free.refused("run", code=2)["code"] == "usage"


def test_killed_we_leave_the_command_and_the_next_poolmgr_ends_the_lease_with_a_rescue(free: Pooled) -> None:
    words = "echo new > new.txt; echo $$; exec tail -f /dev/null < /dev/null"
    running = free.start("run", "--branch", "orphan", "--", *script(words))
    assert running.stdout
    command = int(running.stdout.readline())
    running.kill()
    running.wait()
    name = next(slot.name for slot in free.snapshot().slots if slot.branch == "orphan")
    free.run("status")
    await_that(lambda: states(free, name) == "RELEASING", "the lease is over")
    await_that(lambda: free.ask("rescue", "list")["rescues"], "the work is kept")
    assert os.readlink(f"/proc/{command}/cwd").endswith(name)  # it goes on
    os.kill(command, signal.SIGTERM)
    running.communicate()
    free.await_ready(COMMON)
    assert "new.txt" not in free.run("run", "--branch", "orphan", "--", "ls").stdout.split()


def test_killed_without_a_trace_of_work_the_same_words_work_again(free: Pooled) -> None:
    running = free.start("run", "--branch", "again", "--scope", "src", "--", *script("echo; exec cat <&2"))
    assert running.stdout
    running.stdout.readline()
    running.kill()
    running.communicate()
    free.run("run", "--branch", "again", "--scope", "src", "--timeout", "30", "--", "true")


def test_a_state_that_was_rebuilt_meanwhile_knows_the_lease_and_takes_the_slot_back(free: Pooled) -> None:
    fix = shlex.join((sys.executable, "-m", "poolmgr", "doctor", "--fix"))
    lost = f"rm {shlex.quote(str(free.repo.state))}/state.db*; {fix} > /dev/null"
    result = free.run("run", "--branch", "rebuilt", "--", *script(lost))
    assert f"released {lent_to(result)}" in result.stderr
