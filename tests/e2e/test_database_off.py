"""Who wants no databases pays nothing for them and hears nothing of them."""

from __future__ import annotations

import subprocess
import sys

from tests.e2e.pooled import Pooled

NEVER = ("psycopg", "isolation.database", "poolmgr.services.databases")


def modules_of(pool: Pooled, *words: str) -> set[str]:
    """What one command loads."""
    result = subprocess.run(
        (sys.executable, "-X", "importtime", "-m", "poolmgr", *words),
        cwd=pool.repo.path, env=pool.environment(), capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    return {line.rpartition("|")[2].strip() for line in result.stderr.splitlines() if "|" in line}


def test_what_agents_type_loads_nothing_of_databases(pool: Pooled) -> None:
    for words in (("acquire", "--agent", "alice"), ("status",), ("release", "1")):
        loaded = modules_of(pool, *words)
        assert "poolmgr.wiring" in loaded
        assert [name for name in loaded if name.startswith(NEVER)] == []


def test_what_is_switched_off_is_not_mentioned(unpooled: Pooled) -> None:
    result = unpooled.run("init", "--size", "1")
    assert "database" not in result.stdout + result.stderr
    assert not (unpooled.repo.state / "database").exists()
    assert unpooled.ask("init")["database"] == {"mode": "off"}
    assert "slots have no databases here" in unpooled.refused("db", "status")["message"]
