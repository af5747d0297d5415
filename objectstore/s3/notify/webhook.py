"""A webhook: every message is POSTed to a URL, 2xx means that it has arrived."""

from __future__ import annotations

import base64
import http.client
from urllib.parse import unquote, urlsplit

from objectstore.kernel.errors import Unavailable
from objectstore.s3.notify.targets import Target

TIMEOUT_SECONDS = 10.0
REPLY_BYTES_MAX = 64 * 1024


class Webhook:
    """A ``courier.Transport``; keeps its connection."""

    def __init__(self, target: Target) -> None:
        """``https://token@host/`` sends a bearer token, ``user:password@`` both."""
        self._name = target.name
        self._parts = urlsplit(target.url)
        path = self._parts.path or "/"
        self._path = f"{path}?{self._parts.query}" if self._parts.query else path
        self._connection: http.client.HTTPConnection | None = None
        self._headers = {"Content-Type": "application/json"}
        user, password = self._parts.username, self._parts.password
        if user is not None and password is None:
            self._headers["Authorization"] = f"Bearer {unquote(user)}"
        elif user is not None and password is not None:
            pair = f"{unquote(user)}:{unquote(password)}".encode()
            told = base64.b64encode(pair).decode()
            self._headers["Authorization"] = f"Basic {told}"

    def send(self, body: bytes) -> None:
        """See ``Transport``."""
        reused = self._connection is not None
        try:
            status = self._post(body)
        except (http.client.HTTPException, ConnectionError):
            self.close()
            if not reused:
                raise
            # A kept connection that the other side has closed meanwhile.
            status = self._post(body)
        if not 200 <= status < 300:
            raise Unavailable(f"{self._name} answers {status}")

    def close(self) -> None:
        """See ``Transport``."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _post(self, body: bytes) -> int:
        if self._connection is None:
            self._connection = self._connect()
        self._connection.request("POST", self._path, body, self._headers)
        response = self._connection.getresponse()
        rest = response.read(REPLY_BYTES_MAX)
        if response.will_close or len(rest) == REPLY_BYTES_MAX:
            self.close()
        return response.status

    def _connect(self) -> http.client.HTTPConnection:
        kind = (
            http.client.HTTPSConnection
            if self._parts.scheme == "https"
            else http.client.HTTPConnection
        )
        host = self._parts.hostname or ""
        return kind(host, self._parts.port, timeout=TIMEOUT_SECONDS)
