"""Which task a branch or a message names."""

from __future__ import annotations

import pytest

from poolmgr.services.planning.naming import Names

NAMES = Names(["bd-1", "bd-12", "bd-12.3", "a_b-x7", "login", "Proj-9"])


@pytest.mark.parametrize(
    ("branch", "task"),
    [
        ("alice/bd-12", "bd-12"),
        ("bd-12-fix-login", "bd-12"),
        ("fix/bd-12.3", "bd-12.3"),
        ("bd-123", None),
        ("xbd-1", None),
        ("a_b-x7/again", "a_b-x7"),
        ("feature/PROJ-9_form", "Proj-9"),
        ("login", "login"),
        ("alice/Login", "login"),
        ("login/form", "login"),
        ("login/bd-12", "bd-12"),
        ("login-form", None),
        ("fix/the-login", None),
        ("main", None),
        ("bd-1_", "bd-1"),
    ],
)
def test_a_branch_names_the_longest_id_that_stands_in_it(branch: str, task: str | None) -> None:
    assert NAMES.in_branch(branch) == task


@pytest.mark.parametrize(
    ("message", "task"),
    [
        ("Fix the form (bd-12)", "bd-12"),
        ("bd-12: fix.\n\nCloses bd-12.", "bd-12"),
        ("See bd-12.3.", "bd-12.3"),
        ("bd-1 and bd-12", None),
        ("bd-123 login", None),
        ("PROJ-9", "Proj-9"),
        ("", None),
    ],
)
def test_a_message_names_a_task_if_it_names_one_alone(message: str, task: str | None) -> None:
    assert NAMES.in_message(message) == task
