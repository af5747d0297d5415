"""The cloud's command line: ``compute`` and ``ringstack``.

Sub-commands are loaded when they are asked for, so that ``--help`` starts quickly.
"""

from __future__ import annotations

import importlib

import click

COMPUTE_COMMANDS = {
    "alarming": "compute.cli.secret_keys:alarming",
    "database": "compute.cli.database:database",
    "deleted-projects": "compute.cli.deleted_projects:deleted_projects",
    "doctor": "compute.cli.doctor:doctor",
    "identity": "compute.cli.identity:identity",
    "key-manager": "compute.cli.secret_keys:key_manager",
    "orchestration": "compute.cli.secret_keys:orchestration",
    "settings": "compute.cli.samples:settings",
}

RINGSTACK_COMMANDS = {
    "deploy": "compute.cli.deploy:deploy",
    "quickstart": "compute.cli.quickstart:main",
    "serve": "compute.cli.serve:serve",
}


class LazyGroup(click.Group):
    """A group that imports a sub-command when it is used or its help is shown."""

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


HELP = {"help_option_names": ["-h", "--help"]}

main = LazyGroup(
    COMPUTE_COMMANDS,
    name="compute",
    help="Ringstack's control plane: look into it, look after it.",
    context_settings=HELP,
)
ringstack = LazyGroup(
    RINGSTACK_COMMANDS,
    name="ringstack",
    help="The whole cloud: try it, deploy it, serve it in one process.",
    context_settings=HELP,
)
