"""JSON schemas of federation's bodies, beside those of mappings' rules."""

from __future__ import annotations

from compute.identity.api import shapes

# Part of paths, and of the names of sections in the operator's file.
KEY_PATTERN = r"^[A-Za-z0-9._~@-]{1,64}$"
KEY = {"type": "string", "maxLength": 64, "pattern": KEY_PATTERN}
REMOTE_ID = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"\S"}
REMOTE_IDS_MAX = 100
# Ten years of minutes.
TTL_MINUTES_MAX = 5_256_000
_URL = {
    "type": "string",
    "minLength": 1,
    "maxLength": 255,
    "pattern": r"^https?://\S+$",
}

_PROVIDER = {
    "enabled": shapes.FLAG,
    "description": shapes.TEXT,
    "authorization_ttl": {
        "type": ["integer", "null"],
        "minimum": 0,
        "maximum": TTL_MINUTES_MAX,
    },
    "remote_ids": {
        "type": ["array", "null"],
        "items": REMOTE_ID,
        "maxItems": REMOTE_IDS_MAX,
        "uniqueItems": True,
    },
}
NEW_PROVIDER = shapes.body(
    "identity_provider", {**_PROVIDER, "domain_id": shapes.OPTIONAL_ID}, more=False
)
PROVIDER = shapes.body("identity_provider", _PROVIDER, more=False)

_PROTOCOL = {
    "mapping_id": KEY,
    "remote_id_attribute": {"type": ["string", "null"], "maxLength": 64},
}
NEW_PROTOCOL = shapes.body("protocol", _PROTOCOL, ["mapping_id"], more=False)
PROTOCOL = shapes.body("protocol", _PROTOCOL, more=False)

_SERVICE_PROVIDER = {
    "enabled": shapes.FLAG,
    "description": shapes.TEXT,
    "auth_url": _URL,
    "sp_url": _URL,
    "relay_state_prefix": {"type": ["string", "null"], "maxLength": 255},
}
NEW_SERVICE_PROVIDER = shapes.body(
    "service_provider", _SERVICE_PROVIDER, ["auth_url", "sp_url"], more=False
)
SERVICE_PROVIDER = shapes.body("service_provider", _SERVICE_PROVIDER, more=False)
