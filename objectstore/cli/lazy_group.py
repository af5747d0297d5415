"""Commands that are loaded when they are asked for, so that ``--help`` starts quickly.

Ctrl-C ends one of them as it ends any program, without a word: what a command wants
to say then, it says itself.
"""

from __future__ import annotations

import importlib
import sys

import click

# What shells say of a program that Ctrl-C has ended: 128 and the signal's number.
EXIT_INTERRUPTED = 130


class LazyGroup(click.Group):
    """A group that imports a sub-command when it is used or its help is shown.

    ``commands_by_name``: where each is, as ``module:attribute``.
    """

    def __init__(self, commands_by_name: dict[str, str], **options: object) -> None:
        super().__init__(**options)  # type: ignore[arg-type]
        self._places = commands_by_name

    def list_commands(self, context: click.Context) -> list[str]:
        """Every sub-command's name."""
        return sorted(self._places)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """The sub-command, or None for a name that is none."""
        if name not in self._places:
            return None
        module, _, attribute = self._places[name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def invoke(self, context: click.Context) -> object:
        """Load the sub-command, and run it."""
        try:
            return super().invoke(context)
        except KeyboardInterrupt:
            sys.exit(EXIT_INTERRUPTED)
