"""A plain HTTP client: what is sent is what the test says, nothing more.

For what the stock clients cannot say.  Connections are kept and opened again
when the server closed them.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from test.functional.harness.users import User

TIMEOUT_SECONDS = 60.0
# 90 items of metadata and what else a reply says are more than the 100 headers
# that the standard library takes; python-swiftclient raises this in the same way.
http.client._MAXHEADERS = 256  # type: ignore[attr-defined]
Body = bytes | str | Iterable[bytes] | None


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply; header names in lower case, several of one name joined."""

    status: int
    reason: str
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def names(self) -> list[str]:
        """The names of a JSON listing, subdirectories included."""
        return [entry.get("name", entry.get("subdir")) for entry in self.json]


class Client:
    """Requests to one endpoint, as one user or as nobody."""

    def __init__(self, endpoint: str, user: User | None = None) -> None:
        self.endpoint = endpoint
        self.user = user
        parts = urlsplit(endpoint)
        self._connection = http.client.HTTPConnection(
            parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS
        )
        self.token = ""
        self.account = ""
        if user is not None:
            self.token = self.log_in(user).headers["x-auth-token"]
            self.account = user.storage_account

    def log_in(self, user: User) -> Answer:
        headers = {"X-Auth-User": user.login, "X-Auth-Key": user.key}
        answer = self.raw("GET", "/auth/v1.0", headers)
        assert answer.status == 200, answer
        return answer

    def raw(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str] | None = None,
        body: Body = None,
    ) -> Answer:
        """The request as it is: ``target`` is quoted already."""
        try:
            return self._once(method, target, headers or {}, body)
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            # An idle connection that the server closed meanwhile.
            self._connection.close()
            return self._once(method, target, headers or {}, body)

    def _once(
        self, method: str, target: str, headers: Mapping[str, str], body: Body
    ) -> Answer:
        connection = self._connection
        names = {name.lower() for name in headers}
        connection.putrequest(
            method, target, skip_host="host" in names, skip_accept_encoding=True
        )
        streamed = body is not None and not isinstance(body, bytes | str)
        chunked = streamed and "content-length" not in names
        if isinstance(body, str):
            body = body.encode()
        if "content-length" not in names and "transfer-encoding" not in names:
            if streamed:
                connection.putheader("Transfer-Encoding", "chunked")
            elif body is not None or method in ("PUT", "POST"):
                connection.putheader("Content-Length", str(len(body or b"")))
        for name, value in headers.items():
            raw = value.encode("utf-8", "surrogateescape")
            connection.putheader(name, raw)
        connection.endheaders(body, encode_chunked=chunked)  # type: ignore[arg-type]
        reply = connection.getresponse()
        found: dict[str, str] = {}
        for name, value in reply.getheaders():
            # http.client reads heads as latin-1; ours are UTF-8.
            value = value.encode("latin-1").decode("utf-8", "surrogateescape")
            key = name.lower()
            found[key] = f"{found[key]}, {value}" if key in found else value
        return Answer(reply.status, reply.reason, found, reply.read())

    def call(
        self,
        method: str,
        *path: str,
        body: Body = None,
        query: str = "",
        account: str = "",
        **headers: str,
    ) -> Answer:
        """A request for [container[, object]], authorised if there is a user.

        ``X_Object_Meta_Color="red"`` is the header ``X-Object-Meta-Color``.
        """
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.send(
            method, *path, body=body, query=query, account=account, headers=named
        )

    def send(
        self,
        method: str,
        *path: str,
        body: Body = None,
        query: str = "",
        account: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """The same with the headers in a mapping."""
        target = "/".join(["/v1", quote(account or self.account), *map(quote, path)])
        if query:
            target += f"?{query}"
        named = dict(headers or {})
        if self.token and "X-Auth-Token" not in named:
            named["X-Auth-Token"] = self.token
        return self.raw(method, target, named, body)

    def ok(self, method: str, *path: str, **more: Any) -> Answer:
        """``call`` that must succeed."""
        answer = self.call(method, *path, **more)
        assert 200 <= answer.status < 300, (method, path, answer)
        return answer

    def close(self) -> None:
        self._connection.close()
