"""What goes with what: pure checks of protocols, persistence, monitors, policies.

Each raises ``BadRequest`` that names what is wrong.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Mapping
from typing import Any

from compute.balancer.model import (
    HTTP,
    HTTPS,
    PING,
    PROMETHEUS,
    PROXY,
    PROXYV2,
    READING,
    TCP,
    TERMINATED_HTTPS,
    UDP,
    UDP_CONNECT,
)
from compute.core.errors import BadRequest

# Listener -> the protocols that its pools may speak.
POOL_PROTOCOLS: Mapping[str, tuple[str, ...]] = {
    HTTP: (HTTP, PROXY, PROXYV2),
    TERMINATED_HTTPS: (HTTP, PROXY, PROXYV2),
    HTTPS: (HTTPS, PROXY, PROXYV2, TCP),
    TCP: (HTTP, HTTPS, PROXY, PROXYV2, TCP),
    UDP: (UDP,),
    PROMETHEUS: (),
}
# How members may be probed, of a pool of UDP and of any other.
UDP_MONITORS = ("HTTP", "TCP", UDP_CONNECT)
MONITORS = ("HTTP", "HTTPS", "TCP", "TLS-HELLO", PING)
COOKIE_TYPES = ("HTTP_COOKIE", "APP_COOKIE")
CLIENT_HEADERS = (
    "X-SSL-Client-Verify",
    "X-SSL-Client-Has-Cert",
    "X-SSL-Client-DN",
    "X-SSL-Client-CN",
    "X-SSL-Issuer",
    "X-SSL-Client-SHA1",
    "X-SSL-Client-Not-Before",
    "X-SSL-Client-Not-After",
)
INSERT_HEADERS = ("X-Forwarded-For", "X-Forwarded-Port", "X-Forwarded-Proto")
FILE_TYPE_MATCHES = ("EQUAL_TO", "REGEX")
KEYED = ("HEADER", "COOKIE", "SSL_DN_FIELD")
# What clients' certificates are asked for, where TLS ends.
TLS_RULES = ("SSL_CONN_HAS_CERT", "SSL_VERIFY_RESULT", "SSL_DN_FIELD")
DN_FIELDS = ("C", "CN", "DC", "L", "O", "OU", "ST", "emailAddress")
REDIRECTS = {
    "REDIRECT_TO_POOL": "redirect_pool_id",
    "REDIRECT_TO_URL": "redirect_url",
    "REDIRECT_PREFIX": "redirect_prefix",
}
HTTP_MONITORS = ("HTTP", "HTTPS")
# What may stand in haproxy's configuration without quotes.
NAME = re.compile(r"[A-Za-z0-9_.-]{1,255}")
# Visible ASCII: what a request line or a location may have.
VISIBLE = re.compile(r"[!-~]{1,1024}")
CODES = re.compile(r"[0-9]{3}( *, *[0-9]{3})*")
CODES_RANGE = re.compile(r"([0-9]{3})-([0-9]{3})")
# Haproxy counts to 2 ** 31 milliseconds.
PERSISTENCE_SECONDS_MAX = 2147483
# What Python takes in a regular expression, and haproxy's PCRE does not.
FOREIGN = re.compile(r"(?<!\\)(?:\\\\)*(?:\\[uUN]|\(\?[a-zA-Z]*[aLu])")
CIDRS_MAX = 64
RESERVED = ("169.254.169.254", "fe80::a9fe:a9fe")


def wrong(text: str) -> BadRequest:
    """The values do not go together."""
    return BadRequest(f"Validation failure: {text}", kind="ValidationException")


def address(text: str, name: str) -> str:
    """An address in its canonical form; without a zone, which may be any text."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        raise wrong(f"{name}: {text[:64]!r} is not an IP address") from None
    if getattr(found, "scope_id", None):
        raise wrong(f"{name}: {text[:64]!r} must not have a zone")
    return str(found)


