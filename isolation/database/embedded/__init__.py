"""A PostgreSQL server of this repository's own: its programs, its place, its start and its end."""
