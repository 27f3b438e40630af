"""What a lease's holder finds in its slot: variables, files of the user's choice, ports."""
