"""Several applications behind one listener, each under a prefix of the path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from objectstore.kernel.request import Application, Environ, StartResponse


class Mounts:
    """Sends ``/prefix/rest`` to the prefix's application as ``/rest``, with
    ``SCRIPT_NAME`` saying where it is; everything else to ``otherwise``."""

    def __init__(
        self, applications: Mapping[str, Application], otherwise: Application
    ) -> None:
        """Prefixes are one segment each: ``/identity``."""
        self._applications = dict(applications)
        self._otherwise = otherwise

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        """PEP 3333."""
        path: str = environ["PATH_INFO"]
        end = path.find("/", 1)
        prefix = path if end < 0 else path[:end]
        application = self._applications.get(prefix)
        if application is None:
            return self._otherwise(environ, start_response)
        environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + prefix
        environ["PATH_INFO"] = path[len(prefix) :] or "/"
        return application(environ, start_response)
