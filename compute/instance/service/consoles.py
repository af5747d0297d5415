"""Leave to look at consoles: tokens that open one console for some minutes.

Only a token's digest is kept, so that who reads the database opens nothing.
"""

from __future__ import annotations

import hashlib
from urllib.parse import quote

from compute.core.errors import NotFound
from compute.instance.abilities import DISPLAY, check_ability
from compute.instance.parts import Parts
from compute.instance.records import ConsoleToken, Host, Server

NOVNC, SERIAL = "novnc", "serial"
CONSOLE_URL = "console_url"  # in what a host tells of itself


def digest_of(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def console_url(base: str, kind: str, token: str) -> str:
    """Where the console proxy at ``base`` shows the console: a page, or a web
    socket."""
    base = base.rstrip("/")
    scheme, _, rest = base.partition("://")
    if kind == SERIAL:
        return (
            f"{'wss' if scheme == 'https' else 'ws'}://{rest}/websockify?token={token}"
        )
    mount = rest.partition("/")[2]
    path = f"{mount}/websockify" if mount else "websockify"
    return f"{base}/vnc_lite.html?path={quote(f'{path}?token={token}', safe='')}"


class Consoles:
    """Gives tokens, and tells what they open."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def grant(self, server: Server, kind: str) -> str:
        """A new token; ``Conflict`` when the server has no such console."""
        if kind == NOVNC:
            check_ability(server, self._host_of(server), DISPLAY)
        token = self._parts.identifiers.uuid()
        expires = self._parts.clock.time() + self._parts.settings.console_token
        row = ConsoleToken(digest_of(token), server.id, server.host, kind, expires)
        self._parts.database.run(
            lambda connection: self._parts.stores.consoles.add(connection, row)
        )
        return token

    def _host_of(self, server: Server) -> Host | None:
        return self._parts.database.read(
            lambda connection: self._parts.stores.hosts.get(connection, server.host)
        )

    def at_host(self, server: Server) -> str:
        """Where the server's host says that its consoles are; "" when it is silent:
        its agent is a part of the API's own process."""
        host = self._host_of(server)
        return "" if host is None else str(host.inventory.get(CONSOLE_URL, ""))

    def find(self, token: str) -> ConsoleToken:
        """What it opens; ``NotFound``."""
        now = self._parts.clock.time()
        found = self._parts.database.read(
            lambda connection: self._parts.stores.consoles.find(
                connection, digest_of(token), now
            )
        )
        if found is None:
            raise NotFound("Token not found")
        return found
