"""The actions of EC2's published model, asked with as little as can be; those of what
is not here have a test of their own (``test_what_tools_ask``)."""

from __future__ import annotations

from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError

from compute.ec2.actions.absent_kinds import KINDS
from compute.ec2.room import all_actions
from test.functional.compute.ec2.conftest import Ec2Cloud

# All of them go one way.
UNKNOWN_STEP = 20
_PLAIN: dict[str, Any] = {
    "string": "x",
    "integer": 1,
    "long": 1,
    "double": 1.0,
    "float": 1.0,
    "boolean": True,
    "blob": b"x",
    "timestamp": "2026-01-01T00:00:00Z",
}


def least(shape: Any, depth: int = 0) -> Any:
    """What the model demands, and something of each other thing that is near."""
    if shape.type_name == "structure":
        names = shape.members if depth == 0 else shape.required_members
        return {
            name: least(shape.members[name], depth + 1)
            for name in names
            if name != "DryRun"
        }
    if shape.type_name == "list":
        return [least(shape.member, depth + 1)]
    if shape.type_name == "map":
        return {}
    return shape.enum[0] if getattr(shape, "enum", None) else _PLAIN[shape.type_name]


def order(action: str, shape: Any) -> dict[str, Any]:
    """Everything at once; nothing where that is what clients say."""
    return {} if action.startswith("Describe") or not shape else least(shape)


def test_no_action_fails_within(ec2_cloud: Ec2Cloud) -> None:
    """What is known answers or refuses, what is not known says so."""
    asker = ec2_cloud.tenant("asker")
    # Nothing is kept back by the client's own checks.
    config = Config(retries={"max_attempts": 0}, parameter_validation=False)
    client = asker.client(config=config)
    model, known = client.meta.service_model, all_actions().keys() - KINDS
    names = sorted(client.meta.method_to_api_mapping.items())
    unknown = [each for each in names if each[1] not in known | KINDS.keys()]
    asked = [each for each in names if each[1] in known] + unknown[::UNKNOWN_STEP]
    for method, action in asked:
        given = order(action, model.operation_model(action).input_shape)
        try:
            getattr(client, method)(**given)
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            code = error.response["Error"]["Code"]
            assert status < 500, (action, given, error)
            assert (code == "InvalidAction") == (action not in known), action
        except (KeyError, TypeError, ValueError):
            continue  # the client's own preparations want more
        else:
            assert action in known, action
