"""Run a command that says in one line what is wrong with its arguments."""

from __future__ import annotations

import sys
from typing import NoReturn

import click


def run_in_one_line(command: click.Command) -> NoReturn:
    """Exits with 2 and ``NAME: what is wrong``; ``--help`` tells the rest."""
    try:
        status = command.main(prog_name=command.name, standalone_mode=False)
    except click.ClickException as error:
        text = " ".join(error.format_message().split())
        click.echo(f"{command.name}: {text}", err=True)
        sys.exit(error.exit_code)
    sys.exit(status if isinstance(status, int) else 0)
