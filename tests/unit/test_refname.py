"""Names from outside: never more than git takes, and nothing that means something else."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from poolmgr.core.errors import BadName
from poolmgr.core.refname import branch_fault, require_agent, require_branch, require_request, safe_part

# What makes git's rules bite: its forbidden characters, dots, slashes, `.lock`, and ordinary text.
pieces = st.sampled_from(
    ["a", "B9", "-", ".", "..", "/", "//", "@", "{", "@{", "~", "^", ":", "?", "*", "[", "\\", " ", "\x7f",
     "\x01", "\n", "$(x)", ";", ".lock", "lock", "HEAD", "refs/", "heads/", "é",
     "日", "\u202e", "+", "_", "#", "%", "'", '"']
)  # fmt: skip
names = st.lists(pieces, max_size=6).map("".join)


def git_takes(name: str) -> bool:
    answer = subprocess.run(
        ("git", "check-ref-format", "--branch", name), capture_output=True, check=False, cwd="/", timeout=60
    )
    return answer.returncode == 0


@settings(max_examples=150)
@given(names.filter(bool))
@example("a")
@example("feature/x.lock/y")
@example("@")
@example("a@{b")
@example("-x")
@example(".a")
@example("a/.b")
@example("a.")
@example("a./b")
@example("refs/heads/a")
def test_a_name_we_take_is_a_name_git_takes(name: str) -> None:
    if branch_fault(name) is None:
        assert git_takes(name), name


@settings(max_examples=150)
@given(names.filter(bool))
@example("feature/login")
@example("fix_42")
@example("a./b")
@example("é/日")
def test_a_name_git_takes_is_refused_only_for_a_stated_reason(name: str) -> None:
    fault = branch_fault(name)
    if fault and "\0" not in name and git_takes(name):
        assert name in {"HEAD", "@"} or name.startswith(("refs/", "-")) or "@{" in name


@pytest.mark.parametrize(
    "name",
    [
        "", "-", "--force", "-D", "HEAD", "@", "a b", "a..b", "a~1", "a^", "a:b", "a?", "a*", "a[", "a\\b",
        "/a", "a/", "a//b", ".a", "a/.b", "a.lock", "a.lock/b", "a.", "a@{1}", "a\nb", "a\0b", "a\x7f",
        "\udcff", "refs/heads/x", "0" * 40, "f" * 64, "é" * 101,
    ],
)  # fmt: skip
def test_a_hostile_branch_name_is_refused(name: str) -> None:
    with pytest.raises(BadName) as caught:
        require_branch(name)
    assert caught.value.exit_code == 2
    assert caught.value.hint


@pytest.mark.parametrize(
    "name", ["", "-x", "a b", "a/b", "a\nb", "é", "x" * 65, "../up", "$(id)", "a;b", ".hidden"]
)
def test_a_hostile_agent_name_is_refused(name: str) -> None:
    with pytest.raises(BadName):
        require_agent(name)


@pytest.mark.parametrize("name", ["alice", "bob@host", "agent-1.2", "A_b+c", "_x", "x" * 64])
def test_an_ordinary_agent_name_is_taken(name: str) -> None:
    assert require_agent(name) == name


@pytest.mark.parametrize("name", ["", "-x", "a b", "a/b", "a\n", "x" * 129])
def test_a_hostile_request_id_is_refused(name: str) -> None:
    with pytest.raises(BadName):
        require_request(name)


@given(st.text(max_size=40))
def test_any_text_becomes_a_part_of_a_branch_name(text: str) -> None:
    assert branch_fault(f"{safe_part(text)}/1-2") in {None, "is longer than 200 bytes"}
