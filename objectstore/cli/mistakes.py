"""Commands that could not do what they were asked.

Exit code 2, as for wrong arguments: 1 is what a command found out about the cloud.
"""

from __future__ import annotations

import click

from objectstore.kernel.settings import BadSettings


class CannotSay(click.ClickException):
    """Nothing was found out: who was to be asked does not answer, perhaps."""

    exit_code = 2


class MistakenSettings(CannotSay):
    """Of a settings file that nothing can be done with."""

    def __init__(self, mistakes: BadSettings) -> None:
        super().__init__(f"the settings have mistakes:\n{mistakes}")
