"""``ringstack serve``: run a process of the cloud in the foreground."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import click

from compute.cli.settings_file import SETTINGS_FILE
from compute.settings import CloudSettings, Role, load_cloud_settings
from objectstore.kernel.process import die_with_parent
from objectstore.kernel.settings import BadSettings


@click.command()
@SETTINGS_FILE
@click.option(
    "--role",
    "roles",
    multiple=True,
    metavar="ROLE",
    type=click.Choice([role.value for role in Role]),
    help="Play only this role (several times: these), whatever the file says: "
    + ", ".join(role.value for role in Role)
    + ".",
)
@click.option(
    "--parent", type=int, hidden=True, help="End when the parent, this process, does."
)
def serve(settings_file: Path, roles: tuple[str, ...], parent: int | None) -> None:
    """Serve what SETTINGS_FILE says until SIGTERM or Ctrl-C."""
    from compute.app.run import run

    if parent is not None:
        die_with_parent(parent)

    def read() -> CloudSettings:
        # In the worker: the supervisor does without the rooms, and stays small.
        from compute.app.rooms import SETTINGS

        settings = load_cloud_settings(settings_file.absolute(), SETTINGS)
        if not roles:
            return settings
        chosen = tuple(Role(role) for role in roles)
        cloud = dataclasses.replace(settings.cloud, roles=chosen)
        return dataclasses.replace(settings, cloud=cloud)

    try:
        sys.exit(run(load_cloud_settings(settings_file.absolute(), None), read))
    except BadSettings as error:
        click.echo(f"ringstack serve: the settings have mistakes:\n{error}", err=True)
        sys.exit(2)