def member_address(text: str, name: str) -> str:
    """A server's, as it was written: clients compare it with what they keep.  Not of
    this host, of nobody in particular, or of the metadata service: haproxy would ask
    them in its own name.  An IPv4 address that is written as an IPv6 one is what it
    would be connected to."""
    given = found = ipaddress.ip_address(address(text, name))
    found = getattr(found, "ipv4_mapped", None) or found
    is_own = found.is_loopback or found.is_unspecified or found.is_multicast
    if is_own or str(found) in RESERVED:
        raise wrong(f"{name}: {found} is not a member's address")
    return text if found == given else str(found)


def place(address: str, port: int) -> tuple[str, int]:
    """Where a member serves: the same however its address is written."""
    return str(ipaddress.ip_address(address)), port


def prefixes(texts: list[str], versions: Collection[int]) -> list[str]:
    """Prefixes of these versions of IP in their canonical form."""
    found = []
    for text in texts:
        try:
            network = ipaddress.ip_network(text, strict=False)
        except ValueError:
            raise wrong(f"allowed_cidrs: {text[:64]!r} is not a prefix") from None
        if "%" in text:
            raise wrong(f"allowed_cidrs: {text[:64]!r} must not have a zone")
        if network.version not in versions:
            raise wrong(f"allowed_cidrs: {network} is not of the VIP's IP version")
        found.append(str(network))
    return sorted(set(found))


def check_protocols(listener: str, pool: str) -> None:
    """A listener leads to pools whose protocol it can speak."""
    if pool not in POOL_PROTOCOLS[listener]:
        raise wrong(
            f"The pool protocol '{pool}' is invalid while the listener protocol is"
            f" '{listener}'."
        )


def insert_headers(given: Mapping[str, Any], protocol: str) -> dict[str, str]:
    """Header -> "true" or "false"; only where requests are read, and what tells of
    clients' certificates only where TLS ends."""
    names = (*INSERT_HEADERS, *(CLIENT_HEADERS if protocol == TERMINATED_HTTPS else ()))
    found = {}
    for name, value in given.items():
        text = str(value).lower()
        if name not in names or text not in ("true", "false"):
            raise wrong(f"{name[:64]}: {text[:64]} is not a valid insert header")
        found[name] = text
    if found and protocol not in READING:
        raise wrong(f"insert_headers cannot be used with the protocol {protocol}")
    return found


def check_probed(monitor: str, pool: str) -> None:
    """Members are probed by what their pool's protocol allows."""
    is_legal = (monitor in UDP_MONITORS) if pool == UDP else monitor in MONITORS
    if not is_legal:
        raise wrong(
            f"The health monitor type '{monitor}' is invalid for a pool of the"
            f" protocol '{pool}'."
        )


def granularity(text: object) -> str:
    """A netmask, or the length of a prefix, as a canonical text."""
    try:
        if re.fullmatch("[0-9]{1,3}", str(text)):
            if not 1 <= int(str(text)) <= ipaddress.IPV6LENGTH:
                raise ValueError
            return str(int(str(text)))
        found = ipaddress.ip_address(str(text))
        number, whole = int(found), (1 << found.max_prefixlen) - 1
        if number == 0 or number | (number - 1) != whole or "%" in str(text):
            raise ValueError
    except ValueError:
        raise wrong(
            f"session_persistence: {str(text)[:64]!r} is not a persistence_granularity"
        ) from None
    return str(found)


def persistence(given: Mapping[str, Any] | None, protocol: str) -> dict[str, Any]:
    """Session persistence as it is kept."""
    if not given:
        return {}
    unknown = set(given) - {
        "type",
        "cookie_name",
        "persistence_timeout",
        "persistence_granularity",
    }
    if unknown:
        raise wrong(f"session_persistence: unknown: {', '.join(sorted(unknown))[:64]}")
    kind, name = given.get("type"), given.get("cookie_name")
    if kind not in ("SOURCE_IP", *COOKIE_TYPES):
        raise wrong(f"session_persistence: {str(kind)[:64]} is not a type")
    if kind in COOKIE_TYPES and protocol != HTTP:
        raise wrong(f"session_persistence: {kind} needs a pool of the protocol HTTP")
    if kind == "APP_COOKIE":
        if not isinstance(name, str) or NAME.fullmatch(name) is None:
            raise wrong("session_persistence: APP_COOKIE needs a valid cookie_name")
    elif name:
        raise wrong(f"session_persistence: {kind} has no cookie_name")
    mask = given.get("persistence_granularity")
    if mask and protocol != UDP:
        raise wrong("session_persistence: persistence_granularity is for UDP only")
    found = {"type": kind, "cookie_name": name or None}
    timeout = given.get("persistence_timeout")
    if timeout is not None:
        if kind != "SOURCE_IP" or not re.fullmatch(r"[0-9]{1,7}", str(timeout)):
            raise wrong("session_persistence: persistence_timeout makes no sense")
        if int(timeout) > PERSISTENCE_SECONDS_MAX:
            raise wrong(
                "session_persistence: persistence_timeout is more than"
                f" {PERSISTENCE_SECONDS_MAX}"
            )
        found["persistence_timeout"] = int(timeout)
    if mask:
        found["persistence_granularity"] = granularity(mask)
    return found


