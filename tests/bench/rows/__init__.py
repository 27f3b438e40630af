"""The rows of the budget table, a module each: `NAME`, `TITLE` and `measure(bench) -> Row`."""
