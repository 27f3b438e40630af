"""Tasks and what they touch: read from files, git and `bd`, judged by `tracks`."""
