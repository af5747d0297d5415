"""The unmodified ``openstack`` command, run inside this process.

Starting Python and importing the client takes seconds on a busy machine, for each of a
hundred commands; its own entry point does the rest the same here.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

from openstackclient.shell import OpenStackShell

from test.functional.compute.house import RunningCloud, prints_a_table


class Command:
    """Runs commands, as the administrator unless told otherwise."""

    def __init__(self, cloud: RunningCloud) -> None:
        self._cloud = cloud

    def __call__(
        self,
        *arguments: str,
        as_user: Mapping[str, str] | None = None,
        expected: int = 0,
    ) -> Any:
        """Its JSON when the command prints any; ``as_user``: ``OS_`` variables."""
        environment = as_user or self._cloud.environment()
        options = []
        for name, value in environment.items():
            options += ["--" + name.lower().replace("_", "-"), value]
        formatted = list(arguments)
        if expected == 0 and prints_a_table(arguments):
            formatted += ["-f", "json"]
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            status = OpenStackShell().run([*options, *formatted])
        shown = f"openstack {' '.join(arguments)}: {status}\n{out.getvalue()}"
        assert status == expected, shown + err.getvalue()
        text = out.getvalue().strip()
        return json.loads(text) if text.startswith(("{", "[")) else text
