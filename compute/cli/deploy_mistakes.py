"""What stands in the way of ``ringstack deploy``, as its commands tell it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from compute.deploy.certificates import UnfitCertificate
from compute.deploy.deployment import Stopped
from compute.deploy.rings import RingRefused
from compute.deploy.settings_files import AlreadySet
from compute.deploy.site import Busy
from compute.deploy.wheels import CannotPack
from objectstore.kernel.settings import BadSettings
from ring.errors import RingError

_MISTAKES = (
    BadSettings,
    AlreadySet,
    Busy,
    CannotPack,
    RingError,
    RingRefused,
    Stopped,
    UnfitCertificate,
    # A full disk here, a site that is somebody else's.
    OSError,
)


def told(command: Callable[..., None]) -> Callable[..., None]:
    """Mistakes become a message and exit code 2."""

    @wraps(command)
    def wrapped(*args: Any, **options: Any) -> None:
        try:
            command(*args, **options)
        except _MISTAKES as error:
            click.echo(f"ringstack deploy: {error}", err=True)
            sys.exit(2)

    return wrapped
