"""What stands directly behind the edge: our own pages, then the pipeline or nodes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from objectstore.app.admin import PREFIX as ADMIN_PREFIX
from objectstore.kernel.application import directly
from objectstore.kernel.known_facts import Facts
from objectstore.kernel.reply import text_reply
from objectstore.kernel.request import CONTEXT_KEY, Application, Environ, StartResponse


class Front:
    """The public side: gives each request's context the proxy's facts."""

    def __init__(
        self, pipeline: Application, facts: Facts, pages: Mapping[str, Application]
    ) -> None:
        self._pipeline = directly(pipeline)
        self._facts = facts
        self._pages = pages

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        """Answer as a WSGI application."""
        environ[CONTEXT_KEY].facts = self._facts
        page = self._pages.get(environ["PATH_INFO"])
        if page is not None:
            return page(environ, start_response)
        return self._pipeline(environ, start_response)


class NodeFront:
    """The side that other servers see: one server for each kind of node."""

    def __init__(
        self,
        servers: Mapping[str, Application],
        pages: Mapping[str, Application],
        admin: Application | None = None,
    ) -> None:
        """``admin`` answers below ``/admin/``."""
        self._servers = {
            f"/v1/{kind}/": directly(server) for kind, server in servers.items()
        }
        self._pages = pages
        self._admin = admin

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        """Answer as a WSGI application."""
        path: str = environ["PATH_INFO"]
        # "/v1/object/...": up to and with the third slash
        server = self._servers.get(path[: path.find("/", 4) + 1])
        if server is None:
            server = self._pages.get(path)
        if server is None and path.startswith(ADMIN_PREFIX):
            server = self._admin
        if server is not None:
            return server(environ, start_response)
        if path == "/healthcheck":
            return text_reply(200, "OK")(environ, start_response)
        return text_reply(404)(environ, start_response)
