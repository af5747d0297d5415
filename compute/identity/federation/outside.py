"""Asking an identity provider: where the operator said, and nowhere else.

What a provider's documents name is asked only on the issuer's own host and port, or on
a host that the operator named.  No redirect is followed; an answer has ``SECONDS`` and
``BYTES_MAX``.  urllib3 blocks, so each question is on a native thread, and only
``AT_ONCE`` of them, while ``WAITING_MAX`` wait: strangers make us ask.
"""

from __future__ import annotations

import ipaddress
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, urlencode

import orjson
from urllib3.exceptions import HTTPError

from compute.core.errors import BadRequest
from compute.core.web.connections import Connections, Resolve, system_resolve
from compute.core.web.url_rules import DEFAULT_PORTS, UrlRules, WebTarget
from compute.identity.federation.operator_file import ProviderSettings
from objectstore.kernel import concurrency
from objectstore.kernel.errors import DeadlineExceeded, Unavailable

SECONDS = 10.0
BYTES_MAX = 512 * 1024
AT_ONCE = 4
# More wait for their turn, as in the morning when all sign in.
WAITING_MAX = 64
AGENT = "ringstack-identity"
# Whom the operator names may be anywhere, inside too.
_ANYWHERE = tuple(ipaddress.ip_network(text) for text in ("0.0.0.0/0", "::/0"))


class Outside:
    """The way to one provider."""

    def __init__(
        self, settings: ProviderSettings, resolve: Resolve = system_resolve
    ) -> None:
        self._settings = settings
        self._resolve = resolve
        hosts = {host.lower() for host in settings.hosts}
        everything = UrlRules(
            frozenset({"http", "https"}),
            frozenset(),
            frozenset(),
            frozenset(),
            _ANYWHERE,
        )
        self._rules = everything
        self._issuer = everything.target(settings.issuer)
        self._hosts = hosts
        self._places = concurrency.Semaphore(AT_ONCE)
        self._waiting = 0

    def target(self, url: object) -> WebTarget:
        """Where that URL leads; ``Unavailable`` when we do not go there."""
        try:
            target = self._rules.target(url if isinstance(url, str) else "")
        except BadRequest:
            raise Unavailable(f"{str(url)[:200]!r} is no URL to ask") from None
        ours = (self._issuer.scheme, self._issuer.host, self._issuer.port)
        if (target.scheme, target.host, target.port) == ours:
            return target
        if target.scheme == "https" and target.host in self._hosts:
            return target
        raise Unavailable(
            f"{target.host}:{target.port} is not the issuer's host, and not in hosts"
        )

    def get(self, url: object) -> dict[str, Any]:
        """The JSON document there; ``Unavailable``."""
        return self._good(*self._ask("GET", url, {}, None))

    def get_as(self, url: object, bearer: str) -> dict[str, Any] | None:
        """The JSON document that somebody may see; None when he may not.
        ``Unavailable``."""
        headers = {"Authorization": f"Bearer {bearer}"}
        status, document = self._ask("GET", url, headers, None)
        return None if status in (401, 403) else self._good(status, document)

    def _good(self, status: int, document: dict[str, Any]) -> dict[str, Any]:
        if status != 200:
            raise Unavailable(f"{self._settings.issuer} answered {status}")
        return document

    def post(
        self, url: object, fields: Mapping[str, str]
    ) -> tuple[int, dict[str, Any]]:
        """Send a form as our client there: status and JSON.  ``Unavailable``."""
        sent = dict(fields)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        secret = self._settings.secret()
        if secret:
            # RFC 6749, 2.3.1: both are encoded before they are joined.
            pair = f"{quote(self._settings.client_id, '')}:{quote(secret, '')}"
            headers["Authorization"] = f"Basic {_base64(pair)}"
        else:
            sent["client_id"] = self._settings.client_id
        return self._ask("POST", url, headers, urlencode(sent).encode())

    def _ask(
        self, method: str, url: object, headers: Mapping[str, str], body: bytes | None
    ) -> tuple[int, dict[str, Any]]:
        target = self.target(url)
        with self._place():
            status, raw = self._answer(method, target, headers, body)
        try:
            document = orjson.loads(raw) if raw else {}
        except orjson.JSONDecodeError:
            document = None
        if not isinstance(document, dict) and status != 200:
            # Whatever it says to a question that it refuses.
            document = {}
        if not isinstance(document, dict):
            raise Unavailable(f"{self._settings.issuer} did not answer in JSON")
        return status, document

    @contextmanager
    def _place(self) -> Iterator[None]:
        """One of those who may ask at once; ``Unavailable`` when there is none soon."""
        if self._waiting >= WAITING_MAX:
            raise Unavailable("too many questions to the identity provider")
        self._waiting += 1
        try:
            with concurrency.deadline(SECONDS):
                self._places.acquire()
        except DeadlineExceeded:
            raise Unavailable("too many questions to the identity provider") from None
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._places.release()

    def _answer(
        self,
        method: str,
        target: WebTarget,
        headers: Mapping[str, str],
        body: bytes | None,
    ) -> tuple[int, bytes]:
        try:
            with concurrency.deadline(SECONDS):
                found = concurrency.offload(self._resolve, target.host, target.port)
            address = self._rules.choose(target, found)
        except (OSError, DeadlineExceeded, BadRequest):
            raise Unavailable(f"the host {target.host} is not found") from None
        shown = f"[{target.host}]" if ":" in target.host else target.host
        if target.port != DEFAULT_PORTS[target.scheme]:
            # Only then: gateways compare it, and issuers write themselves by it.
            shown = f"{shown}:{target.port}"
        sent = {
            "User-Agent": AGENT,
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            **headers,
            "Host": shown,
        }
        connections = Connections(target, address)

        def ask() -> tuple[int, bytes]:
            response: Any = connections.pool.urlopen(
                method,
                target.path,
                body=body,
                headers=sent,
                redirect=False,
                retries=False,
                preload_content=False,
            )
            raw = response.read(BYTES_MAX + 1, decode_content=False)
            response.close()
            return int(response.status), bytes(raw)

        try:
            with connections.cut_after(SECONDS):
                status, raw = concurrency.offload(ask)
        except (HTTPError, OSError, ValueError) as error:
            late = "it does not answer in time" if connections.is_cut else ""
            why = late or type(error).__name__
            raise Unavailable(f"{self._settings.issuer}: {why}") from None
        finally:
            connections.close()
        if len(raw) > BYTES_MAX:
            raise Unavailable(f"{self._settings.issuer} answers at too great a length")
        return status, raw


def _base64(text: str) -> str:
    return b64encode(text.encode()).decode()
