"""Commands that are loaded when they are asked for, so that ``--help`` comes at once.

Ctrl-C ends one of them as it ends any program, without a word: what a command wants
to say then, it says itself.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass

import click

# What shells say of a program that Ctrl-C has ended: 128 and the signal's number.
EXIT_INTERRUPTED = 130


@dataclass(frozen=True)
class LazyCommand:
    """Where a command is, as ``module:attribute``, and its line in its group's help."""

    place: str
    line: str


class LazyGroup(click.Group):
    """A group that imports a sub-command when it is used or its own help is shown."""

    def __init__(self, commands: Mapping[str, LazyCommand], **options: object) -> None:
        super().__init__(**options)  # type: ignore[arg-type]
        self._lazy = commands

    def list_commands(self, context: click.Context) -> list[str]:
        """Every sub-command's name."""
        return sorted(self._lazy)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """The sub-command, or None for a name that is none."""
        if name not in self._lazy:
            return None
        module, _, attribute = self._lazy[name].place.partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def line(self, name: str) -> str:
        """What the group's help says of a sub-command."""
        return self._lazy[name].line

    def format_commands(
        self, context: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """List the sub-commands without loading one."""
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, self.line(name)) for name in self.list_commands(context)]
            )

    def invoke(self, context: click.Context) -> object:
        """Load the sub-command, and run it."""
        try:
            return super().invoke(context)
        except KeyboardInterrupt:
            sys.exit(EXIT_INTERRUPTED)