def check_monitor(values: Mapping[str, Any]) -> None:
    """A health monitor's attributes together."""
    if values["type"] not in HTTP_MONITORS:
        return
    path = values["url_path"]
    if not path.startswith("/") or VISIBLE.fullmatch(path) is None:
        raise wrong("url_path must begin with / and have no spaces")
    codes = values["expected_codes"]
    span = CODES_RANGE.fullmatch(codes)
    is_span = span is not None and span[1] <= span[2]
    if CODES.fullmatch(codes) is None and not is_span:
        raise wrong("expected_codes must be like 200, or 200,202, or 200-204")
    domain = values["domain_name"]
    if domain and NAME.fullmatch(domain) is None:
        raise wrong("domain_name is not a host's name")
    if domain and values["http_version"] == "1.0":
        raise wrong("domain_name needs http_version 1.1")


def check_policy(values: Mapping[str, Any]) -> None:
    """An L7 policy's attributes together."""
    wanted = REDIRECTS.get(values["action"])
    for name in REDIRECTS.values():
        if name == wanted and not values[name]:
            raise wrong(f"{name} is required for the action {values['action']}")
    for name in ("redirect_url", "redirect_prefix"):
        text = values[name]
        if text and (
            not text.startswith(("http://", "https://"))
            or VISIBLE.fullmatch(text) is None
        ):
            raise wrong(f"{name} is not an URL")
    code = values["redirect_http_code"]
    if code and values["action"] not in ("REDIRECT_TO_URL", "REDIRECT_PREFIX"):
        raise wrong("redirect_http_code is for redirects to URLs and prefixes")


def check_rule(values: Mapping[str, Any]) -> None:
    """An L7 rule's attributes together."""
    kind, match, value = values["type"], values["compare_type"], values["value"]
    if not value or not value.isprintable():
        raise wrong("value must be text without control characters")
    if kind in KEYED:
        if NAME.fullmatch(values["key"]) is None:
            raise wrong(f"key: the name of the {kind.lower()} is needed")
    elif values["key"]:
        raise wrong(f"key is not used with the type {kind}")
    if kind in TLS_RULES[:2] and match != "EQUAL_TO":
        raise wrong(f"compare_type {match} is not for {kind}")
    if kind == "SSL_CONN_HAS_CERT" and value.lower() != "true":
        raise wrong("value must be True for SSL_CONN_HAS_CERT")
    if kind == "SSL_VERIFY_RESULT" and not re.fullmatch("[0-9]{1,5}", value):
        raise wrong("value must be a number for SSL_VERIFY_RESULT")
    if kind == "SSL_DN_FIELD" and values["key"] not in DN_FIELDS:
        raise wrong(f"key must be one of {', '.join(DN_FIELDS)}")
    if kind == "FILE_TYPE" and match not in FILE_TYPE_MATCHES:
        raise wrong(f"compare_type {match} is not for FILE_TYPE")
    if match == "REGEX":
        if FOREIGN.search(value):
            raise wrong(f"value: {value[:64]!r} is not of PCRE's language")
        try:
            re.compile(value)
        except (re.error, RecursionError, OverflowError):
            raise wrong(f"value: {value[:64]!r} is not a regular expression") from None
