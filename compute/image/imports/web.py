"""Fetching from the web: each connection goes to an address that the rules allow.

The name is resolved once and the connection made to that very address, so nobody can
answer differently the second time.  Redirects are followed by hand, each checked like
the first URL.  urllib3 blocks, so every call runs on a native thread.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urljoin

import urllib3
from urllib3.exceptions import HTTPError

from compute.core.errors import BadRequest
from compute.image.imports.url_rules import UrlRules, WebTarget
from objectstore.kernel import concurrency
from objectstore.kernel.errors import Unavailable

REDIRECTS_MAX = 5
PIECE_BYTES = 1024 * 1024
CONNECT_SECONDS, READ_SECONDS = 10.0, 60.0
REDIRECTS = frozenset({301, 302, 303, 307, 308})

Resolve = Callable[[str, int], list[str]]


def system_resolve(host: str, port: int) -> list[str]:
    """The addresses of a name, as the machine's resolver says."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


class Web:
    """What lies at URLs."""

    def __init__(self, rules: UrlRules, resolve: Resolve = system_resolve) -> None:
        self._rules = rules
        self._resolve = resolve

    def check(self, url: str) -> None:
        """Raise ``BadRequest`` for a URL that will never be fetched."""
        self._rules.target(url)

    def read(
        self, url: str, first: int | None = None, last: int | None = None
    ) -> Iterator[bytes]:
        """The content, or its bytes ``first`` to ``last``.  ``BadRequest`` when the
        server has it not, or leads where we do not go; ``Unavailable``."""
        headers = {"Accept-Encoding": "identity", "User-Agent": "ringstack-image"}
        if first is not None:
            headers["Range"] = f"bytes={first}-{'' if last is None else last}"
        response, pool = self._open(url, headers)
        try:
            wanted = 200 if first is None else 206
            if response.status != wanted:
                raise BadRequest(f"The URI's server answered {response.status}")
            while piece := _guarded(response.read, PIECE_BYTES):
                yield piece
        finally:
            response.close()
            pool.close()

    def _open(self, url: str, headers: dict[str, str]) -> tuple[Any, Any]:
        for _ in range(REDIRECTS_MAX + 1):
            target = self._rules.target(url)
            address = self._rules.choose(target, self._addresses(target))
            pool = _pool(target, address)
            shown = f"[{target.host}]" if ":" in target.host else target.host
            sent = {**headers, "Host": f"{shown}:{target.port}"}
            response = _guarded(
                lambda pool=pool, path=target.path, sent=sent: pool.urlopen(
                    "GET",
                    path,
                    headers=sent,
                    redirect=False,
                    retries=False,
                    preload_content=False,
                )
            )
            if response.status not in REDIRECTS:
                return response, pool
            location = response.headers.get("Location", "")
            response.close()
            pool.close()
            here = f"{target.scheme}://{shown}:{target.port}{target.path}"
            url = urljoin(here, location)
        raise BadRequest("The URI redirects too often")

    def _addresses(self, target: WebTarget) -> list[str]:
        try:
            return concurrency.offload(self._resolve, target.host, target.port)
        except OSError:
            raise BadRequest(f"The URI's host {target.host} is not known") from None


def _pool(target: WebTarget, address: str) -> Any:
    timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
    if target.scheme == "http":
        return urllib3.HTTPConnectionPool(address, target.port, timeout=timeout)
    # The address is connected to, the name is what the certificate must be for.
    return urllib3.HTTPSConnectionPool(
        address,
        target.port,
        timeout=timeout,
        server_hostname=target.host,
        assert_hostname=target.host,
    )


def _guarded(function: Any, *arguments: Any) -> Any:
    try:
        return concurrency.offload(function, *arguments)
    except (HTTPError, OSError) as error:
        raise Unavailable(f"the URI's server does not answer: {error}") from error
