"""Tests with real git, real files and real processes."""
