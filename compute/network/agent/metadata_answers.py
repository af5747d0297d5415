"""Answers guests' questions with what the instance room knows of their server.

Which server asks follows from the view: the local port that has the address on that
network, and the server that the port was given to.  So no guest can ask for another
host's servers, and a question costs one call.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from compute.core.errors import Conflict, NotFound
from compute.instance.client import InstanceClient
from compute.network.agent.anti_spoofing import link_local
from compute.network.view import HostView
from objectstore.kernel.reply import HeaderList

PLAIN: HeaderList = [("Content-Type", "text/plain; charset=UTF-8")]
# Where a guest posts the password that it made for itself, sealed with its user's key.
_PASSWORD = re.compile(r"/openstack/[^/]+/password/?")


class InstanceMetadata:
    """``MetadataSource`` of a host.  ``view``: the agent's present one."""

    def __init__(
        self, view: Callable[[], HostView | None], instances: InstanceClient
    ) -> None:
        self._view = view
        self._instances = instances

    def answer(
        self,
        network_id: str,
        address: str,
        method: str,
        path: str,
        headers: HeaderList,
        body: bytes,
    ) -> tuple[int, HeaderList, bytes]:
        """See ``MetadataSource``."""
        server_id = self._server_at(network_id, address)
        if not server_id:
            return 404, PLAIN, b"unknown server\n"
        try:
            if method in ("GET", "HEAD"):
                kind, content = self._instances.metadata(server_id, path)
                return 200, [("Content-Type", kind)], content
            if method == "POST" and _PASSWORD.fullmatch(path):
                self._instances.put_password(server_id, body)
                return 200, PLAIN, b""
        except NotFound:
            return 404, PLAIN, b"not found\n"
        except Conflict:
            return 409, PLAIN, b"there is one already\n"
        return 405, [("Allow", "GET, HEAD")], b""

    def _server_at(self, network_id: str, address: str) -> str:
        """ "" when nobody of ours has the address."""
        view = self._view()
        for port in view.ports if view is not None else ():
            has_it = any(fixed.address == address for fixed in port.addresses)
            has_it = has_it or link_local(port.mac) == address
            if has_it and port.network_id == network_id and port.is_guest:
                return port.device_id
        return ""
