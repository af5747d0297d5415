"""``objectstore undelete``: brings back an account that the reaper has not emptied."""

from __future__ import annotations

from pathlib import Path

import click

from objectstore.cli.mistakes import CannotSay
from objectstore.cli.outside import Outside, settings_option
from objectstore.kernel.errors import RingstackError
from objectstore.proxy.known.databases import view_database
from objectstore.wire.marks import ACCOUNT_DELETED


@click.command()
@click.argument("account")
@settings_option
def undelete(account: str, settings_file: Path) -> None:
    """Take the mark of deletion from ACCOUNT.

    What the reaper has removed already stays removed.
    """
    parts = Outside.load(settings_file).store.parts
    key, group = parts.placement.account(account)
    try:
        if not view_database(parts.rounds, group, key).is_marked:
            raise click.ClickException(f"{account} is not marked as deleted")
        items = {ACCOUNT_DELETED: ("", parts.timestamps.now())}
        parts.rounds.write(
            group, lambda node: node.post(key, items), handoffs=False, key=key
        )
    except RingstackError as error:
        raise CannotSay(str(error)) from error
    click.echo(f"{account} is back")
