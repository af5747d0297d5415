"""Federation's operations, and which personas may do them: all of it is the whole
cloud's."""

from __future__ import annotations

from typing import Any

from test.unit.compute.identity.federated_things import AT, RULES, SERVICE_PROVIDER
from test.unit.compute.identity.operations import ADMINS, ANYBODY, READERS, Operation


def _crud(plural: str, noun: str, new: Any, change: Any) -> list[Operation]:
    word = noun.replace("_", " ")
    known, fresh = f"{AT}/{plural}/{{{word}}}", f"{AT}/{plural}/{{new {word}}}"
    return [
        Operation(f"GET {AT}/{plural}", 200, READERS),
        Operation(f"PUT {AT}/{plural}/{{name}}", 201, ADMINS, {noun: new}),
        Operation(f"GET {known}", 200, READERS),
        Operation(f"PATCH {fresh}", 200, ADMINS, {noun: change}),
        Operation(f"DELETE {fresh}", 204, ADMINS),
    ]


_PROVIDERS = f"{AT}/identity_providers"
_PROTOCOL = {"protocol": {"mapping_id": "{mapping}"}}

FEDERATED_OPERATIONS = [
    *_crud("identity_providers", "identity_provider", {}, {"description": "x"}),
    *_crud("service_providers", "service_provider", SERVICE_PROVIDER, {}),
    Operation(f"GET {AT}/mappings", 200, READERS),
    Operation(
        f"PUT {AT}/mappings/{{name}}",
        201,
        ADMINS,
        lambda things: {"mapping": {"rules": RULES}},
    ),
    Operation(f"GET {AT}/mappings/{{mapping}}", 200, READERS),
    Operation(f"PATCH {AT}/mappings/{{new mapping}}", 200, ADMINS, {"mapping": {}}),
    Operation(f"DELETE {AT}/mappings/{{new mapping}}", 204, ADMINS),
    Operation(f"GET {_PROVIDERS}/{{identity provider}}/protocols", 200, READERS),
    Operation(
        f"PUT {_PROVIDERS}/{{identity provider}}/protocols/{{name}}",
        201,
        ADMINS,
        _PROTOCOL,
    ),
    Operation(f"GET {_PROVIDERS}/{{protocol}}", 200, READERS),
    Operation(f"PATCH {_PROVIDERS}/{{new protocol}}", 200, ADMINS, _PROTOCOL),
    Operation(f"DELETE {_PROVIDERS}/{{new protocol}}", 204, ADMINS),
    Operation(f"GET {AT}/projects", 200, ANYBODY),
    Operation(f"GET {AT}/domains", 200, ANYBODY),
]
