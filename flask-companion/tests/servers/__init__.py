"""Private servers for tests: real ones, each on a free port, gone with the tests."""
