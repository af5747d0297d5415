"""TLS in haproxy's words: of listeners that end it, of servers it is spoken with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from compute.balancer.haproxy.words import quoted
from compute.balancer.model import Listener, Pool
from compute.balancer.tls_files import tls_files

# Header -> what haproxy puts into it.
CLIENT_HEADERS: Mapping[str, str] = {
    "X-SSL-Client-Verify": "%[ssl_c_verify]",
    "X-SSL-Client-Has-Cert": "%[ssl_c_used]",
    "X-SSL-Client-DN": "%{+Q}[ssl_c_s_dn]",
    "X-SSL-Client-CN": "%{+Q}[ssl_c_s_dn(cn)]",
    "X-SSL-Issuer": "%{+Q}[ssl_c_i_dn]",
    "X-SSL-Client-SHA1": "%{+Q}[ssl_c_sha1,hex]",
    "X-SSL-Client-Not-Before": "%{+Q}[ssl_c_notbefore]",
    "X-SSL-Client-Not-After": "%{+Q}[ssl_c_notafter]",
}
_SWITCHED_OFF = {
    "TLSv1": "no-tlsv10",
    "TLSv1.1": "no-tlsv11",
    "TLSv1.2": "no-tlsv12",
    "TLSv1.3": "no-tlsv13",
}
_OLD = ("TLSv1", "TLSv1.1")
# OpenSSL speaks the old versions at this level only.
_WEAK = "@SECLEVEL=0"
_VERIFY = {"OPTIONAL": "optional", "MANDATORY": "required"}


def bind_words(listener: Listener) -> Iterator[str]:
    """What stands behind a listener's address."""
    tls = listener.tls or {}
    yield "ssl"
    files = {"own": [], "ca": [], "crl": []}  # type: dict[str, list[str]]
    for file in tls_files(listener.id, tls):
        kind = {
            "client_ca_tls_container_ref": "ca",
            "client_crl_container_ref": "crl",
        }.get(file.attribute, "own")
        files[kind].append(file.name)
    for name in files["own"]:
        yield f"crt {name}"
    verify = _VERIFY.get(tls.get("client_authentication", ""))
    if verify and files["ca"]:
        yield f"ca-file {files['ca'][0]} verify {verify}"
        yield from (f"crl-file {name}" for name in files["crl"])
    yield from _choices(tls)


def server_words(pool: Pool) -> Iterator[str]:
    """What stands behind a member's address."""
    tls = pool.tls or {}
    names = {file.attribute: file.name for file in tls_files(pool.id, tls)}
    yield "ssl"
    if "tls_container_ref" in names:
        yield f"crt {names['tls_container_ref']}"
    if "ca_tls_container_ref" in names:
        yield f"verify required ca-file {names['ca_tls_container_ref']}"
        if "crl_container_ref" in names:
            yield f"crl-file {names['crl_container_ref']}"
    else:
        yield "verify none"
    yield from _choices(tls)


def _choices(tls: Mapping[str, Any]) -> Iterator[str]:
    versions: Sequence[str] = tls.get("tls_versions") or ()
    if versions:
        yield from (no for name, no in _SWITCHED_OFF.items() if name not in versions)
    names = [name for name in (tls.get("tls_ciphers") or "").split(":") if name]
    older = [name for name in names if not name.startswith("TLS_")]
    suites = [name for name in names if name.startswith("TLS_")]
    if any(name in versions for name in _OLD):
        older = [*(older or ["DEFAULT"]), _WEAK]
    if older:
        yield f"ciphers {quoted(':'.join(older))}"
    if suites:
        yield f"ciphersuites {quoted(':'.join(suites))}"
    if tls.get("alpn_protocols"):
        yield f"alpn {','.join(tls['alpn_protocols'])}"


def strict_transport(tls: Mapping[str, Any]) -> str:
    """The header's value; "": there is none."""
    age = tls.get("hsts_max_age")
    if age is None or age < 0:
        return ""
    words = [f"max-age={age}"]
    if tls.get("hsts_include_subdomains"):
        words.append("includeSubDomains")
    if tls.get("hsts_preload"):
        words.append("preload")
    return "; ".join(words)
