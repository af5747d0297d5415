"""A listener as a frontend of haproxy, with its L7 policies.

The first policy by position whose rules all match decides.  Its id goes into a variable
of the request, so what haproxy would do in an order of its own (refusals, redirects,
then backends) follows the positions alone.  Each rule is a line, for haproxy takes no
more than 64 words on one: those that do not match say which policy they keep away.
"""

from __future__ import annotations

from collections.abc import Iterator

from compute.balancer.haproxy.backends import backend_name
from compute.balancer.haproxy.tls import (
    CLIENT_HEADERS,
    bind_words,
    strict_transport,
)
from compute.balancer.haproxy.words import address_with_port, quoted, quoted_format
from compute.balancer.model import (
    PROMETHEUS,
    READING,
    TERMINATED_HTTPS,
    UNLIMITED,
    Listener,
    Policy,
    Rule,
    Tree,
)

# What one process serves at once; a listener without a limit may have all of it.
CONNECTIONS_MAX = 20000
# The service that the agent's Lua program is, and where it is asked.
METRICS = "metrics"
METRICS_PATH = "/metrics"
SERVICE = f"use-service lua.{METRICS}"
CHOSEN = "txn.policy"
MISSED = "txn.missed"
REDIRECT_CODE = 302
REFUSED_CODE = 403
MATCHES = {
    "REGEX": "reg",
    "STARTS_WITH": "beg",
    "ENDS_WITH": "end",
    "CONTAINS": "sub",
    "EQUAL_TO": "str",
}


def frontend(tree: Tree, listener: Listener) -> Iterator[str]:
    """Its lines."""
    is_http = listener.protocol in (*READING, PROMETHEUS)
    yield f"frontend {listener.id}"
    ends = bind_words(listener) if listener.protocol == TERMINATED_HTTPS else []
    for address in tree.balancer.addresses:
        bind = [address_with_port(address, listener.port), *ends]
        yield f"  bind {' '.join(bind)}"
    yield f"  mode {'http' if is_http else 'tcp'}"
    most = tree.balancer.connections_max or CONNECTIONS_MAX
    limit = listener.connection_limit
    yield f"  maxconn {most if limit == UNLIMITED else min(limit, most)}"
    yield f"  timeout client {listener.timeout_client_data}ms"
    if listener.timeout_tcp_inspect:
        yield f"  tcp-request inspect-delay {listener.timeout_tcp_inspect}ms"
    if listener.protocol == PROMETHEUS:
        yield f"  http-request return status 404 unless {{ path {METRICS_PATH} }}"
        yield f"  http-request {SERVICE}"
        return
    if is_http:
        yield from _headers(listener)
        for policy in tree.policies_of(listener.id):
            yield from _policy(tree, listener, policy)
    if tree.pool(listener.default_pool_id) is not None:
        yield f"  default_backend {backend_name(listener.default_pool_id, listener.id)}"


def _headers(listener: Listener) -> Iterator[str]:
    wanted = {
        name for name, value in listener.insert_headers.items() if value == "true"
    }
    if "X-Forwarded-For" in wanted:
        yield "  option forwardfor"
    if "X-Forwarded-Port" in wanted:
        yield "  http-request set-header X-Forwarded-Port %[dst_port]"
    if "X-Forwarded-Proto" in wanted:
        scheme = "https" if listener.protocol == TERMINATED_HTTPS else "http"
        yield f"  http-request set-header X-Forwarded-Proto {scheme}"
    for name, value in CLIENT_HEADERS.items():
        if name in wanted:
            yield f"  http-request set-header {name} {value}"
    transport = strict_transport(listener.tls or {})
    if transport:
        value = quoted_format(transport)
        yield f"  http-response set-header Strict-Transport-Security {value}"


def _policy(tree: Tree, listener: Listener, policy: Policy) -> Iterator[str]:
    """A policy without rules matches nothing."""
    rules = [each for each in tree.rules_of(policy.id) if each.admin_up]
    if not policy.admin_up or not rules:
        return
    for rule in rules:
        yield f"  http-request set-var({MISSED}) str({policy.id}) if {_missed(rule)}"
    yield (
        f"  http-request set-var({CHOSEN}) str({policy.id})"
        f" if !{{ var({CHOSEN}) -m found }} !{{ var({MISSED}) -m str {policy.id} }}"
    )
    is_chosen = f"if {{ var({CHOSEN}) -m str {policy.id} }}"
    code = policy.redirect_http_code or REDIRECT_CODE
    if policy.action == "REJECT":
        yield f"  http-request deny deny_status {REFUSED_CODE} {is_chosen}"
    elif policy.action == "REDIRECT_TO_URL":
        place = quoted_format(policy.redirect_url)
        yield f"  http-request redirect location {place} code {code} {is_chosen}"
    elif policy.action == "REDIRECT_PREFIX":
        place = quoted_format(policy.redirect_prefix)
        yield f"  http-request redirect prefix {place} code {code} {is_chosen}"
    elif tree.pool(policy.redirect_pool_id) is not None:
        name = backend_name(policy.redirect_pool_id, listener.id)
        yield f"  use_backend {name} {is_chosen}"


def _missed(rule: Rule) -> str:
    """What is true of the requests that the rule does not match."""
    inverted = "" if rule.invert else "!"
    if rule.type == "FILE_TYPE":
        if rule.compare_type == "REGEX":
            found = f"path -m reg -- {quoted(f'[.]({rule.value})$')}"
        else:
            found = f"path -m end -- {quoted(f'.{rule.value}')}"
        return f"{inverted}{{ {found} }}"
    # A host's name is the same in either case.
    case = "-i " if rule.type == "HOST_NAME" else ""
    if rule.type == "SSL_CONN_HAS_CERT":
        return f"{inverted}{{ ssl_c_used }}"
    if rule.type == "SSL_VERIFY_RESULT":
        return f"{inverted}{{ ssl_c_verify {int(rule.value)} }}"
    what = {
        "SSL_DN_FIELD": f"ssl_c_s_dn({rule.key})",
        "HOST_NAME": "req.hdr(host),host_only",
        "PATH": "path",
        "HEADER": f"req.hdr({rule.key})",
        "COOKIE": f"req.cook({rule.key})",
    }[rule.type]
    match = f"{case}-m {MATCHES[rule.compare_type]}"
    return f"{inverted}{{ {what} {match} -- {quoted(rule.value)} }}"
