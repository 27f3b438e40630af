"""Generated repositories, shaped like a monorepo: packages/*/src/*/, 200 to 2,000 bytes a file.

The same number of files and seed give the same commit everywhere. Sources are bare and kept in
the work directory; every contender gets a clone of its own.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

from tests.bench.processes import Shell

PACKAGES = 40
FILES_PER_DIRECTORY = 25
SMALLEST, LARGEST = 200, 2000
WORDS = (
    "export",
    "const",
    "return",
    "import",
    "function",
    "async",
    "await",
    "value",
    "index",
    "result",
    "user",
    "=>",
    "{",
    "}",
    ";",
)
IDENTITY = "Bench <bench@example.invalid> 1700000000 +0000"
SHAPE = 1  # raised when the generator changes, so that no old source is taken for a new one


def ensure_source(shell: Shell, work: Path, *, files: int, seed: int) -> Path:
    """The bare repository with that many files, generated when it is not there yet."""
    source = work / "sources" / f"{files}-files-seed-{seed}-shape-{SHAPE}.git"
    if source.is_dir():
        return source
    unfinished = source.with_name(f"{source.name}.{os.getpid()}")
    unfinished.mkdir(parents=True)
    shell.run("git", "init", "--quiet", "--bare", "--initial-branch=main", ".", cwd=unfinished)
    stream = b"".join(import_stream(files=files, seed=seed))
    importer = ("git", "-c", "core.compression=1", "-c", "fastimport.unpackLimit=0", "fast-import", "--quiet")
    shell.run(*importer, cwd=unfinished, stdin=stream)
    unfinished.rename(source)
    return source


def ensure_clone(shell: Shell, source: Path, checkout: Path) -> Path:
    """A clone with its files checked out."""
    if not checkout.is_dir():
        checkout.parent.mkdir(parents=True, exist_ok=True)
        shell.run("git", "clone", "--quiet", "--local", source, checkout, cwd=source)
    return checkout


def import_stream(*, files: int, seed: int) -> Iterator[bytes]:
    """One commit on main, as `git fast-import` reads it."""
    numbers = random.Random(seed)
    pool = source_text(numbers)
    message = b"Generate the files.\n"
    yield f"commit refs/heads/main\ncommitter {IDENTITY}\ndata {len(message)}\n".encode() + message
    for number in range(files):
        size = numbers.randint(SMALLEST, LARGEST)
        start = numbers.randrange(len(pool) - LARGEST)
        content = (f"// {number}\n".encode() + pool[start : start + size])[: size - 1] + b"\n"
        yield f"M 100644 inline {file_path(number)}\ndata {len(content)}\n".encode() + content + b"\n"
    yield b"\n"


def file_path(number: int) -> str:
    """Files go round the packages, and fill one directory of each after the other."""
    package, place = number % PACKAGES, number // PACKAGES
    directory, name = divmod(place, FILES_PER_DIRECTORY)
    return f"packages/package-{package:02}/src/module-{directory:03}/file-{name:02}.ts"


def source_text(numbers: random.Random) -> bytes:
    """A megabyte or so that compresses like code, to cut files from."""
    lines = (
        " ".join(numbers.choices(WORDS, k=9)) + f" {numbers.getrandbits(32):08x}\n" for _ in range(16_000)
    )
    return "".join(lines).encode()
