"""The metadata service (169.254.169.254, fe80::a9fe:a9fe): who asks, and passing it on.

A guest is known by where its packet came from: the namespace tells the network, and
anti-spoofing on its port makes the source address its own.  Nothing that a guest says
of itself counts: of its headers only those in ``PASSED_HEADERS`` are passed on.

The answers come from a ``MetadataSource``.  Everything is bounded, for every guest can
ask: connections for each namespace, questions under way for each guest, the head of a
request, and the time that an answer may take.
"""

from __future__ import annotations

import ipaddress
import logging
import socket
from collections import Counter
from typing import Any, NamedTuple, Protocol

from compute.network.agent.model import Listener
from objectstore.kernel import concurrency
from objectstore.kernel.errors import DeadlineExceeded, Rejected, Unavailable
from objectstore.kernel.reply import HeaderList, Reply, text_reply
from objectstore.kernel.request import (
    SOCKET_KEY,
    Environ,
    Request,
    StartResponse,
)
from objectstore.kernel.wsgi import EdgeSettings

# EC2's session tokens are asked for with PUT; a guest posts its password once.
METHODS = ("GET", "HEAD", "PUT", "POST")
BODY_BYTES_MAX = 4096
TOKEN_HEADER = "X-aws-ec2-metadata-token"
TTL_HEADER = "X-aws-ec2-metadata-token-ttl-seconds"
# Whoever has it is asked by somebody else, and gets no token.
FORWARDED_HEADER = "X-Forwarded-For"
PASSED_HEADERS = (
    "Accept",
    "Content-Type",
    "User-Agent",
    TOKEN_HEADER,
    TTL_HEADER,
    FORWARDED_HEADER,
)
# As far as any other answer goes.
HOPS_DEFAULT = 64
QUESTIONS_OF_A_GUEST_MAX = 8
ANSWER_SECONDS = 15.0
EDGE = EdgeSettings(
    connections_max=128,
    idle_timeout=10.0,
    head_timeout=5.0,
    stall_timeout=10.0,
    drain_bytes_max=BODY_BYTES_MAX,
    request_line_bytes_max=2048,
    header_line_bytes_max=2048,
    header_count_max=40,
    head_bytes_max=8192,
)

logger = logging.getLogger("compute.network.metadata")


class MetadataAnswer(NamedTuple):
    """Status, headers and body for a guest; ``hops``: how far it may go."""

    status: int
    headers: HeaderList
    content: bytes
    hops: int = HOPS_DEFAULT


class MetadataSource(Protocol):
    """Knows what a guest may be told."""

    def answer(
        self,
        network_id: str,
        address: str,
        method: str,
        path: str,
        headers: HeaderList,
        body: bytes,
    ) -> MetadataAnswer:
        """For the guest that has the address on the network; 404 when there is none.
        Raises ``Unavailable`` when nobody can say."""


class MetadataApplication:
    """One namespace's metadata service (PEP 3333)."""

    def __init__(self, listener: Listener, source: MetadataSource) -> None:
        self._networks = [
            (ipaddress.ip_network(prefix), network_id)
            for prefix, network_id in listener.networks
        ]
        self._source = source
        self._under_way: Counter[str] = Counter()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        """Answer one request."""
        # An address of the link comes with the device that it is to be found on.
        address = str(environ.get("REMOTE_ADDR", "")).partition("%")[0]
        if self._under_way[address] >= QUESTIONS_OF_A_GUEST_MAX:
            reply = text_reply(503, "", [("Retry-After", "1")])
            return reply(environ, start_response)
        self._under_way[address] += 1
        try:
            return self._reply(Request(environ), address)(environ, start_response)
        finally:
            self._under_way[address] -= 1
            if not self._under_way[address]:
                del self._under_way[address]

    def _reply(self, request: Request, address: str) -> Reply:
        network_id = self.network_of(address)
        if network_id is None:
            return text_reply(404)
        if request.method not in METHODS:
            return text_reply(405, "", [("Allow", ", ".join(METHODS))])
        try:
            passed = [
                (name, request.header(name))
                for name in PASSED_HEADERS
                if request.has_header(name)
            ]
            body = request.read_small_body(BODY_BYTES_MAX)
            with concurrency.deadline(ANSWER_SECONDS):
                answer = self._source.answer(
                    network_id, address, request.method, request.path, passed, body
                )
        except DeadlineExceeded:
            return text_reply(504)
        except Unavailable as error:
            logger.warning("metadata for %s on %s: %s", address, network_id, error)
            return text_reply(503, "", [("Retry-After", "2")])
        except Rejected as error:
            return text_reply(error.status)
        limit_hops(request.environ.get(SOCKET_KEY), answer.hops)
        return Reply(answer.status, answer.content, list(answer.headers))

    def network_of(self, address: str) -> str | None:
        """The network that the address is on; None for a stranger's."""
        try:
            sender = ipaddress.ip_address(address)
        except ValueError:
            return None
        matches = [
            (network.prefixlen, network_id)
            for network, network_id in self._networks
            if sender in network
        ]
        return max(matches)[1] if matches else None


def limit_hops(sock: socket.socket | None, hops: int) -> None:
    """Whoever stands further away than so from the guest does not see the answer.

    A connection's limit is never raised again: what was lost on the way is sent once
    more with the limit of then, and a token must not get by behind the next answer.
    """
    if sock is None:
        return
    option = (socket.IPPROTO_IP, socket.IP_TTL)
    if sock.family == socket.AF_INET6:
        option = (socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS)
    if hops < sock.getsockopt(*option):
        sock.setsockopt(*option, hops)
