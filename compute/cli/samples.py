"""``compute settings``: the sample of the cloud's file, and a check of a real one."""

from __future__ import annotations

from pathlib import Path

import click

from compute.cli.settings_file import SETTINGS_FILE, mistakes_told, read_settings
from compute.settings import FRAME
from objectstore.kernel.settings import render_sample

SAMPLE_NAME = "cloud.conf"
_HEAD = """\
# ringstack serve FILE
# Options with a # are at their defaults.  [policy:ROOM] sections override that room's
# rules by name (server:create = role:admin).  SIGHUP starts anew with this file.
"""


def cloud_sample() -> str:
    """The text of ``etc/cloud.conf``."""
    from compute.app.rooms import SETTINGS

    parts = [render_sample(name, kind) for name, kind in {**FRAME, **SETTINGS}.items()]
    return "\n".join([_HEAD, *parts])


@click.group()
def settings() -> None:
    """Sample settings, and a check of yours."""


@settings.command()
def sample() -> None:
    """Print a settings file with every option at its default."""
    click.echo(cloud_sample(), nl=False)


@settings.command()
@SETTINGS_FILE
def check(settings_file: Path) -> None:
    """Say every mistake in SETTINGS_FILE; exit 2 if there is any."""
    from compute.app.obstacles import check_other_files

    with mistakes_told():
        check_other_files(read_settings(settings_file))
    click.echo("no mistakes")
