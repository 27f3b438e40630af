"""The pool's rules as values and pure functions: no I/O, and the clock is an argument."""
