"""The attributes of TLS that listeners and pools have, and how they are shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.balancer.frame.fields import BOOLEAN, Field, words
from compute.balancer.frame.kind import Item
from compute.balancer.tls_rules import (
    APPLICATIONS,
    AUTHENTICATIONS,
    CIPHERS_CHARACTERS_MAX,
    HSTS_SECONDS_MAX,
    LISTENER_NAMES,
    POOL_NAMES,
    REFERENCE_CHARACTERS_MAX,
    VERSIONS,
)

NOT_SET = -1
_REFERENCE = {"type": "string", "maxLength": REFERENCE_CHARACTERS_MAX}
_REFERENCES = {"type": "array", "items": _REFERENCE, "maxItems": 250}
_CIPHERS = {"type": "string", "maxLength": CIPHERS_CHARACTERS_MAX}
_AGE = {"type": "integer", "minimum": 0, "maximum": HSTS_SECONDS_MAX}


def _some(*names: str) -> dict[str, Any]:
    """Some of these words, each once."""
    return {"type": "array", "items": words(*names), "uniqueItems": True}


def _field(name: str, schema: Mapping[str, Any], default: Any) -> Field:
    return Field(name, schema, default=default, column="-")


_SHARED = (
    _field("tls_ciphers", _CIPHERS, ""),
    _field("tls_versions", _some(*VERSIONS), ()),
    _field("alpn_protocols", _some(*APPLICATIONS), ()),
)
LISTENER_FIELDS = (
    _field("default_tls_container_ref", _REFERENCE, ""),
    _field("sni_container_refs", _REFERENCES, ()),
    _field("client_ca_tls_container_ref", _REFERENCE, ""),
    _field("client_authentication", words(*AUTHENTICATIONS), "NONE"),
    _field("client_crl_container_ref", _REFERENCE, ""),
    *_SHARED,
    _field("hsts_max_age", _AGE, NOT_SET),
    _field("hsts_include_subdomains", BOOLEAN, False),
    _field("hsts_preload", BOOLEAN, False),
)
POOL_FIELDS = (
    _field("tls_container_ref", _REFERENCE, ""),
    _field("ca_tls_container_ref", _REFERENCE, ""),
    _field("crl_container_ref", _REFERENCE, ""),
    *_SHARED,
)


def shown_of_listener(tls: Mapping[str, Any]) -> Item:
    """As the API writes it; null what is not set."""
    found: Item = {name: tls.get(name) or None for name in LISTENER_NAMES}
    age = tls.get("hsts_max_age", NOT_SET)
    found["hsts_max_age"] = None if age == NOT_SET else age
    found["sni_container_refs"] = list(tls.get("sni_container_refs") or ())
    found["client_authentication"] = tls.get("client_authentication") or "NONE"
    for name in ("hsts_include_subdomains", "hsts_preload"):
        found[name] = bool(tls.get(name))
    return found


def shown_of_pool(tls: Mapping[str, Any]) -> Item:
    """As the API writes it; null what is not set."""
    return {name: tls.get(name) or None for name in POOL_NAMES}
