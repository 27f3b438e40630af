"""Tests of the command line as a user has it."""
