"""Injectors: they end, freeze or starve poolmgr at a chosen instant, and check that they did."""
