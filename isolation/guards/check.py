"""Judges a commit for the hooks' script: `python -I -S check.py HOOK ADMIN PID [chained]`.

Ends with 0 when nothing is against it, with 10 when it is refused, with 11 when the facts of the
lease cannot be read; every other end means that it could not be judged. Then the script lets it
pass with a warning. The standard library alone.
"""

from __future__ import annotations

import os
import sys

REFUSED = 10
NO_FACTS = 11


def main() -> int:
    """Words on standard error, the verdict as exit code."""
    sys.path.append(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
    from isolation.guards.case import Case
    from isolation.guards.judging import judge_commit, judge_updates

    hook, admin, pid, *rest = sys.argv[1:]
    try:
        case = Case(admin, pid, os.environ)
    except (OSError, ValueError, LookupError, TypeError):
        return NO_FACTS
    if hook == "reference-transaction":
        refused, words = judge_updates(case, sys.stdin.buffer.read())
    else:
        refused, words = judge_commit(case, chained=bool(rest), merging=hook == "pre-merge-commit")
    if words:
        sys.stderr.buffer.write(words.encode(errors="backslashreplace") + b"\n")
    return REFUSED if refused else 0


if __name__ == "__main__":
    sys.exit(main())
