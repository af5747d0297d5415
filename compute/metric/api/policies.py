"""Archive policies and their rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from compute.core.api.frame import ApiCall, Route, empty_reply, json_reply
from compute.core.api.schema import Schema
from compute.core.sql.database import Connection
from compute.metric import store
from compute.metric.api.bodies import json_of
from compute.metric.api.frame import Frame
from compute.metric.model import ArchivePolicy, ArchivePolicyRule
from compute.metric.service import policies
from objectstore.kernel.reply import Reply

NAME = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"^[^/]+$"}
_AMOUNT = {"type": ["string", "number", "null"], "maxLength": 64}
_ITEM = {
    "type": "object",
    "properties": {"granularity": _AMOUNT, "timespan": _AMOUNT, "points": _AMOUNT},
    "additionalProperties": False,
}
_DEFINITION = {
    "type": "array",
    "items": _ITEM,
    "minItems": 1,
    "maxItems": policies.DEFINITIONS_MAX,
}
POLICY = Schema(
    {
        "type": "object",
        "properties": {
            "name": NAME,
            "back_window": {
                "type": "integer",
                "minimum": 0,
                "maximum": policies.BACK_WINDOW_MAX,
            },
            "aggregation_methods": {
                "type": "array",
                "items": {"type": "string", "maxLength": 32},
                "maxItems": policies.METHODS_MAX,
            },
            "definition": _DEFINITION,
        },
        "required": ["name", "definition"],
        "additionalProperties": False,
    }
)
CHANGE = Schema(
    {
        "type": "object",
        "properties": {"definition": _DEFINITION},
        "required": ["definition"],
        "additionalProperties": False,
    }
)
RULE = Schema(
    {
        "type": "object",
        "properties": {
            "name": NAME,
            "metric_pattern": {"type": "string", "minLength": 1, "maxLength": 255},
            "archive_policy_name": NAME,
        },
        "required": ["name", "metric_pattern", "archive_policy_name"],
        "additionalProperties": False,
    }
)
RENAME = Schema(
    {
        "type": "object",
        "properties": {"name": NAME},
        "required": ["name"],
        "additionalProperties": False,
    }
)


class PoliciesApi:
    """The operations."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._parts = frame.parts

    def routes(self) -> list[Route]:
        """Where they are.  The client doubles a slash when it changes one."""
        base = "/v1/archive_policy"
        rules = "/v1/archive_policy_rule"
        return [
            Route("GET", base, self.list),
            Route("POST", base, self.create),
            Route("GET", f"{base}/{{name}}", self.show),
            Route("PATCH", f"{base}/{{name}}", self.update),
            Route("PATCH", f"{base}//{{name}}", self.update),
            Route("DELETE", f"{base}/{{name}}", self.delete),
            Route("GET", rules, self.list_rules),
            Route("POST", rules, self.create_rule),
            Route("GET", f"{rules}/{{name}}", self.show_rule),
            Route("PATCH", f"{rules}/{{name}}", self.rename_rule),
            Route("PATCH", f"{rules}//{{name}}", self.rename_rule),
            Route("DELETE", f"{rules}/{{name}}", self.delete_rule),
        ]

    def list(self, call: ApiCall) -> Reply:
        """All of them."""
        self._frame.check(call, "list archive policy")
        found = self._parts.read(store.policies.where)
        return json_reply(200, [policies.view(each) for each in found])

    def show(self, call: ApiCall) -> Reply:
        """One."""
        self._frame.check(call, "get archive policy")
        name = call.parameters["name"]
        found = self._parts.read(lambda connection: policies.find(connection, name))
        return json_reply(200, policies.view(found))

    def create(self, call: ApiCall) -> Reply:
        """A new one."""
        self._frame.check(call, "create archive policy")
        given = json_of(call, POLICY)
        policy = ArchivePolicy(
            given["name"],
            given.get("back_window", 0),
            policies.definition_of(given["definition"]),
            policies.methods_of(given.get("aggregation_methods")),
        )
        self._parts.run(lambda connection: policies.create(connection, policy))
        place = f"{call.base_url}/v1/archive_policy/{quote(policy.name)}"
        return json_reply(201, policies.view(policy), [("Location", place)])

    def update(self, call: ApiCall) -> Reply:
        """How long is kept."""
        self._frame.check(call, "update archive policy")
        name = call.parameters["name"]
        definition = policies.definition_of(json_of(call, CHANGE)["definition"])
        found = self._parts.run(
            lambda connection: policies.update(connection, name, definition)
        )
        return json_reply(200, policies.view(found))

    def delete(self, call: ApiCall) -> Reply:
        """One that nothing uses."""
        self._frame.check(call, "delete archive policy")
        name = call.parameters["name"]
        self._parts.run(lambda connection: policies.delete(connection, name))
        return empty_reply()

    def list_rules(self, call: ApiCall) -> Reply:
        """All of them, the first that is tried first."""
        self._frame.check(call, "list archive policy rule")
        found = self._parts.read(policies.all_rules)
        return json_reply(200, [_rule_view(each) for each in found])

    def show_rule(self, call: ApiCall) -> Reply:
        """One."""
        self._frame.check(call, "get archive policy rule")
        name = call.parameters["name"]
        found = self._parts.read(
            lambda connection: policies.find_rule(connection, name)
        )
        return json_reply(200, _rule_view(found))

    def create_rule(self, call: ApiCall) -> Reply:
        """A new one."""
        self._frame.check(call, "create archive policy rule")
        rule = ArchivePolicyRule(**json_of(call, RULE))
        self._parts.run(lambda connection: policies.create_rule(connection, rule))
        return json_reply(201, _rule_view(rule))

    def rename_rule(self, call: ApiCall) -> Reply:
        """Another name."""
        self._frame.check(call, "update archive policy rule")
        name, new = call.parameters["name"], json_of(call, RENAME)["name"]
        found = self._parts.run(
            lambda connection: policies.rename_rule(connection, name, new)
        )
        return json_reply(200, _rule_view(found))

    def delete_rule(self, call: ApiCall) -> Reply:
        """No more."""
        self._frame.check(call, "delete archive policy rule")
        name = call.parameters["name"]

        def work(connection: Connection) -> None:
            policies.find_rule(connection, name)
            store.rules.delete(connection, name)

        self._parts.run(work)
        return empty_reply()


def _rule_view(rule: ArchivePolicyRule) -> Mapping[str, Any]:
    return {
        "name": rule.name,
        "metric_pattern": rule.metric_pattern,
        "archive_policy_name": rule.archive_policy_name,
    }
