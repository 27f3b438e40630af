"""A slot from state to state: the work of each op state, every step repeatable."""
