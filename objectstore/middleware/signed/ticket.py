"""What a temporary URL says: what it is for, how long, and what its bearer may do."""

from __future__ import annotations

import calendar
import ipaddress
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from objectstore.kernel.access import AccessRules
from objectstore.kernel.errors import Rejected
from objectstore.kernel.request import Request
from objectstore.middleware.signed.shared_keys import SharedKey, refusal
from objectstore.middleware.signed.signatures import read_signature

_READS = ("GET", "HEAD")
# What a page's links are signed with.
_LINKED = (
    "temp_url_sig",
    "temp_url_expires",
    "temp_url_prefix",
    "temp_url_ip_range",
)
ISO_FORMAT = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True, slots=True)
class Ticket:
    """What the URL says, and what it is for."""

    account: str
    container: str
    object: str
    signature: str  # hexadecimal
    digest: str
    expires: int
    prefix: str | None
    ip_range: str
    links: str  # the query with which links lead on to what begins with the prefix


def read_ticket(
    request: Request, methods: Collection[str], digests: Collection[str], now: float
) -> Ticket:
    """The ticket of a request at ``now`` (seconds since the epoch); its signature is
    not looked at.  Raises ``Rejected`` for one that is not good for this."""
    query = request.query
    version, account, container, name = request.split()
    digest, signature = read_signature(query.get("temp_url_sig", ""))
    expires = read_time(query.get("temp_url_expires", ""))
    prefix = query.get("temp_url_prefix")
    ip_range = query.get("temp_url_ip_range", "")
    good = (
        digest in digests
        and request.method in methods
        and expires >= now
        and version == "v1"
        and bool(account and container)
        # A whole container is signed by the empty prefix: for who visits it as a site.
        and bool(name.strip("/") or (prefix == "" and request.method in _READS))
        and (prefix is None or name.startswith(prefix))
        and (not ip_range or _is_inside(request, ip_range))
    )
    if not good:
        raise invalid(account)
    return Ticket(
        account,
        container,
        name,
        signature,
        digest,
        expires,
        prefix,
        ip_range,
        _links(query),
    )


def _links(query: Mapping[str, str]) -> str:
    kept = {name: query[name] for name in _LINKED if name in query}
    return f"?{urlencode(kept)}" + ("&inline" if "inline" in query else "")


class Grant:
    """What the bearer may do: read where the key reaches (a large object's parts
    lie elsewhere), write only what was signed."""

    __slots__ = ("_key", "_ticket")

    def __init__(self, ticket: Ticket, key: SharedKey) -> None:
        self._ticket = ticket
        self._key = key

    @property
    def prefix(self) -> str | None:
        """What the names begin with that are signed; None: only one name is."""
        return self._ticket.prefix

    @property
    def links(self) -> str:
        """The query with which a page leads on to others that are signed."""
        return self._ticket.links

    def __call__(self, request: Request, rules: AccessRules) -> None:
        """See ``Context.authorize``."""
        ticket = self._ticket
        _, account, container, name = request.split()
        reaches = account == ticket.account and (
            container == ticket.container or not self._key.is_containers
        )
        if not name:
            # Whoever has a URL sees no listing but on a site's pages, whose own
            # requests have a prefix; so have those for a large object's parts.
            reaches = reaches and "prefix" in request.query
        if request.method not in _READS:
            signed = container == ticket.container and (
                name == ticket.object
                if ticket.prefix is None
                else bool(name) and name.startswith(ticket.prefix)
            )
            reaches = reaches and signed
        if not reaches:
            raise invalid(account)


def read_time(text: str) -> int:
    """Seconds since the epoch, of either form; 0 (long ago) for neither."""
    if text.isascii() and text.isdigit():
        return int(text[:20])
    try:
        return calendar.timegm(time.strptime(text, ISO_FORMAT))
    except ValueError:
        return 0


def _is_inside(request: Request, ip_range: str) -> bool:
    try:
        address = ipaddress.ip_address(request.environ.get("REMOTE_ADDR", ""))
        return address in ipaddress.ip_network(ip_range)
    except ValueError:
        return False


def invalid(account: str) -> Rejected:
    """What the bearer of a ticket that is not good is told."""
    return refusal(account, "401 Unauthorized: Temp URL invalid\n")
