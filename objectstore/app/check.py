"""What is wrong with a server's settings, and the files that it begins with: all of
it, without serving."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from objectstore.app.pipeline import wrap
from objectstore.app.rings import RingFiles
from objectstore.kernel.clock import SystemClock
from objectstore.kernel.http.identity_file import why_unfit
from objectstore.kernel.request import Environ, StartResponse
from objectstore.kernel.settings import BadSettings, Mistake
from objectstore.settings import Role, StoreSettings, load_settings


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


def find_obstacles(source: Path) -> list[Mistake]:
    """Why no process could begin with them here: mistakes, and rings and certificates
    that are not there, or no good."""
    mistakes = find_mistakes(source)
    return mistakes or list(_unfit_files(load_settings(source)))


def _unfit_files(settings: StoreSettings) -> Iterator[Mistake]:
    monotonic = SystemClock().monotonic
    try:
        RingFiles(settings.server.rings, settings.policies, monotonic)
    except BadSettings as error:
        yield from error.mistakes
    if why := why_unfit(settings.tls, monotonic):
        yield Mistake(str(settings.source), "tls", "", why)


def _nothing(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Stands for the proxy: filters are made around it, not called."""
    raise NotImplementedError
