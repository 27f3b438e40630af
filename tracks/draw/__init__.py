"""Pictures of tasks: tracks as lanes, waves from left to right, contested paths marked."""
