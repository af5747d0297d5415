"""What a temporary URL says: what it is for, how long, and what its bearer may do."""

from __future__ import annotations

import calendar
import ipaddress
import time
from collections.abc import Collection
from dataclasses import dataclass

from objectstore.kernel.access import AccessRules
from objectstore.kernel.errors import Rejected
from objectstore.kernel.request import Request
from objectstore.middleware.shared_keys import SharedKey, refusal
from objectstore.middleware.signatures import read_signature

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
        and bool(account and container and name.strip("/"))
        and (prefix is None or name.startswith(prefix))
        and (not ip_range or _is_inside(request, ip_range))
    )
    if not good:
        raise invalid(account)
    return Ticket(
        account, container, name, signature, digest, expires, prefix, ip_range
    )


class Grant:
    """What the bearer may do: read where the key reaches (a large object's parts
    lie elsewhere), write only what was signed."""

    __slots__ = ("_key", "_ticket")

    def __init__(self, ticket: Ticket, key: SharedKey) -> None:
        self._ticket = ticket
        self._key = key

    def __call__(self, request: Request, rules: AccessRules) -> None:
        """See ``Context.authorize``."""
        ticket = self._ticket
        _, account, container, name = request.split()
        reaches = account == ticket.account and (
            container == ticket.container or not self._key.is_containers
        )
        if request.method not in ("GET", "HEAD"):
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
