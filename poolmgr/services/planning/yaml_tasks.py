"""Reading a file of tasks in YAML: a list, or one below the word `tasks`."""

from __future__ import annotations

from poolmgr.core.settings import SettingsError
from poolmgr.core.settings_parse import plain
from poolmgr.services.settings.yaml_text import parse_yaml
from tracks.beads import Parsed, Problem
from tracks.tasks_yaml import EXAMPLE, parse_tasks


def parse_yaml_tasks(content: bytes, name: str) -> Parsed:
    """The tasks of a file; one that is no YAML has none, and says where."""
    try:
        root = parse_yaml(content.decode("utf-8-sig"), name, most=max(len(content), 1))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return Parsed((), (Problem(name, line, "is not UTF-8"),))
    except SettingsError as error:
        place, _, number = error.problems[0].place.rpartition(":")
        return Parsed((), (Problem(place, int(number), error.problems[0].message),))
    listed = root.value.get("tasks") if isinstance(root.value, dict) else root
    if listed is None or not isinstance(listed.value, tuple):
        why = f"holds no list of tasks; it looks like tasks: [{EXAMPLE}]"
        return Parsed((), (Problem(name, root.line, why),) if root.value is not None else ())
    return parse_tasks(((node.line, plain(node)) for node in listed.value), name)
