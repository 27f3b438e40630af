"""Claiming a slot from many processes at once, on the state database alone: no git, no files.

The same statements run behind the pool's gate and without it; that is the whole difference.
"""
