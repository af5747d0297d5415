"""Whole references where an id belongs: ``/v1/secrets/http://cloud/v1/secrets/ID``.

openstacksdk's objects have their reference for an id, and ask so when they are given to
one of its methods, as its clearing up of projects does: there it would leave every
secret.  The host in it is not looked at.
"""

from __future__ import annotations

import re
from typing import Any

from compute.core.api.frame import Api
from objectstore.kernel.request import Environ, StartResponse

_PATH = "PATH_INFO"
# Servers on the way may have made one slash of two.
_WHOLE = re.compile(
    r"/+v1/(?P<kind>secrets|containers|orders)/https?:/.*(?P<rest>/v1/(?P=kind)/.+)"
)


def plain_path(path: str) -> str:
    """The path of what is meant."""
    found = _WHOLE.fullmatch(path)
    return found["rest"] if found else path


class SecretApi(Api):
    """The room's application."""

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        """PEP 3333."""
        path = environ[_PATH]
        meant = plain_path(path)
        if meant != path:
            environ = {**environ, _PATH: meant}
        return super().__call__(environ, start_response)
