"""The database of a lease: its server, its template, its way into the slot and out of it."""
