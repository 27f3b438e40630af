"""What values a setting takes, and the words for those it does not take."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poolmgr.core.settings_table import SETTINGS
from poolmgr.core.settings_values import Raw

TAKEN: list[tuple[str, Raw, object]] = [
    ("pool.max", 1, 1),
    ("pool.max", 1000, 1000),
    ("pool.per_agent", None, None),
    ("pool.base", "origin/main", "origin/main"),
    ("pool.base", "HEAD~2", "HEAD~2"),
    ("pool.dir", "../elsewhere", "../elsewhere"),
    ("pool.branch", "work/{agent}/{date}-{fence}", "work/{agent}/{date}-{fence}"),
    ("pool.fetch", True, True),
    ("queue.timeout", 5, 5.0),
    ("queue.timeout", 0, 0.0),
    ("queue.timeout", "250ms", 0.25),
    ("queue.timeout", "1h30m", 5400.0),
    ("queue.timeout", "1.5h", 5400.0),
    ("queue.timeout", "10d", 864000.0),
    ("release.disposable", ("...", "gen/"), ("...", "gen/")),
    ("release.disposable", (), ()),
    ("warm.run", ("make a, b",), ("make a, b",)),
    ("warm.run", ("set -e\n\tmake\n",), ("set -e\n\tmake\n",)),
    ("warm.copy", (".env", "config/local.yml"), (".env", "config/local.yml")),
    ("database.mode", False, "off"),
    ("database.mode", "off", "off"),
    ("beads.rules", 0.4, "0.4"),
    ("beads.rules", 1, "1"),
    ("env", {"PORT": 80, "NAME": "x"}, {"PORT": "80", "NAME": "x"}),
    ("env", {".env": {"PORT": "{port}"}, "A": "{{"}, {".env": {"PORT": "{port}"}, "A": "{{"}),
    ("limits.disk_warn", "50MiB", "50MiB"),
    ("limits.disk_warn", "80%", "80%"),
    ("limits.disk_warn", 1000, "1000"),
    (
        "tracks.paths",
        {"label:web": ("src/web/**", "a b/"), "type:docs": "docs *.md"},
        {"label:web": "src/web/** a\\ b/", "type:docs": "docs *.md"},
    ),
]
REFUSED: list[tuple[str, Raw, str]] = [
    ("tracks.paths", ("src",), "a mapping of label:NAME"),
    ("tracks.paths", {"web": "src"}, "'web' is none of label:NAME"),
    ("tracks.paths", {"label:web": ("../x",)}, "leads out"),
    ("tracks.paths", {"type:x": (1,)}, "wants a text"),
    ("env", {"A": "{prot}"}, "A: {prot} is none of {slot}"),
    ("env", {".env": {"A": "{x}"}}, ".env: A: {x} is none of"),
    ("env", {"A": "}"}, "A: a single } means nothing"),
    ("env", {"A": "it's"}, "cannot be written so that sh and dotenv read the same"),
    ("env", {"A": "$HOME"}, "cannot be written so that sh and dotenv read the same"),
    ("env", {"A": True}, "a text for A (put it in quotes)"),
    ("env", {".env": {"A": None}}, "a text for .env: A"),
    ("env", {".env": {}}, ".env has no variables below it"),
    ("env", {".env": "A=1"}, "'.env' cannot name an environment variable"),
    ("env", {"POOLMGR_SLOT": "1"}, "POOLMGR_SLOT is poolmgr's own to set"),
    ("env", {"../.env": {"A": "1"}}, "leads out of the checkout"),
    ("env", {"/tmp/.env": {"A": "1"}}, "leads out of the checkout"),  # noqa: S108
    ("env", {"./.env": {"A": "1"}}, "no path of a file"),
    ("env", {"web/": {"A": "1"}}, "no path of a file"),
    ("env", {".git/hooks/x": {"A": "1"}}, "lies in git's own directory"),
    ("env", {"web/x": {"A": "1"}, "web": {"A": "1"}}, "web/x cannot lie below web, which is a file"),
    ("env", {".env.worktree": {"A": "1"}}, "holds all variables that stand by themselves"),
    ("ports.first", 80, "a whole number from 1024 to 65535"),
    ("ports.block", -1, "a whole number from 0 to 1000"),
    ("pool.max", 0, "from 1 to 1000, not 0"),
    ("pool.max", 1001, "from 1 to 1000"),
    ("pool.max", "5", "not '5'"),
    ("pool.max", True, "not true"),
    ("pool.max", None, "not nothing"),
    ("pool.max", (1,), "not a list"),
    ("pool.max", {"a": 1}, "not a mapping"),
    ("pool.base", "--upload-pack=x", "branch, tag or commit"),
    ("pool.base", "a b", "branch, tag or commit"),
    ("pool.dir", "a\nb", "control character"),
    ("pool.dir", "", "wants a text"),
    ("pool.branch", "{user}", "{user} is none of"),
    ("pool.branch", "{agent.x}", "none of"),
    ("pool.branch", "{agent", "no branch name"),
    ("pool.branch", "a b", "no branch name"),
    ("pool.branch", "a..b", "no branch name"),
    ("pool.branch", "-a", "no branch name"),
    ("pool.branch", "a.lock", "no branch name"),
    ("pool.branch", ".a/{slot}", "no branch name"),
    ("pool.fetch", "yes", "true or false"),
    ("queue.timeout", "soon", "a duration such as"),
    ("queue.timeout", -1, "a duration such as"),
    ("queue.timeout", float("inf"), "a duration such as"),
    ("queue.timeout", float("nan"), "a duration such as"),
    ("queue.timeout", True, "a duration such as"),
    ("queue.timeout", "\u0661s", "a duration such as"),
    ("release.disposable", "node_modules", "a list of globs"),
    ("release.disposable", ("../x",), "leads out"),
    ("release.disposable", (5,), "a text"),
    ("warm.copy", ("/etc/passwd",), "leads out"),
    ("warm.copy", ("a/../../b",), "leads out"),
    ("warm.copy", ("~/x",), "leads out"),
    ("warm.copy", (".git/config",), "git's own"),
    ("warm.copy", (".GIT/config",), "git's own"),
    ("warm.copy", ("./.git/config",), "git's own"),
    ("warm.copy", ("sub/.git/config",), "git's own"),
    ("warm.run", ("a\x1bb",), "control character"),
    ("warm.copy", ("a\nb",), "control character"),
    ("warm.run", (" \n",), "a text"),
    ("database.mode", True, "one of auto"),
    ("database.mode", "postgres", "one of auto"),
    ("beads.rules", 2, "one of auto"),
    ("env", ("A",), "a mapping"),
    ("env", {"A-B": "x"}, "cannot name an environment variable"),
    ("env", {"A": True}, "put it in quotes"),
    ("env", {"A": ("x",)}, "put it in quotes"),
    ("limits.disk_warn", "101%", "a share"),
    ("limits.disk_warn", "5 apples", "a share"),
]


@pytest.mark.parametrize(("key", "raw", "value"), TAKEN)
def test_a_fitting_value_is_taken(key: str, raw: Raw, value: object) -> None:
    assert SETTINGS[key].kind.parsed(raw) == value


@pytest.mark.parametrize(("key", "raw", "words"), REFUSED)
def test_an_unfitting_value_is_refused_in_words(key: str, raw: Raw, words: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the words are compared below
        SETTINGS[key].kind.parsed(raw)
    assert words in str(caught.value)


@pytest.mark.parametrize("key", SETTINGS)
def test_every_default_fits_its_own_setting(key: str) -> None:
    setting = SETTINGS[key]
    default = dict(setting.default) if isinstance(setting.default, dict) else setting.default
    assert setting.kind.parsed(default) == setting.default  # type: ignore[arg-type]


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
RAWS = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3).map(tuple) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
)


@given(st.sampled_from(sorted(SETTINGS)), RAWS)
def test_any_value_is_taken_or_refused(key: str, raw: Raw) -> None:
    with suppress(ValueError):
        SETTINGS[key].kind.parsed(raw)


def test_what_is_wrong_with_an_address_is_said_without_its_password() -> None:
    for raw in ("postgresql://u:geheim@h/d\nx", "postgresql://u:geheim@h/\x00"):
        with pytest.raises(ValueError, match="control character") as error:
            SETTINGS["database.dsn"].kind.parsed(raw)
        assert "geheim" not in str(error.value)
