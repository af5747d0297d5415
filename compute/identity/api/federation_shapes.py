"""JSON schemas of federation's bodies; of the rules of mappings: ``mapping_schema``."""

from __future__ import annotations

from compute.identity.api import shapes
from compute.identity.federation.mapping_schema import V1, V2
from compute.identity.federation.model import KEY_PATTERN

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
# Clients say it again in the body.
_ALSO = {"id": {"type": "string", "maxLength": 64}}

_PROVIDER = {
    **_ALSO,
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
    **_ALSO,
    "mapping_id": KEY,
    "remote_id_attribute": {"type": ["string", "null"], "maxLength": 64},
}
NEW_PROTOCOL = shapes.body("protocol", _PROTOCOL, ["mapping_id"], more=False)
PROTOCOL = shapes.body("protocol", _PROTOCOL, more=False)

_SERVICE_PROVIDER = {
    **_ALSO,
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

_MAPPING = {
    **_ALSO,
    # By the schema of its version: ``check_rules``.
    "rules": {"type": "array"},
    "schema_version": {"enum": [V1, V2, None]},
}
NEW_MAPPING = shapes.body("mapping", _MAPPING, ["rules"], more=False)
MAPPING = shapes.body("mapping", _MAPPING, more=False)
