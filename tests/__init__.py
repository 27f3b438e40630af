"""The tests of poolmgr: unit (pure), contract (store), integration (real git), e2e (command line)."""
