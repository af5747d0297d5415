"""Fetching from the web: each connection goes to an address that the rules allow.

The name is resolved once and the connection made to that very address, so nobody can
answer differently the second time.  Redirects are followed by hand, each checked like
the first URL.  urllib3 blocks, so every call runs on a native thread; a server that
is slow on purpose must not keep it, nor the place of an import that others wait for.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urljoin

from urllib3.exceptions import HTTPError

from compute.core.errors import BadRequest
from compute.core.web.connections import Connections, Resolve, system_resolve
from compute.core.web.url_rules import UrlRules, WebTarget
from objectstore.kernel import concurrency
from objectstore.kernel.errors import Unavailable

REDIRECTS_MAX = 5
PIECE_BYTES = 1024 * 1024
PATIENCE_SECONDS = 60.0
TOO_SLOW = "The URI's server sends too slowly"
RATE_MIN = 64 * 1024  # bytes a second
REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Web:
    """What lies at URLs."""

    def __init__(
        self,
        rules: UrlRules,
        resolve: Resolve = system_resolve,
        *,
        rate_min: int = RATE_MIN,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        """A server may keep us waiting for ``patience_seconds``; from then on it has to
        have sent ``rate_min`` bytes for each second that we waited."""
        self._rules = rules
        self._resolve = resolve
        self._rate_min = rate_min
        self._patience_seconds = patience_seconds

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
        response, connections = self._open(url, headers)
        try:
            wanted = 200 if first is None else 206
            if response.status != wanted:
                raise BadRequest(f"The URI's server answered {response.status}")
            _check_plain(response.headers.get("Content-Encoding", ""))
            yield from self._pieces(response, connections)
        finally:
            response.close()
            connections.close()

    def _pieces(self, response: Any, connections: Connections) -> Iterator[bytes]:
        """What comes, as it comes; ``BadRequest`` when it comes too slowly."""
        waited, received = 0.0, 0
        while True:
            since = time.monotonic()
            # What is there already: asking for more waits until all of it is there.
            piece = self._patiently(
                connections,
                lambda: response.read1(PIECE_BYTES, decode_content=False),
            )
            if not piece:
                return
            waited += time.monotonic() - since
            received += len(piece)
            if waited > self._patience_seconds and received < self._rate_min * waited:
                raise BadRequest(TOO_SLOW)
            yield piece

    def _open(self, url: str, headers: dict[str, str]) -> tuple[Any, Connections]:
        for _ in range(REDIRECTS_MAX + 1):
            target = self._rules.target(url)
            address = self._rules.choose(target, self._addresses(target))
            connections = Connections(target, address)
            shown = f"[{target.host}]" if ":" in target.host else target.host
            sent = {**headers, "Host": f"{shown}:{target.port}"}
            response = self._head(connections, target.path, sent)
            if response.status not in REDIRECTS:
                return response, connections
            location = response.headers.get("Location", "")
            response.close()
            connections.close()
            here = f"{target.scheme}://{shown}:{target.port}{target.path}"
            url = urljoin(here, location)
        raise BadRequest("The URI redirects too often")

    def _head(self, connections: Connections, path: str, sent: dict[str, str]) -> Any:
        """The reply, up to its body."""

        def ask() -> Any:
            return connections.pool.urlopen(
                "GET",
                path,
                headers=sent,
                redirect=False,
                retries=False,
                preload_content=False,
            )

        return self._patiently(connections, ask)

    def _patiently(self, connections: Connections, function: Callable[[], Any]) -> Any:
        """What it returns.  ``BadRequest`` when it takes too long: what goes around the
        content (heads, sizes of chunks, trailers) may trickle in as well."""
        with connections.cut_after(self._patience_seconds):
            try:
                return _guarded(function)
            finally:
                if connections.is_cut:
                    raise BadRequest(TOO_SLOW)

    def _addresses(self, target: WebTarget) -> list[str]:
        try:
            return concurrency.offload(self._resolve, target.host, target.port)
        except OSError:
            raise BadRequest(f"The URI's host {target.host} is not known") from None


def _check_plain(encoding: str) -> None:
    """We ask for plain content; unpacking other may be any amount of work."""
    if encoding.strip().lower() not in ("", "identity"):
        raise BadRequest(f"The URI's server packs the content ({encoding[:40]})")


def _guarded(function: Any, *arguments: Any) -> Any:
    try:
        return concurrency.offload(function, *arguments)
    except (HTTPError, OSError) as error:
        raise Unavailable(f"the URI's server does not answer: {error}") from error
