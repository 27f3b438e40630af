"""Reading a file of tasks in YAML: a list, or one below the word `tasks`."""

from __future__ import annotations

from poolmgr.core.settings import SettingsError
from poolmgr.core.settings_parse import Node, plain
from poolmgr.services.settings.yaml_text import parse_yaml
from tracks.tasks.beads import Parsed, Problem
from tracks.tasks.yaml_file import EXAMPLE, parse_tasks

VALUES = ("priority", "estimate", "estimated_minutes", "pinned", "metadata")  # these alone are no texts


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
    if not isinstance(root.value, dict):
        return parse_listed(root, name)
    others = [
        Problem(name, node.line, f"{word} is no word here; tasks is")
        for word, node in root.value.items()
        if word != "tasks"
    ]
    parsed = parse_listed(root.value["tasks"], name) if "tasks" in root.value else Parsed(())
    return parsed._replace(problems=(*others, *parsed.problems))


def parse_listed(node: Node, name: str) -> Parsed:
    """The tasks of a list."""
    if node.value is None:
        return Parsed(())
    if not isinstance(node.value, tuple):
        return Parsed((), (Problem(name, node.line, f"holds no list of tasks such as [{EXAMPLE}]"),))
    return parse_tasks(((each.line, as_written(each)) for each in node.value), name)


def as_written(node: Node) -> object:
    """What YAML holds, numbers and yes and no as the texts they are written as: 1.10 and 010 are ids."""
    match node.value:
        case tuple():
            return [as_written(each) for each in node.value]
        case dict():
            return {
                word: plain(each) if word in VALUES else as_written(each) for word, each in node.value.items()
            }
        case None:
            return None
    return node.written
