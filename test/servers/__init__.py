"""Real servers of other projects, started by the tests that need them.

Each is a context manager: private directory, free port on loopback, gone at the end
(also when the test process is killed).
"""
