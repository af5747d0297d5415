"""What one host shows another of a guest that moves between them: a WSGI application.

    GET /HOST/shape         the guest's disks and the files beside them, as JSON
    GET /HOST/files/NAME    one packed file, whole

The token of the migration (``X-Move-Token``) is all that lets anybody in, and only to
the one guest, on the hosts that it moves between, while it moves: the control plane is
asked each time.  So there is no trust among hosts to set up, and none to steal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import orjson

from compute.agent.disks.port import GuestDisks
from compute.agent.host import HostKit
from compute.instance.client import InstanceClient, MoveGrant
from objectstore.kernel.errors import Rejected, Unavailable
from objectstore.kernel.reply import Reply, rejection, text_reply
from objectstore.kernel.request import Environ, StartResponse

TOKEN_KEY = "HTTP_X_MOVE_TOKEN"
TOKEN_HEADER = "X-Move-Token"
PIECE_BYTES = 1 << 20
# Tokens are shorter; a longer one is not even asked about.
TOKEN_CHARACTERS_MAX = 128

Streams = Callable[[MoveGrant, str, Environ], None]
"""Joins the connection to a socket of the guest's host (for guests that run)."""


class MoveDoor:
    """Mount it under a prefix of the agent's listener."""

    def __init__(
        self,
        kits: Mapping[str, HostKit],
        instances: InstanceClient,
        streams: Streams | None = None,
    ) -> None:
        self._kits = kits
        self._instances = instances
        self._streams = streams

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        """PEP 3333."""
        try:
            reply = self._answer(environ)
            return [] if reply is None else reply(environ, start_response)
        except Rejected as error:
            return rejection(error)(environ, start_response)
        except Unavailable:
            return text_reply(503)(environ, start_response)

    def _answer(self, environ: Environ) -> Reply | None:
        grant = self._admit(environ)
        words = environ["PATH_INFO"].strip("/").split("/")
        kit = self._kits.get(words[0])
        if kit is None or words[0] not in (grant.source, grant.dest):
            raise Rejected(404, "That host is not here")
        if environ["REQUEST_METHOD"] != "GET":
            raise Rejected(405)
        match words[1:]:
            case ["shape"]:
                return self._shape(kit.disks, grant)
            case ["files", name]:
                return self._file(kit.disks, grant, name)
            case ["streams", name] if self._streams is not None:
                self._streams(grant, name, environ)
                return None
        raise Rejected(404)

    def _admit(self, environ: Environ) -> MoveGrant:
        token = environ.get(TOKEN_KEY, "")
        if not token or len(token) > TOKEN_CHARACTERS_MAX:
            raise Rejected(401, "A token is needed here")
        return self._instances.admit(token)

    def _shape(self, disks: GuestDisks, grant: MoveGrant) -> Reply:
        shape = disks.shape(grant.server_id, grant.migration)
        return Reply(200, orjson.dumps(shape.to_json()), None, "application/json")

    def _file(self, disks: GuestDisks, grant: MoveGrant, name: str) -> Reply:
        size = disks.packed_bytes(grant.server_id, grant.migration, name)
        pieces = _pieces(disks, grant, name, size)
        headers = [("Content-Length", str(size))]
        return Reply(200, pieces, headers, "application/octet-stream")


def _pieces(
    disks: GuestDisks, grant: MoveGrant, name: str, size: int
) -> Iterator[bytes]:
    for offset in range(0, size, PIECE_BYTES):
        length = min(PIECE_BYTES, size - offset)
        yield disks.read_packed(grant.server_id, grant.migration, name, offset, length)
