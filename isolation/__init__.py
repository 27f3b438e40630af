"""Git and the working tree: worktrees, refs, what is unsaved, and how it is kept.

It knows nothing of the pool: callers hand it paths and values. `isolation.git.program` is the
only door to the git program.
"""
