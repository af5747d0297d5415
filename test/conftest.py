"""For every test: hypothesis draws the same examples each time, and a failed attempt
leaves nothing to the next.

A run that fails must fail again.  To look for new examples instead:
``HYPOTHESIS_PROFILE=search tox -e unit``.

Servers that a module's or a whole run's tests share may hold anything after a test
has failed: names that are taken, a host that is disabled, a process that was killed.
So what a failed attempt used is ended with it, and whoever comes next, be it the same
test once more, begins with servers of its own.  Tests need not clean up for that case.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))

# Of the traceback of a test that was tried again.
REASON_LINES = 40


def pytest_collection_finish() -> None:
    """Collections of garbage need not look at what all tests import (a seventh of the
    time that the houses of unit tests take)."""
    gc.collect()
    gc.freeze()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Why tests were tried again: what passes only once in a while hides a defect."""
    for report in terminalreporter.stats.get("rerun", ()):
        terminalreporter.section(f"tried again: {report.nodeid}", sep="-")
        lines = report.longreprtext.splitlines()
        terminalreporter.write_line("\n".join(lines[-REASON_LINES:]))


_has_failed = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Iterator[None]:
    report = yield
    if report.failed:
        item.stash[_has_failed] = True
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    try:
        yield
    except BaseException:
        item.stash[_has_failed] = True
        raise
    finally:
        if item.stash.get(_has_failed, False):
            del item.stash[_has_failed]
            _end_what_it_shared(item)


def _end_what_it_shared(item: pytest.Item) -> None:
    """End the fixtures of ours that would outlive the test, the newest first."""
    # pytest has no public way to ask which fixtures a test used.
    request = getattr(item, "_request", None)
    used = list(request._fixture_defs.values()) if request is not None else []
    for fixture in reversed(used):
        is_ours = fixture.func.__module__.startswith("test.")
        if is_ours and fixture.scope != "function":
            fixture.finish(request)
