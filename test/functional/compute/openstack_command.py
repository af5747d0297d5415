"""The unmodified ``openstack`` command, in a fork of this process.

Starting Python and importing the client takes seconds on a busy machine, for each of
hundreds of commands; a fork has it imported.  It must be a fork, for the client
keeps connections and tokens for the rest of its process's life.  The tutorial's test
starts the command as users do.
"""

from __future__ import annotations

import io
import multiprocessing
import os
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from multiprocessing.connection import Connection

import pytest
from openstackclient.shell import OpenStackShell

from test.functional.harness.tools import Ended

SECONDS_MAX = 120.0
_FORKS = multiprocessing.get_context("fork")


def openstack_command(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    *,
    expected: int | None = 0,
) -> Ended:
    """Run it with these ``OS_`` variables; it must exit with ``expected``, unless
    that is None."""
    ours, its = _FORKS.Pipe(duplex=False)
    process = _FORKS.Process(target=_run, args=(its, list(arguments), environment))
    process.start()
    its.close()
    try:
        if not ours.poll(SECONDS_MAX):
            pytest.fail(f"openstack {arguments}: not done in {SECONDS_MAX:g} s")
        status, output, errors = ours.recv()
    finally:
        ours.close()
        process.kill()
        process.join()
    ended = Ended(status, output.encode(), errors)
    if expected is not None:
        assert status == expected, (arguments, ended)
    return ended


def _run(
    pipe: Connection, arguments: list[str], environment: Mapping[str, str]
) -> None:
    os.environ.update(environment)
    out, errors = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(errors):
        try:
            status = OpenStackShell().run(arguments)
        except SystemExit as end:  # wrong usage
            status = end.code
    pipe.send((status, out.getvalue(), errors.getvalue()))
