"""The other rooms, asked with the signer's own token."""

from __future__ import annotations

from collections.abc import Mapping

from compute.core.rooms import brought_ports
from compute.core.rooms import others as rooms
from compute.ec2.frame.errors import Away
from objectstore.client.caller import Caller
from objectstore.kernel.errors import Unavailable

ORDER_HEADER = rooms.ORDER_HEADER
# What a room shows besides to whoever asks for it.
_ASKED = {"compute": {brought_ports.HEADER: "true"}}


class _Signer:
    """His one token: there is no other when it is refused."""

    project_id = ""

    def __init__(self, token: str) -> None:
        self._token = token

    def token(self) -> str:
        """The one that his signature was good for."""
        return self._token

    def refused(self) -> None:
        """Then he is."""


class Rooms(rooms.Rooms):
    """For one token."""

    def __init__(self, callers: Mapping[str, Caller], token: str) -> None:
        super().__init__(callers, _Signer(token))

    def raw(
        self,
        room: str,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        content: bytes = b"",
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and body."""
        headers = {**_ASKED.get(room, {}), **(headers or {})}
        return super().raw(room, method, path, headers, content)

    def delete(self, room: str, *path: str) -> bool:
        """Take something away; EC2 says which thing it is that is not there."""
        self.remove(room, *path)
        return True

    def away(self, room: str, why: str) -> Unavailable:
        """Its name may be told, and no more."""
        return Away(room, why)
