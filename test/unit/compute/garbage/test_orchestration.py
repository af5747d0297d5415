"""The orchestration room under the same garbage (see ``test_garbage``)."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from test.fakes.tokens import fake_token
from test.unit.compute.garbage.bodies import Bodies
from test.unit.compute.garbage.test_garbage import Victim, throw_all
from test.unit.compute.orchestration.house import OWNER, House

V = "/v1/{project_id}"
STACK = f"{V}/stacks/{{stack_name}}/{{stack_id}}"
_TEMPLATE: dict[str, Any] = {
    "heat_template_version": "2021-04-16",
    "description": "d",
    "parameters": {
        "p": {
            "type": "number",
            "default": 1,
            "label": "l",
            "hidden": False,
            "constraints": [{"range": {"min": 0, "max": 5}, "description": "r"}],
            "tags": ["t"],
        },
        "q": {
            "type": "string",
            "default": "q",
            "constraints": [{"allowed_pattern": "q+"}, {"length": {"min": 1}}],
        },
    },
    "parameter_groups": [{"label": "g", "parameters": ["p"]}],
    "conditions": {"c": {"or": [{"equals": [1, {"get_param": "p"}]}, {"not": "d"}]}}
    | {"d": True},
    "resources": {
        "one": {
            "type": "Test::Thing",
            "depends_on": [],
            "metadata": {"m": 1},
            "deletion_policy": "Delete",
            "update_policy": {},
            "condition": "c",
            "properties": {
                "size": {"get_param": "p"},
                "extra": {
                    "a": {"list_join": [",", ["a", "b"]]},
                    "b": {"str_replace": {"template": "x", "params": {"x": "y"}}},
                    "c": {"repeat": {"for_each": {"%": [1]}, "template": "%"}},
                    "d": {"map_replace": [{"a": 1}, {"keys": {"a": "b"}}]},
                    "e": {"make_url": {"host": "h", "port": 1, "query": {"a": 1}}},
                    "f": {"digest": ["md5", "a"]},
                    "g": {"str_split": [",", "a,b", 0]},
                    "h": {"if": ["c", 1, 2]},
                },
            },
        }
    },
    "outputs": {"o": {"value": {"get_attr": ["one", "size"]}, "condition": "c"}},
}
_ORDER = {
    "template": _TEMPLATE,
    "files": {"f": "x"},
    "environment": {
        "parameters": {"p": 2},
        "parameter_defaults": {"q": "qq"},
        "resource_registry": {"A": "B", "resources": {"one": {"C": "D"}}},
    },
    "parameters": {"p": 3},
    "timeout_mins": 5,
    "disable_rollback": True,
    "tags": "a,b",
}
_CONFIG = {
    "name": "n",
    "group": "script",
    "config": "c",
    "inputs": [{"name": "i", "type": "String", "default": 1}],
    "outputs": [{"name": "o"}],
    "options": {"o": 1},
}
_DEPLOYMENT = {
    "server_id": "s",
    "config_id": "CONFIG",
    "action": "CREATE",
    "status": "COMPLETE",
    "status_reason": "r",
    "input_values": {"i": 1},
    "output_values": {"o": 1},
}
BODIES: Bodies = {
    ("POST", f"{V}/stacks"): [{**_ORDER, "stack_name": "new"}],
    ("POST", f"{V}/stacks/preview"): [{**_ORDER, "stack_name": "new"}],
    ("PUT", STACK): [_ORDER],
    ("PATCH", STACK): [{**_ORDER, "clear_parameters": ["p"]}],
    ("PUT", f"{STACK}/preview"): [_ORDER],
    ("PATCH", f"{STACK}/preview"): [{"parameters": {"p": 1}}],
    ("POST", f"{STACK}/actions"): [{"check": None}],
    ("PATCH", f"{STACK}/resources/{{resource_name}}"): [
        {"mark_unhealthy": True, "resource_status_reason": "r"}
    ],
    ("POST", f"{STACK}/resources/{{resource_name}}/signal"): [{"a": 1}],
    ("POST", f"{V}/validate"): [_ORDER],
    ("POST", f"{V}/software_configs"): [_CONFIG],
    ("POST", f"{V}/software_deployments"): [_DEPLOYMENT],
    ("PUT", f"{V}/software_deployments/{{deployment_id}}"): [_DEPLOYMENT],
}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    found = House(tmp_path, stacks_per_project=-1)
    yield found
    found.database.close()


def test_orchestration(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    stack_id = house.create("s", _TEMPLATE)
    house.settle()
    assert house.state("s", stack_id) == "CREATE_COMPLETE"
    config = house.call("POST", "/software_configs", _CONFIG).body["software_config"]
    body = {**_DEPLOYMENT, "config_id": config["id"]}
    made = house.call("POST", "/software_deployments", body)
    ids = {"project_id": OWNER, "stack_name": "s", "stack_id": stack_id}
    ids |= {"resource_name": "one", "key": "o", "CONFIG": config["id"]}
    ids |= {"config_id": config["id"], "type_name": "Test::Thing"}
    ids |= {"deployment_id": made.body["software_deployment"]["id"]}
    ids |= {"version": "2021-04-16", "server_id": "s", "event_id": "1"}
    victim = Victim(
        tuple(house.api.routes), house.caller, fake_token(OWNER, "admin"), BODIES, ids
    )
    assert throw_all(victim, caplog) == []
