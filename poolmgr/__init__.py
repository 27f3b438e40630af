"""poolmgr lends git worktrees to coding agents and never loses their work.

The command line, the pool's rules and its state. It imports `isolation` (git and the working
tree), `resources` (what the machine says) and `tracks` (globs and plans); none of them imports it.
"""

__version__ = "0.1.0"
