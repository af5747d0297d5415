"""What is wrong with a server's settings: all of it, without serving."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from objectstore.app.pipeline import wrap
from objectstore.kernel.request import Environ, StartResponse
from objectstore.kernel.settings import BadSettings, Mistake
from objectstore.settings import Role, load_settings


def find_mistakes(source: Path) -> list[Mistake]:
    """Every mistake in a server's file, the cluster's, and the filters' sections."""
    mistakes: list[Mistake] = []
    has_proxy, secret = True, ""
    try:
        loaded = load_settings(source)
        has_proxy = Role.PROXY in loaded.server.roles
        secret = loaded.cluster.secret
    except BadSettings as error:
        mistakes += error.mistakes
    if has_proxy:
        try:
            wrap(_nothing, source, {"cluster_secret": secret})
        except BadSettings as error:
            mistakes += error.mistakes
    # A file that cannot be read is told of by both.
    return list(dict.fromkeys(mistakes))


def _nothing(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Stands for the proxy: filters are made around it, not called."""
    raise NotImplementedError
