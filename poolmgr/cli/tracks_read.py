"""What every `tracks` command begins with: the tasks of the repository, judged now."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from poolmgr.cli.invocation import Invocation
from poolmgr.cli.output import safe, say, say_skipped
from poolmgr.cli.verb import Word

if TYPE_CHECKING:
    from poolmgr.core.settings import Settings
    from poolmgr.services.ground.site import Site
    from poolmgr.services.planning.sources import Tasks
    from tracks.ready.readiness import Readiness

RULES = Word("rules", "whose rules say what is ready: auto, 0.4 or 1", metavar="RULES")
NAMED = 5  # problems that are told one by one


class Read(NamedTuple):
    """The repository, its tasks, and what is ready now."""

    site: Site
    settings: Settings
    tasks: Tasks
    readiness: Readiness


def read(invocation: Invocation, rules: str | None = None) -> Read:
    """The tasks; what could not be used is said, and what a committed file asked for and did not get."""
    import gc
    import os
    from datetime import UTC, datetime

    from poolmgr.services.ground.site import find_site
    from poolmgr.services.planning.sources import read_tasks
    from poolmgr.services.settings.load import load_settings
    from poolmgr.services.settings.place import find_checkout
    from tracks.ready.readiness import judge

    flags = {} if rules is None else {"beads.rules": checked_rules(rules)}
    gc.disable()  # nothing of what is made here goes before the end; looking for it costs a third
    site = find_site(invocation.directory)
    checkout = find_checkout(site)
    loaded = load_settings(checkout, site.state, os.environ, flags)
    say_skipped([given.key for given in loaded.skipped if given.key.startswith(("beads.", "tracks."))])
    tasks = read_tasks(checkout or site.layout.top or site.common, loaded.settings.beads)
    say_problems(tasks)
    rules, _, version = tasks.decision
    readiness = judge(tasks.tasks, rules, datetime.now(UTC), is_file=tasks.is_file, version=version)
    return Read(site, loaded.settings, tasks, readiness)


def checked_rules(text: str) -> str:
    """What somebody typed behind `--rules`."""
    from poolmgr.core.errors import UsageError
    from poolmgr.core.settings_table import SETTINGS

    try:
        SETTINGS["beads.rules"].kind.parsed(text)
    except ValueError as error:
        raise UsageError(f"--rules {error}", hint="poolmgr tracks analyze --rules 1") from error
    return text


def say_problems(tasks: Tasks) -> None:
    """What could not be used, in lines for people."""
    for problem in tasks.problems[:NAMED]:
        line = f":{problem.line}" if problem.line else ""
        say(f"{safe(problem.file)}{line}: {safe(problem.why)}")
    if len(tasks.problems) > NAMED:
        say(f"{len(tasks.problems)} problems in all; each of them: poolmgr tracks analyze --json")


def problems_json(tasks: Tasks) -> list[dict[str, object]]:
    """The same for programs, all of them."""
    return [problem._asdict() for problem in tasks.problems]
