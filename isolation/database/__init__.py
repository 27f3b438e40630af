"""The slot's PostgreSQL database: one door to a server, and the embedded server itself."""
