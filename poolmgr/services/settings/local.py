"""Writing one key into this clone's settings file, comments and other keys left as they are.

The edited text must mean the old settings plus the new one; where an edit by line would not, the
file is written anew from its values.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from poolmgr.core.settings import Problem, SettingsError
from poolmgr.core.settings_parse import nearest_key, parse_value, plain
from poolmgr.core.settings_table import SETTINGS
from poolmgr.core.settings_values import Raw
from poolmgr.services.settings.file import clone_path, find_identity, read_settings_file
from poolmgr.services.settings.write import replace_file
from poolmgr.services.settings.yaml_text import parse_yaml

HEADING = "# Settings of this clone alone; `poolmgr config path` names the page that explains them.\n"


def set_local(state_dir: Path, key: str, value: Raw) -> None:
    """This clone's file with the key set; SettingsError if key, value or the file as it is are wrong."""
    if key not in SETTINGS:
        problem = Problem(place="", key=key, message="is no setting", suggestion=nearest_key(key))
        raise SettingsError((problem,))
    found = parse_value(SETTINGS[key], value, "this clone's file")
    if isinstance(found, Problem):
        raise SettingsError((found,))
    path = clone_path(state_dir)
    old = read_settings_file(path, str(path)).text if find_identity(path) else HEADING
    wanted = with_key(meaning(old, str(path)), key.split("."), value)
    new = edited(old, key, json.dumps(value))
    if not means(new, wanted):
        new = HEADING + dumped(wanted)
    state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    replace_file(path, new.encode())


def meaning(text: str, label: str) -> dict[str, Raw]:
    """What a file says, without lines."""
    raw = plain(parse_yaml(text, label))
    if raw is not None and not isinstance(raw, dict):
        raise SettingsError((Problem(place=label, key="", message="the file must be a mapping of sections"),))
    return raw or {}


def means(text: str, wanted: dict[str, Raw]) -> bool:
    """Whether a text says exactly this."""
    try:
        return meaning(text, "") == wanted
    except SettingsError:
        return False


def with_key(document: dict[str, Raw], parts: list[str], value: Raw) -> dict[str, Raw]:
    """A document with one key set."""
    first, *rest = parts
    inner = document.get(first)
    below: Raw = with_key(inner if isinstance(inner, dict) else {}, rest, value) if rest else value
    return document | {first: below}


def edited(text: str, key: str, literal: str) -> str:
    """The text with one line changed or added."""
    section, _, leaf = key.partition(".")
    body = text if text.endswith("\n") or not text else text + "\n"
    head = re.search(rf"^{re.escape(section)}:[ ]*(#.*)?\n", body, re.MULTILINE)
    if head is None:
        return body + (f"{section}:\n  {leaf}: {literal}\n" if leaf else f"{section}: {literal}\n")
    rest = body[head.end() :]
    block = re.match(r"(?:[ ]+.*\n|[ ]*#.*\n|[ ]*\n)*", rest)
    inside = block[0] if block else ""
    line = re.compile(rf"^([ ]+{re.escape(leaf)}:[ ]*)[^#\n]*?([ ]*(?:[ ]#.*)?)$", re.MULTILINE)
    if line.search(inside):
        inside_new = line.sub(lambda found: found[1].rstrip() + " " + literal + found[2], inside, count=1)
    else:
        first = re.search(r"^([ ]+)[^ #\n]", inside, re.MULTILINE)
        inside_new = f"{first[1] if first else '  '}{leaf}: {literal}\n{inside}"
    return body[: head.end()] + inside_new + rest[len(inside) :]


def dumped(document: dict[str, Raw]) -> str:
    """A document as YAML."""
    import yaml

    text: str = yaml.safe_dump(json.loads(json.dumps(document)), sort_keys=False, allow_unicode=True)
    return text
