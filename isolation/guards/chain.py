"""Finds the repository's own hooks and writes them down as shell text for the hooks' script.

The text says so only as long as every settings file git read, and every one it would read if it
were there, is as it was. Run by the script when that is over: `python -I -S chain.py ADMIN`.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NAMES = (b"HOME", b"XDG_CONFIG_HOME", b"GIT_CONFIG_GLOBAL", b"GIT_CONFIG_SYSTEM", b"GIT_CONFIG_NOSYSTEM")
SCOPES = (b"system", b"global", b"local")


class Settings:
    """What git's settings say: the value, the files that decide, and whether a branch's name does too."""

    __slots__ = ("changing", "files", "value")

    def __init__(self, listed: bytes, environment: Mapping[bytes, bytes]) -> None:
        self.value = b""
        self.changing = False
        self.files = set(list_candidates(environment))
        fields = listed.split(b"\0")
        for at in range(0, len(fields) - 2, 3):
            self.take(fields[at], fields[at + 1], fields[at + 2])

    def take(self, scope: bytes, origin: bytes, setting: bytes) -> None:
        """One entry."""
        kind, _, file = origin.partition(b":")
        if kind == b"file":
            self.files.add(os.path.abspath(file))
        key, _, value = setting.partition(b"\n")
        key = key.lower()
        if key == b"core.hookspath" and scope in SCOPES:
            self.value = os.path.expanduser(value)
        elif key.startswith((b"include.", b"includeif.")) and key.endswith(b".path"):
            named = os.path.expanduser(value)
            self.files.add(os.path.abspath(os.path.join(os.path.dirname(file), named)))
            self.changing |= key.startswith(b"includeif.onbranch:")


def list_candidates(environment: Mapping[bytes, bytes]) -> Iterable[bytes]:
    """The settings files git looks for, there or not."""
    home = environment.get(b"HOME", b"")
    yield environment.get(b"GIT_CONFIG_SYSTEM") or b"/etc/gitconfig"
    if b"GIT_CONFIG_GLOBAL" in environment:
        yield environment[b"GIT_CONFIG_GLOBAL"]
    else:
        yield (environment.get(b"XDG_CONFIG_HOME") or home + b"/.config") + b"/git/config"
        yield home + b"/.gitconfig"


def locate(admin: bytes, common: bytes, value: bytes) -> tuple[bytes, bytes]:
    """The directory of the repository's own hooks, and the one to take when that is not there."""
    from isolation.guards.dispatch import OURS

    plain = os.path.join(common, b"hooks")
    if not value or os.path.basename(value.rstrip(b"/")) == os.fsencode(OURS):
        return plain, plain
    if os.path.isabs(value):
        return value, value
    top = os.path.dirname(read(os.path.join(admin, b"gitdir")))
    return os.path.join(top, value), os.path.join(os.path.dirname(common), value)


def find_own(directory: bytes) -> bytes:
    """The hooks somebody set for this worktree alone, before ours took the place."""
    try:
        return os.path.expanduser(read(os.path.join(directory, b"path")))
    except FileNotFoundError:
        return b""


def read(path: bytes) -> bytes:
    """A file without its last newline."""
    with open(path, "rb") as file:
        return file.read().removesuffix(b"\n")


def quoted(text: bytes) -> bytes:
    """A word for the shell."""
    return b"'%s'" % text.replace(b"'", b"'\\''")


def write_text(admin: bytes, settings: Settings, common: bytes, places: tuple[bytes, bytes]) -> bytes:
    """The shell text."""
    from isolation.guards.dispatch import OURS

    file = quoted(os.path.join(admin, os.fsencode(OURS), b".chain"))
    tests = [b'[ "${%s-}" = %s ]' % (name, quoted(os.environb.get(name, b""))) for name in NAMES]
    first, second = places
    own = {os.path.join(admin, b"gitdir"), os.path.join(common, b"config"), first, second}
    for path in sorted(settings.files | own):
        there = b"[ %s -nt %s ]" % (file, quoted(path))
        tests.append(there if os.path.exists(path) else b"[ ! -e %s ]" % quoted(path))
    known = b"0" if settings.changing else b"1"
    found = b"_pm_known=%s _pm_own=%s" % (known, quoted(first))
    other = b'    [ -d "$_pm_own" ] || _pm_own=%s\n' % quoted(second) if first != second else b""
    return b"if %s; then\n    %s\n%sfi\n" % (b" &&\n    ".join(tests), found, other)


def ensure_chain(admin: bytes, python: str) -> None:
    """The text as of now; it carries the time from before git's settings were read."""
    from isolation.guards.dispatch import OURS
    from isolation.guards.launch import starter
    from isolation.guards.rule import clear_sight

    directory = os.path.join(admin, os.fsencode(OURS))
    making = os.path.join(directory, b".chain.%d" % os.getpid())
    with open(making, "wb") as file:
        began = os.fstat(file.fileno()).st_mtime_ns
        environment = {**clear_sight(os.environ), "GIT_DIR": os.fsdecode(admin)}
        run = starter(environment, os.fsdecode(directory))
        settings = Settings(run("config", "--list", "-z", "--show-scope", "--show-origin"), os.environb)
        common = os.path.normpath(os.path.join(admin, read(os.path.join(admin, b"commondir"))))
        places = locate(admin, common, find_own(directory) or settings.value)
        file.write(write_text(admin, settings, common, places))
    ensure_frequent(directory, (*places, os.path.join(directory, b"inside")), python)
    os.utime(making, ns=(began, began))
    os.replace(making, os.path.join(directory, b".chain"))


def ensure_frequent(directory: bytes, places: Iterable[bytes], python: str) -> None:
    """The hooks git runs most often are there when there is one to chain to."""
    from isolation.guards.dispatch import FREQUENT, dispatcher

    for name in map(os.fsencode, FREQUENT):
        ours = os.path.join(directory, name)
        if not any(os.path.exists(os.path.join(place, name)) for place in places):
            with suppress(FileNotFoundError):
                os.unlink(ours)
        elif not os.path.exists(ours):
            making = os.path.join(directory, b".%s.%d" % (name, os.getpid()))
            with open(making, "wb") as file:
                file.write(dispatcher(python))
            os.chmod(making, 0o755)  # noqa: S103
            os.replace(making, ours)


if __name__ == "__main__":
    sys.path.append(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
    ensure_chain(os.fsencode(sys.argv[1]), sys.argv[2])
