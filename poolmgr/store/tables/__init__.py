"""The verbs of the state, one module per table; they work on every engine's session."""
