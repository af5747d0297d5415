"""A pool as a backend of haproxy: one for each listener that leads to it.

Connections to members wait as long as the listener says, and are of its mode; so a pool
that two listeners lead to is two backends, ``POOL:LISTENER``.
"""

from __future__ import annotations

from collections.abc import Iterator

from compute.balancer.haproxy.tls import server_words
from compute.balancer.haproxy.words import (
    address,
    address_with_port,
    quoted,
    quoted_format,
)
from compute.balancer.model import (
    PING,
    PROXY,
    PROXYV2,
    READING,
    Balancer,
    Listener,
    Member,
    Monitor,
    Pool,
    Tree,
)

BALANCE = {
    "ROUND_ROBIN": "roundrobin",
    "LEAST_CONNECTIONS": "leastconn",
    "SOURCE_IP": "source",
    "SOURCE_IP_PORT": "hash var(txn.place)",
}
# Of the own persistence cookie; as Octavia has it.
COOKIE = "SRV"
STICK_ENTRIES = "10k"
STICK_TEXT_CHARACTERS = 64
PEERS = "own"


def backend_name(pool_id: str, listener_id: str) -> str:
    """The backend of a pool for a listener."""
    return f"{pool_id}:{listener_id}"


def backend(tree: Tree, listener: Listener, pool: Pool) -> Iterator[str]:
    """Its lines."""
    is_http = listener.protocol in READING
    monitor = tree.probing(pool.id)
    if monitor is not None and monitor.type == PING:
        monitor = None  # its host asks, and tells haproxy (compute.balancer.probes)
    yield f"backend {backend_name(pool.id, listener.id)}"
    yield f"  mode {'http' if is_http else 'tcp'}"
    yield f"  balance {BALANCE[pool.algorithm]}"
    if pool.algorithm == "SOURCE_IP_PORT":
        yield "  tcp-request content set-var(txn.port) src_port"
        yield "  tcp-request content set-var(txn.place) src,concat(:,txn.port)"
    yield f"  timeout connect {listener.timeout_member_connect}ms"
    yield f"  timeout server {listener.timeout_member_data}ms"
    yield "  option allbackups"
    if is_http:
        yield "  option http-keep-alive"
    yield from _persistence(tree.balancer, pool, is_http=is_http)
    if monitor is not None:
        yield from _monitor(monitor)
    if not pool.admin_up:
        return
    for member in tree.members_of(pool.id):
        yield _server(pool, member, monitor, is_http=is_http)


def _persistence(balancer: Balancer, pool: Pool, *, is_http: bool) -> Iterator[str]:
    kind = pool.persistence.get("type")
    name = pool.persistence.get("cookie_name") or ""
    if kind == "SOURCE_IP":
        # A table of IPv6 addresses has room for those of IPv4 too.
        has_six = any(":" in each for each in balancer.addresses)
        family = "ipv6" if has_six else "ip"
        expires = int(pool.persistence.get("persistence_timeout") or 0)
        end = f" expire {expires}s" if expires else ""
        yield f"  stick-table type {family} size {STICK_ENTRIES}{end} peers {PEERS}"
        yield "  stick on src"
    elif kind == "APP_COOKIE" and is_http:
        yield (
            f"  stick-table type string len {STICK_TEXT_CHARACTERS}"
            f" size {STICK_ENTRIES} peers {PEERS}"
        )
        yield f"  stick store-response res.cook({name})"
        yield f"  stick match req.cook({name})"
    elif kind == "HTTP_COOKIE" and is_http:
        yield f"  cookie {COOKIE} insert indirect nocache"


def _monitor(monitor: Monitor) -> Iterator[str]:
    yield f"  timeout check {monitor.timeout}s"
    if monitor.type in ("HTTP", "HTTPS"):
        yield "  option httpchk"
        words = f"meth {monitor.http_method} uri {quoted(monitor.url_path)}"
        if monitor.http_version:
            words += f" ver HTTP/{monitor.http_version}"
        if monitor.domain_name:
            words += f" hdr Host {quoted_format(monitor.domain_name)}"
        yield f"  http-check send {words}"
        codes = monitor.expected_codes.replace(" ", "")
        yield f"  http-check expect status {codes}"
    elif monitor.type == "TLS-HELLO":
        yield "  option ssl-hello-chk"


def _server(
    pool: Pool, member: Member, monitor: Monitor | None, *, is_http: bool
) -> str:
    place = address_with_port(member.address, member.port)
    words = [f"  server {member.id} {place} weight {member.weight}"]
    if pool.tls_enabled:
        words += server_words(pool)
    if pool.protocol == PROXY:
        words.append("send-proxy")
    if pool.protocol == PROXYV2:
        words.append("send-proxy-v2")
    if is_http and pool.persistence.get("type") == "HTTP_COOKIE":
        words.append(f"cookie {member.id}")
    if monitor is not None:
        words.append(
            f"check inter {monitor.delay}s fall {monitor.max_retries_down}"
            f" rise {monitor.max_retries}"
        )
        if member.monitor_address:
            words.append(f"addr {address(member.monitor_address)}")
        if member.monitor_port:
            words.append(f"port {member.monitor_port}")
        if monitor.type == "HTTPS":
            words.append("check-ssl" if pool.tls_enabled else "check-ssl verify none")
        elif pool.tls_enabled and monitor.type in ("TCP", "TLS-HELLO"):
            # Servers that are spoken to by TLS would be probed so, too.
            words.append("no-check-ssl")
    if member.backup:
        words.append("backup")
    if not member.admin_up:
        words.append("disabled")
    return " ".join(words)
