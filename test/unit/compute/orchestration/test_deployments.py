"""Software deployments: who is told of them, and what may be said of them."""

from __future__ import annotations

from typing import Any

import pytest

from compute.orchestration.api.deployments import to_apply
from test.unit.compute.orchestration.house import OTHER, OWNER, House

SERVER = "6f1c1b9e-6f43-4a0e-8d2b-3f6a7f0a5a11"


def _deploy(house: House, **more: str) -> int:
    made = house.call("POST", "/software_configs", {"name": "n", "config": "a secret"})
    config_id = made.body["software_config"]["id"]
    body = {"config_id": config_id, "server_id": SERVER, **more}
    return house.call("POST", "/software_deployments", body).status


def _told(house: House, project_id: str, server: str) -> int:
    stores = house.parts.stores
    return len(
        house.parts.read(
            lambda connection: to_apply(connection, stores, project_id, server)
        )
    )


def test_a_server_that_is_not_there_yet_is_told_nothing_of_the_others(
    house: House,
) -> None:
    assert _deploy(house) == 200
    assert _told(house, OWNER, SERVER) == 1
    assert _told(house, OWNER, "") == 0
    assert _told(house, OTHER, SERVER) == 0


def test_an_action_is_no_longer_than_databases_keep(house: House) -> None:
    assert _deploy(house, action="A" * 32) == 200
    assert _deploy(house, action="A" * 33) == 400
    assert _deploy(house, server_id="s" * 65) == 400


@pytest.mark.parametrize("inputs", [["x"], [{}], [{"name": []}], [{"name": 5}]])
def test_inputs_have_names(house: House, inputs: list[Any]) -> None:
    """Whoever reads them puts values to their names."""
    for what in ("inputs", "outputs"):
        body = {"name": "n", "config": "", what: inputs}
        assert house.call("POST", "/software_configs", body).status == 400
