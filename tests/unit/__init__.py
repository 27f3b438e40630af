"""Tests of what is pure: no files, no processes, no clock."""
