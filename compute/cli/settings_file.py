"""The settings file that commands of the cloud are given."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from compute.settings import CloudSettings, load_cloud_settings
from objectstore.cli.mistakes import MistakenSettings
from objectstore.kernel.settings import BadSettings

SETTINGS_FILE = click.argument(
    "settings_file", type=click.Path(path_type=Path, exists=True, dir_okay=False)
)


def read_settings(settings_file: Path) -> CloudSettings:
    """What it says; a sentence for the operator when it has mistakes."""
    from compute.app.rooms import SETTINGS

    with mistakes_told():
        return load_cloud_settings(settings_file.absolute(), SETTINGS)


@contextmanager
def mistakes_told() -> Iterator[None]:
    """Mistakes in settings are a sentence for the operator."""
    try:
        yield
    except BadSettings as error:
        raise MistakenSettings(error) from None
