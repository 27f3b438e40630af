"""What every service stands on: the site, the open pool, jobs under a slot's lock, marks, turns."""
