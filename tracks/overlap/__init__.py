"""Two lists of globs: a path that both mean, or one means and the other does not, with proof.

Globs alone: nothing here knows a task, a claim or who owns what.
"""
