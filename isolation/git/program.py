"""The one door to the git program.

Every call has an explicit directory, an allow-listed environment, a closed stdin, a time-out and
a process group of its own; hooks, fsmonitor, prompts and automatic gc are off. Callers pass
operands from outside only after `--end-of-options` or `--`, or as object ids.

`Git.keep_open` names descriptors that every child inherits. The pool passes its locks: a git
that outlives a killed poolmgr then keeps them, so nobody repairs a slot under its hands.
In a linked worktree git is told to take the index as it is, sparse or not: `Git.index_file`, else
the one that `.git` leads to.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from isolation.errors import GitFailed, GitMissing, GitTimedOut

TIMEOUT = 900.0
LONGEST_PATH = 4096
END_OF_INDEX = 128  # `sdir`, the end-of-entries extension, a checksum: 84 bytes with SHA-256

# Everything named GIT_* is dropped but these: a poolmgr called from a hook inherits GIT_DIR,
# GIT_INDEX_FILE and the like, and would act on another repository.
KEPT_GIT_VARIABLES = (
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_EXEC_PATH",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_SSL_CAINFO",
)
KEPT_VARIABLES = (
    "PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "SSH_AUTH_SOCK", "SSH_AGENT_PID",
    "http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY",
    "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR",
)  # fmt: skip

ALWAYS = (
    "-c", "core.fsmonitor=false",  # a repository's config may name a program here
    "-c", "core.hooksPath=/dev/null",
    "-c", "core.untrackedCache=false",
    "-c", "core.ignoreStat=false",  # would make edits invisible
    "-c", "core.checkStat=default",
    "-c", "core.trustctime=true",  # sees an edit that put the old mtime back
    "-c", "core.splitIndex=false",  # git cannot write a split index that is sparse
    "-c", "gc.auto=0",
    "-c", "maintenance.auto=false",
    "-c", "submodule.recurse=false",
    "-c", "protocol.ext.allow=never",
)  # fmt: skip


NOTHING: Mapping[str, str] = MappingProxyType({})


class Output(NamedTuple):
    """What git answered."""

    code: int
    stdout: bytes
    stderr: bytes

    @property
    def text(self) -> str:
        """Standard output as text, undecodable bytes kept as surrogates, last newline dropped."""
        return os.fsdecode(self.stdout).removesuffix("\n")

    @property
    def fields(self) -> tuple[str, ...]:
        """The parts of NUL-separated output."""
        return tuple(os.fsdecode(part) for part in self.stdout.split(b"\0") if part)


class Git(NamedTuple):
    """Git in one directory."""

    cwd: Path
    keep_open: tuple[int, ...] = ()
    variables: Mapping[str, str] = NOTHING
    index_file: Path | None = None

    def at(self, cwd: Path) -> Git:
        """The same git in another directory."""
        return self._replace(cwd=cwd)

    def with_variables(self, **variables: str) -> Git:
        """The same git with more environment."""
        return self._replace(variables={**self.variables, **variables})

    def run(
        self,
        *args: str,
        stdin: bytes | None = None,
        accept: Iterable[int] = (0,),
        timeout: float = TIMEOUT,
    ) -> Output:
        """Git's answer; an exit code outside `accept` raises GitFailed."""
        index = self.index_file or find_index(self.cwd)
        argv = ("git", *ALWAYS, *(sparse_as(index) if index else ()), *args)
        environment = {**base_environment(), **self.variables}
        try:
            process = subprocess.Popen(
                argv,
                cwd=self.cwd,
                env=environment,
                stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
                pass_fds=self.keep_open,
            )
        except OSError as error:
            if error.filename == "git":
                raise GitMissing(error.strerror or str(error)) from error
            raise
        try:
            stdout, stderr = process.communicate(stdin, timeout=timeout)
        except subprocess.TimeoutExpired as error:
            stop_group(process)
            raise GitTimedOut(args, timeout) from error
        except BaseException:
            stop_group(process)
            raise
        if process.returncode not in accept:
            raise GitFailed(args, process.returncode, stderr)
        return Output(code=process.returncode, stdout=stdout, stderr=stderr)

    def succeeds(self, *args: str) -> bool:
        """Whether git answers 0 rather than 1; anything else still raises."""
        return self.run(*args, accept=(0, 1)).code == 0


def sparse_as(index: Path) -> tuple[str, str]:
    """The setting with which git neither expands an index nor makes a whole one sparse.

    Making one sparse destroys it where it has an entry of `git add -N` (seen up to 2.39); a
    sparse one costs a reading of every tree to expand, each time.
    """
    return ("-c", f"index.sparse={'true' if is_sparse(index) else 'false'}")


def find_index(worktree: Path) -> Path | None:
    """The index of a linked worktree; None for what is none."""
    pointer = os.path.join(worktree, ".git")
    if not os.path.isfile(pointer):
        return None
    try:
        with open(pointer, "rb") as file:
            words = file.read(LONGEST_PATH)
    except OSError:
        return None
    if not words.startswith(b"gitdir: "):
        return None
    return Path(worktree, os.fsdecode(words.removeprefix(b"gitdir: ").rstrip(b"\r\n")), "index")


def is_sparse(index: Path) -> bool:
    """Whether an index holds directories as one entry: it says so at its end, before the checksum."""
    if not index.is_file():
        return False
    try:
        with index.open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - END_OF_INDEX))
            return b"sdir\0\0\0\0" in file.read()
    except OSError:
        return False


def base_environment() -> dict[str, str]:
    """The environment every git child gets."""
    kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    for name in os.environ:
        if name in KEPT_GIT_VARIABLES or name.startswith(
            ("GIT_CONFIG_COUNT", "GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_")
        ):
            kept[name] = os.environ[name]
    kept.setdefault("PATH", os.defpath)
    return kept | {
        "LC_ALL": "C",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_ADVICE": "0",
        "GIT_EDITOR": "false",
        "GIT_PAGER": "cat",
    }


def stop_group(process: subprocess.Popen[bytes]) -> None:
    """End git and its children; SIGTERM first, so that git removes its lock files."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            break
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            continue
        break
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream:
            stream.close()
