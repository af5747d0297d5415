"""The object store's command line: ``objectstore``.

Sub-commands are loaded when they are asked for, so that ``--help`` and small
commands start quickly.
"""

from __future__ import annotations

import importlib

import click

COMMANDS = {
    "serve": "objectstore.cli.serve:serve",
    "cluster": "objectstore.cli.cluster:cluster",
    "device": "objectstore.cli.device:device",
    "quickstart": "objectstore.cli.quickstart:main",
    "replicate": "objectstore.cli.replicate:replicate",
    "settings": "objectstore.cli.samples:settings",
    "daemon": "objectstore.cli.daemon:daemon",
    "dispersion": "objectstore.cli.dispersion:dispersion",
    "drain": "objectstore.cli.drain:drain",
    "drive-audit": "objectstore.cli.drive_audit:drive_audit",
    "info": "objectstore.cli.info:info",
    "nodes": "objectstore.cli.nodes:nodes",
    "recon": "objectstore.cli.recon:recon",
    "undelete": "objectstore.cli.undelete:undelete",
    "verify": "objectstore.cli.verify:verify",
}


class LazyGroup(click.Group):
    """A group that imports a sub-command when it is used or its help is shown."""

    def list_commands(self, context: click.Context) -> list[str]:
        """Every sub-command's name."""
        return sorted(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """The sub-command, or None for a name that is none."""
        if name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Ringstack's object store: serve it, look into it, look after it."""
