"""What every engine of the state store has to pass."""
