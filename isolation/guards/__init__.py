"""What keeps a commit inside its scope: the rule, the hooks that ask it, and how they are put there."""
