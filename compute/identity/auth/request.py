"""The body of a request for a token, taken apart.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from compute.core.api.schema import Schema
from compute.core.errors import BadRequest, Unauthorized

METHODS = ("password", "token", "application_credential", "totp")
UNSCOPED = "unscoped"
TRUST = "OS-TRUST:trust"

_ID = {"type": "string", "minLength": 1, "maxLength": 64}
_NAME = {"type": "string", "minLength": 1, "maxLength": 255}
_DOMAIN = {
    "type": "object",
    "properties": {"id": _ID, "name": _NAME},
    "anyOf": [{"required": ["id"]}, {"required": ["name"]}],
}
_NAMED = {
    "type": "object",
    "properties": {"id": _ID, "name": _NAME, "domain": _DOMAIN},
    "anyOf": [{"required": ["id"]}, {"required": ["name", "domain"]}],
}
_SECRET = {"type": "string", "maxLength": 4096}
_USER = {
    "type": "object",
    "properties": {**_NAMED["properties"], "password": _SECRET},  # type: ignore[dict-item]
    "anyOf": _NAMED["anyOf"],
    "required": ["password"],
}
_PASSCODE_USER = {
    "type": "object",
    "properties": {**_NAMED["properties"], "passcode": _SECRET},  # type: ignore[dict-item]
    "anyOf": _NAMED["anyOf"],
    "required": ["passcode"],
}
_CREDENTIAL = {
    "type": "object",
    "properties": {"id": _ID, "name": _NAME, "secret": _SECRET, "user": _NAMED},
    "anyOf": [{"required": ["id"]}, {"required": ["name", "user"]}],
    "required": ["secret"],
}
AUTH = Schema(
    {
        "type": "object",
        "required": ["auth"],
        "properties": {
            "auth": {
                "type": "object",
                "required": ["identity"],
                "properties": {
                    "identity": {
                        "type": "object",
                        "required": ["methods"],
                        "properties": {
                            "methods": {
                                "type": "array",
                                "minItems": 1,
                                "maxItems": 8,
                                "items": {"type": "string"},
                            },
                            "password": {
                                "type": "object",
                                "required": ["user"],
                                "properties": {"user": _USER},
                            },
                            "token": {
                                "type": "object",
                                "required": ["id"],
                                "properties": {"id": {"type": "string"}},
                            },
                            "application_credential": _CREDENTIAL,
                            "totp": {
                                "type": "object",
                                "required": ["user"],
                                "properties": {"user": _PASSCODE_USER},
                            },
                        },
                    },
                    "scope": {
                        "anyOf": [
                            {"const": UNSCOPED},
                            {
                                "type": "object",
                                "minProperties": 1,
                                "maxProperties": 1,
                                "properties": {
                                    "project": _NAMED,
                                    "domain": _DOMAIN,
                                    "system": {
                                        "type": "object",
                                        "properties": {"all": {"const": True}},
                                        "required": ["all"],
                                    },
                                    TRUST: {
                                        "type": "object",
                                        "properties": {"id": _ID},
                                        "required": ["id"],
                                    },
                                    UNSCOPED: {"type": "object"},
                                },
                                "additionalProperties": False,
                            },
                        ]
                    },
                },
            }
        },
    }
)


@dataclass(frozen=True, slots=True)
class Reference:
    """Something by its id, or by its name in a domain that is given likewise."""

    id: str = ""
    name: str = ""
    domain_id: str = ""
    domain_name: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The scope that is asked for; ``kind`` "" when none was named."""

    kind: str = ""
    reference: Reference = Reference()


@dataclass(frozen=True, slots=True)
class SignIn:
    """A request for a token."""

    methods: tuple[str, ...]
    user: Reference = Reference()
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    credential: Reference = Reference()
    credential_user: Reference = Reference()
    secret: str = field(default="", repr=False)
    scope: Wanted = Wanted()
    passcode_user: Reference = Reference()
    passcode: str = field(default="", repr=False)
    # Of an earlier request whose methods were right but not enough.
    receipt: str = field(default="", repr=False)


def parse_sign_in(body: Any, receipt: str = "") -> SignIn:
    """Raises ``BadRequest`` that names the field; ``Unauthorized`` for methods that
    are not offered."""
    AUTH.check(body)
    identity = body["auth"]["identity"]
    methods = tuple(dict.fromkeys(identity["methods"]))
    for method in methods:
        if method not in METHODS:
            raise Unauthorized("Attempted to authenticate with an unsupported method.")
        if method not in identity:
            raise BadRequest(f"Expecting to find {method} in identity.")
    user = identity.get("password", {}).get("user", {})
    credential = identity.get("application_credential", {})
    device = identity.get("totp", {}).get("user", {})
    return SignIn(
        methods=methods,
        user=reference_of(user),
        password=user.get("password", ""),
        token=identity.get("token", {}).get("id", ""),
        credential=reference_of(credential),
        credential_user=reference_of(credential.get("user", {})),
        secret=credential.get("secret", ""),
        scope=_wanted(body["auth"].get("scope")),
        passcode_user=reference_of(device),
        passcode=device.get("passcode", ""),
        receipt=receipt,
    )


def reference_of(value: Mapping[str, Any]) -> Reference:
    """From ``{"id"}`` or ``{"name", "domain": {"id" or "name"}}``."""
    domain = value.get("domain") or {}
    return Reference(
        value.get("id", ""),
        value.get("name", ""),
        domain.get("id", ""),
        domain.get("name", ""),
    )


def _wanted(scope: Any) -> Wanted:
    if scope is None:
        return Wanted()
    if scope == UNSCOPED or UNSCOPED in scope:
        return Wanted(UNSCOPED)
    kind, value = next(iter(scope.items()))
    return Wanted("trust" if kind == TRUST else kind, reference_of(value))
