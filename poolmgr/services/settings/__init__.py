"""The settings: read, cached, trusted, written."""
