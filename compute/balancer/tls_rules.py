"""What of TLS goes with what, for listeners that end it and pools that begin it.  Pure.

What is kept is a mapping of the API's own names, empty where there is no TLS, with a
``revision``: the generation of the load balancer in which it was written last.  Whoever
writes it again means its secrets as they are by then.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator, Mapping
from typing import Any

from compute.balancer.model import TERMINATED_HTTPS
from compute.balancer.rules import wrong

# References by their attributes: what is kept behind each.
CERTIFICATE, AUTHORITIES, REVOKED = "certificate", "authorities", "revoked"
REFERENCES: Mapping[str, str] = {
    "default_tls_container_ref": CERTIFICATE,
    "sni_container_refs": CERTIFICATE,
    "client_ca_tls_container_ref": AUTHORITIES,
    "client_crl_container_ref": REVOKED,
    "tls_container_ref": CERTIFICATE,
    "ca_tls_container_ref": AUTHORITIES,
    "crl_container_ref": REVOKED,
}
# Of one request.
REFERENCES_MAX = 100
REFERENCE_CHARACTERS_MAX = 255
# Haproxy takes 64 words on a line, and each certificate is two.
SNI_MAX = 20
CIPHERS_CHARACTERS_MAX = 2048
HSTS_SECONDS_MAX = 2147483647
AUTHENTICATIONS = ("NONE", "OPTIONAL", "MANDATORY")
# (SSLv3 is none that Debian's OpenSSL speaks.)
VERSIONS = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
APPLICATIONS = ("http/1.0", "http/1.1", "h2")
USUAL_VERSIONS = ("TLSv1.2", "TLSv1.3")
USUAL_APPLICATIONS = ("h2", "http/1.1", "http/1.0")
SUITES = (
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
    "TLS_AES_128_GCM_SHA256",
)
USUAL_CIPHERS = ":".join(
    (
        *SUITES,
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-RSA-AES256-GCM-SHA384",
        "ECDHE-ECDSA-CHACHA20-POLY1305",
        "ECDHE-RSA-CHACHA20-POLY1305",
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-RSA-AES128-GCM-SHA256",
    )
)
_CIPHERS = re.compile(r"[A-Za-z0-9_:+!@=.-]+")

LISTENER_NAMES = (
    "default_tls_container_ref",
    "sni_container_refs",
    "client_ca_tls_container_ref",
    "client_authentication",
    "client_crl_container_ref",
    "tls_ciphers",
    "tls_versions",
    "alpn_protocols",
    "hsts_max_age",
    "hsts_include_subdomains",
    "hsts_preload",
)
POOL_NAMES = (
    "tls_container_ref",
    "ca_tls_container_ref",
    "crl_container_ref",
    "tls_ciphers",
    "tls_versions",
    "alpn_protocols",
)
_NOTHING: tuple[Any, ...] = (None, "", (), [], False, "NONE", -1)


def listener_tls(protocol: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """A listener's, as it is kept.  ``BadRequest``."""
    found = {name: values[name] for name in LISTENER_NAMES if name in values}
    if protocol != TERMINATED_HTTPS:
        _check_none(found, f"the protocol {protocol}")
        return {}
    names = [found.get("default_tls_container_ref"), *found["sni_container_refs"]]
    if not any(names):
        raise wrong(
            "An SNI or default certificate container reference must be provided with"
            f" {TERMINATED_HTTPS} listeners."
        )
    if len(found["sni_container_refs"]) > SNI_MAX:
        raise wrong(f"sni_container_refs: at most {SNI_MAX}")
    if not found["client_ca_tls_container_ref"]:
        for name in ("client_authentication", "client_crl_container_ref"):
            if found[name] not in _NOTHING:
                raise wrong(f"{name} needs a client_ca_tls_container_ref")
    if found["hsts_max_age"] in _NOTHING and (
        found["hsts_include_subdomains"] or found["hsts_preload"]
    ):
        raise wrong("hsts_max_age is needed for the other attributes of HSTS")
    found["tls_ciphers"] = found["tls_ciphers"] or USUAL_CIPHERS
    found["tls_versions"] = list(found["tls_versions"] or USUAL_VERSIONS)
    found["alpn_protocols"] = list(found["alpn_protocols"] or USUAL_APPLICATIONS)
    check_ciphers(found["tls_ciphers"])
    return found


def pool_tls(is_enabled: bool, values: Mapping[str, Any]) -> dict[str, Any]:
    """A pool's, as it is kept.  References may be there before TLS is switched on."""
    found = {name: values[name] for name in POOL_NAMES if name in values}
    if found.get("crl_container_ref") and not found.get("ca_tls_container_ref"):
        raise wrong("crl_container_ref needs a ca_tls_container_ref")
    check_ciphers(found.get("tls_ciphers") or "")
    is_empty = all(value in _NOTHING for value in found.values())
    return {} if is_empty and not is_enabled else found


def _check_none(values: Mapping[str, Any], what: str) -> None:
    for name, value in values.items():
        if value not in _NOTHING:
            raise wrong(f"{name} cannot be used with {what}")


def check_ciphers(text: str) -> None:
    """``BadRequest`` for what OpenSSL would not take, or what is no list of names."""
    if not text:
        return
    if _CIPHERS.fullmatch(text) is None:
        raise wrong("tls_ciphers must be names of ciphers with colons between them")
    older, suites = split_ciphers(text)
    for suite in suites.split(":") if suites else ():
        if suite not in SUITES:
            raise wrong(f"tls_ciphers: {suite[:64]} is not a cipher")
    if older:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).set_ciphers(older)
        except ssl.SSLError:
            raise wrong("tls_ciphers has no cipher that there is") from None


def split_ciphers(text: str) -> tuple[str, str]:
    """Those until TLS 1.2, and suites of TLS 1.3, which are told apart by name."""
    names = [name for name in text.split(":") if name]
    suites = [name for name in names if name.startswith("TLS_")]
    return ":".join(n for n in names if n not in suites), ":".join(suites)


def references_in(item: Any) -> dict[str, str]:
    """All references that a request names, and what each should lead to."""
    found = dict(_references(item))
    if len(found) > REFERENCES_MAX:
        raise wrong(f"at most {REFERENCES_MAX} references are taken at once")
    return found


def _references(item: Any) -> Iterator[tuple[str, str]]:
    if isinstance(item, list | tuple):
        for each in item:
            yield from _references(each)
    elif isinstance(item, dict):
        for name, value in item.items():
            if name in REFERENCES:
                for text in value if isinstance(value, list | tuple) else [value]:
                    if isinstance(text, str) and text:
                        yield text, REFERENCES[name]
            else:
                yield from _references(value)
