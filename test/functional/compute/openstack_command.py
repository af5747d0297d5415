"""The unmodified ``openstack`` command, in a fork of this process.

Starting Python and importing the client takes seconds on a busy machine, for each of
hundreds of commands; a fork has everything imported.  It must be a fork, for the client
keeps connections and tokens for the rest of its process's life.  The tutorial's test
starts the command as users do (the first time; see openstack_door).
"""

from __future__ import annotations

import functools
import io
import multiprocessing
import os
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout, suppress
from importlib.metadata import entry_points
from multiprocessing.connection import Connection

import pytest
from cliff.command import Command
from openstackclient.shell import OpenStackShell

from test.functional.harness.tools import Ended

SECONDS_MAX = 120.0
_FORKS = multiprocessing.get_context("fork")
# The groups of what every command loads when it starts.
_PLUGINS = ("openstack.", "keystoneauth1.plugin")


class _Nothing(Command):
    """A command, for what its class remembers."""

    def take_action(self, parsed_args: object) -> None:
        """Do nothing."""


@functools.cache
def import_everything() -> None:
    """Once, here, what each fork would import for itself."""
    plugins = entry_points()
    for group in plugins.groups:
        if group.startswith(_PLUGINS):
            for plugin in plugins.select(group=group):
                with suppress(ImportError):  # of what is not installed
                    plugin.load()
    # Which distribution a command is of: the client reads about all that there are.
    _Nothing(None, None).get_epilog()


def openstack_command(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    *,
    expected: int | None = 0,
) -> Ended:
    """Run it with these ``OS_`` variables; it must exit with ``expected``, unless
    that is None."""
    import_everything()
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
        status = run_client(arguments)
    pipe.send((status, out.getvalue(), errors.getvalue()))


def run_client(arguments: list[str]) -> int:
    """What the command does once it is imported; its exit status."""
    try:
        return int(OpenStackShell().run(arguments))
    except SystemExit as end:  # wrong usage
        return end.code if isinstance(end.code, int) else 1
