"""Scopes at work: who owns what, what is checked out, what the guards know, what is outside."""
