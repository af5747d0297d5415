"""What would go over the wire unprotected, though the inventory wishes TLS.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import SplitResult, parse_qs, urlsplit

from compute.deploy.options import CloudWish

OWN_CERTIFICATE = ("certificate", "private_key", "authority")
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
# What of these a URL must ask for, that its driver encrypts, and checks who answers.
_ASKING = {
    "postgresql": ("sslmode", frozenset({"verify-full", "verify-ca"})),
    "mysql": ("ssl_ca", frozenset[str]()),
}
_ADVICE = {
    "postgresql": "?sslmode=verify-full&sslrootcert=FILE",
    "mysql": "?ssl_ca=FILE",
}
Extras = Mapping[str, Mapping[str, Mapping[str, str]]]


def unprotected(cloud: CloudWish, extras: Extras) -> Iterator[tuple[str, str, str]]:
    """Section, option, and what is wrong with it."""
    given = [name for name in OWN_CERTIFICATE if getattr(cloud, name) is not None]
    if given and len(given) < len(OWN_CERTIFICATE):
        missing = ", ".join(set(OWN_CERTIFICATE) - set(given))
        yield "cloud", missing, "certificate, private_key and authority go together"
    if not cloud.tls:
        if given:
            yield "cloud", "tls", "is no, and there is a certificate"
        return
    for name in ("public_url", "store_url"):
        url = getattr(cloud, name)
        if url.startswith("http://"):
            yield "cloud", name, "must be https://, for tls = yes"
        if given and (not url or _is_address(url)):
            yield "cloud", name, "must be https:// and a name that certificate is for"
    if problem := _database_problem(cloud.database):
        yield "cloud", "database", problem
    bus = extras.get("cloud.conf", {}).get("cloud", {}).get("bus", "")
    if bus and host_of(bus) not in LOOPBACK:
        text = (
            "nobody would check the broker's certificate: do without, or set tls = no"
        )
        yield "cloud.conf:cloud", "bus", text


def split(url: str) -> SplitResult | None:
    """None: it is none, for half a bracket."""
    try:
        return urlsplit(url)
    except ValueError:
        return None


def host_of(url: str) -> str:
    """As it is written there; "": nobody is."""
    parts = split(url)
    return (parts.hostname or "") if parts is not None else ""


def _database_problem(url: str) -> str:
    parts = split(url)
    if parts is None:
        return ""  # told as what it is
    kind = parts.scheme.partition("+")[0]
    if kind not in _ASKING or parts.hostname is None or parts.hostname in LOOPBACK:
        return ""
    option, values = _ASKING[kind]
    asked = parse_qs(parts.query).get(option, [""])[-1]
    if asked and (not values or asked in values):
        return ""
    return f"would not be encrypted: add {_ADVICE[kind]}, or set tls = no"


def _is_address(url: str) -> bool:
    host = host_of(url)
    return ":" in host or host.replace(".", "").isdigit()
