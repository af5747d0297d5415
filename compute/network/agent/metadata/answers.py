"""Answers guests' questions with what the instance room knows of their server.

Which server asks follows from the view: the local port that has the address on that
network, and the server that the port was given to.  So no guest can ask for another
host's servers, and a question costs one call.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from compute.core.errors import Conflict, NotFound
from compute.instance.client import InstanceClient
from compute.network.agent.metadata.metadata import (
    FORWARDED_HEADER,
    TOKEN_HEADER,
    TTL_HEADER,
    MetadataAnswer,
)
from compute.network.agent.metadata.tokens import SessionTokens, seconds_asked
from compute.network.agent.rules.anti_spoofing import link_local
from compute.network.view import HostView
from objectstore.kernel.errors import Rejected
from objectstore.kernel.reply import HeaderList

PLAIN: HeaderList = [("Content-Type", "text/plain; charset=UTF-8")]
# Where a guest posts the password that it made for itself, sealed with its user's key.
_TOKEN = re.compile(r"/[^/]+/api/token/?")
_FORBIDDEN = 403
_UNKNOWN_ASKER = MetadataAnswer(401, PLAIN, b"a session token is required\n")
_PASSWORD = re.compile(r"/openstack/[^/]+/password/?")


class InstanceMetadata:
    """``MetadataSource`` of a host.  ``view``: the agent's present one."""

    def __init__(
        self,
        view: Callable[[], HostView | None],
        instances: InstanceClient,
        tokens: SessionTokens,
    ) -> None:
        self._view = view
        self._instances = instances
        self._tokens = tokens

    def answer(
        self,
        network_id: str,
        address: str,
        method: str,
        path: str,
        headers: HeaderList,
        body: bytes,
    ) -> MetadataAnswer:
        """See ``MetadataSource``."""
        server_id = self._server_at(network_id, address)
        if not server_id:
            return MetadataAnswer(404, PLAIN, b"unknown server\n")
        said = dict(headers)
        token = said.get(TOKEN_HEADER, "")
        if token and not self._tokens.is_good(server_id, token):
            return MetadataAnswer(401, PLAIN, b"the token is not good\n")
        try:
            if method == "PUT" and _TOKEN.fullmatch(path):
                return self._token(server_id, said)
            if method in ("GET", "HEAD"):
                kind, content = self._instances.metadata(
                    server_id, path, has_token=bool(token)
                )
                return MetadataAnswer(200, [("Content-Type", kind)], content)
            if method == "POST" and _PASSWORD.fullmatch(path):
                return self._password(server_id, body, has_token=bool(token))
        except NotFound:
            return MetadataAnswer(404, PLAIN, b"not found\n")
        except Conflict:
            return MetadataAnswer(409, PLAIN, b"there is one already\n")
        except Rejected as error:
            if error.status != _FORBIDDEN:
                raise
            return _UNKNOWN_ASKER
        return MetadataAnswer(405, [("Allow", "GET, HEAD")], b"")

    def _token(self, server_id: str, said: Mapping[str, str]) -> MetadataAnswer:
        """What came through a proxy asks in somebody else's name."""
        if FORWARDED_HEADER in said:
            return MetadataAnswer(403, PLAIN, b"not through a proxy\n")
        seconds = seconds_asked(said.get(TTL_HEADER, ""))
        if seconds is None:
            return MetadataAnswer(400, PLAIN, b"1 to 21600 seconds\n")
        options = self._instances.metadata_options(server_id)
        if not options.is_open:
            return MetadataAnswer(403, PLAIN, b"there is no metadata service\n")
        token = self._tokens.issue(server_id, seconds).encode()
        headers: HeaderList = [*PLAIN, (TTL_HEADER, str(seconds))]
        return MetadataAnswer(200, headers, token, options.hops)

    def _password(
        self, server_id: str, body: bytes, *, has_token: bool
    ) -> MetadataAnswer:
        options = self._instances.metadata_options(server_id)
        if not options.is_open:
            raise NotFound("it has no metadata service")
        if options.needs_token and not has_token:
            return _UNKNOWN_ASKER
        self._instances.put_password(server_id, body)
        return MetadataAnswer(200, PLAIN, b"")

    def _server_at(self, network_id: str, address: str) -> str:
        """ "" when nobody of ours has the address."""
        view = self._view()
        for port in view.ports if view is not None else ():
            has_it = any(fixed.address == address for fixed in port.addresses)
            has_it = has_it or link_local(port.mac) == address
            if has_it and port.network_id == network_id and port.is_guest:
                return port.device_id
        return ""
