"""What to type so that the driver and the server's programs are there, as this poolmgr was installed."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urlsplit

EXTRA = "postgres"


def install_command() -> str:
    """The command line; it works in whatever directory it is typed."""
    try:
        ours = distribution("poolmgr")
    except PackageNotFoundError:  # run from a checkout that nobody installed
        source = [f"{Path(__file__).parents[2]}[{EXTRA}]"]
    else:
        source = source_of(ours)
    return f"{pip_install()} {' '.join(map(shlex.quote, source))}"


def source_of(ours: Distribution) -> list[str]:
    """What pip is told: the directory that it was installed from, else what the extra is made of."""
    origin = ours.read_text("direct_url.json")
    if origin is None:  # it came from an index, and so does the extra
        return [f"poolmgr[{EXTRA}]"]
    said = json.loads(origin)
    directory = unquote(urlsplit(said["url"]).path)
    if "dir_info" in said and os.path.isdir(directory):
        return [*(["-e"] if said["dir_info"].get("editable") else []), f"{directory}[{EXTRA}]"]
    parts = [each.partition(";") for each in ours.requires or ()]
    return [name.strip() for name, _, marker in parts if f"extra == '{EXTRA}'" in marker.replace('"', "'")]


def pip_install() -> str:
    """The pip of this environment, which need not be the one on the PATH."""
    if shutil.which("pip") == str(Path(sys.executable).with_name("pip")):
        return "pip install"
    python = shlex.quote(sys.executable)
    return f"{python} -m pip install" if find_spec("pip") else f"uv pip install --python {python}"
