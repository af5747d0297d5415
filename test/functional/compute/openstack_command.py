"""The unmodified ``openstack`` command, run inside this process.

Starting Python and importing the client takes seconds on a busy machine, for each of
hundreds of commands; its own entry point does the rest the same here.  The tutorial's
test runs it as a process.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout

from openstackclient.shell import OpenStackShell

from test.functional.harness.tools import Ended


def openstack_command(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    *,
    expected: int | None = 0,
) -> Ended:
    """Run it with these ``OS_`` variables; it must exit with ``expected``, unless
    that is None."""
    options = []
    for name, value in environment.items():
        options += ["--" + name.lower().replace("_", "-"), value]
    out, errors = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(errors):
        status = OpenStackShell().run([*options, *arguments])
    ended = Ended(status, out.getvalue().encode(), errors.getvalue())
    if expected is not None:
        assert status == expected, (arguments, ended)
    return ended
