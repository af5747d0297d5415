"""Calls at another host's door, for one guest that moves: see ``door.py``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from compute.agent.disks.port import GuestShape
from compute.agent.moves.door import TOKEN_HEADER
from compute.agent.moves.streams import Connect, open_stream
from objectstore.client.caller import Answer, Caller
from objectstore.kernel.errors import Rejected, Unavailable

# Between two pieces of a file; the whole may take as long as it likes.
CALL_SECONDS = 60.0


class Visit:
    """One guest's other host."""

    def __init__(
        self, caller: Caller, connect: Connect, url: str, host: str, token: str
    ) -> None:
        """``connect``: opens connections for what is no request."""
        self._caller = caller
        self._connect = connect
        self._url = url
        self._host = quote(host, safe="")
        self._token = token

    def shape(self) -> GuestShape:
        """The guest's disks and files as they are there."""
        return GuestShape.from_json(self._get("shape").json())

    def file(self, name: str) -> Iterator[bytes]:
        """One packed file."""
        yield from self._get(f"files/{quote(name, safe='')}")

    def stream(self, name: str) -> Any:
        """A connected stream to a socket of the guest's host."""
        return open_stream(self._connect, self._url, self._host, name, self._token)

    def _get(self, path: str) -> Answer:
        answer = self._caller.request(
            "GET",
            f"/{self._host}/{path}",
            {TOKEN_HEADER: self._token},
            timeout=CALL_SECONDS,
        )
        if answer.status == 200:
            return answer
        text = answer.read().decode("utf-8", "replace")
        if 400 <= answer.status < 500:
            raise Rejected(answer.status, f"the other host: {text}")
        raise Unavailable(f"the other host answered {answer.status}: {text}")
