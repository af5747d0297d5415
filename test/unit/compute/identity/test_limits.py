"""Limits that are kept for services: registered ones, and those of projects."""

from __future__ import annotations

from typing import Any

import pytest

from test.unit.compute.identity.house import House


@pytest.fixture
def place(house: House) -> dict[str, Any]:
    """A service and a region, as limits name them."""
    service = house.ok("GET", "/v3/services")["services"][0]["id"]
    house.ok("POST", "/v3/regions", {"region": {"id": "north"}})
    return {"service_id": service, "region_id": "north", "resource_name": "cores"}


def register(house: House, **values: Any) -> Any:
    body = {"registered_limits": [values]}
    return house.ok("POST", "/v3/registered_limits", body)["registered_limits"][0]


def limit(house: House, **values: Any) -> Any:
    return house.ok("POST", "/v3/limits", {"limits": [values]})["limits"][0]


def test_registered_limits(house: House, place: dict[str, Any]) -> None:
    made = register(house, **place, default_limit=5, description="d")
    path = f"/v3/registered_limits/{made['id']}"
    assert house.ok("GET", path)["registered_limit"] == made
    found = house.ok("GET", "/v3/registered_limits?resource_name=cores&region_id=north")
    assert found["registered_limits"] == [made]
    found = house.ok("GET", "/v3/registered_limits?resource_name=x")
    assert found["registered_limits"] == []
    change = {"registered_limit": {"default_limit": -1, "region_id": None}}
    changed = house.ok("PATCH", path, change)["registered_limit"]
    assert (changed["default_limit"], changed["region_id"]) == (-1, None)
    # All of a request, or nothing.
    two = [{**place, "default_limit": 1}, {**place, "default_limit": 2}]
    body = {"registered_limits": two}
    said = house.say("POST", "/v3/registered_limits", body, token=house.admin)
    assert said.status == 409
    assert len(house.ok("GET", "/v3/registered_limits")["registered_limits"]) == 1
    house.ok("DELETE", path)
    assert house.say("GET", path, token=house.admin).status == 404


def test_limits_of_projects(house: House, place: dict[str, Any]) -> None:
    _, project, token = house.member()
    wish = {**place, "resource_limit": 7}
    said = house.say(
        "POST",
        "/v3/limits",
        {"limits": [{**wish, "project_id": project}]},
        token=house.admin,
    )
    assert said.status == 403  # nothing is registered
    registered = register(house, **place, default_limit=5)["id"]
    mine = limit(house, **wish, project_id=project)
    domain = limit(house, **wish, domain_id="default")
    assert (mine["domain_id"], domain["project_id"]) == (None, None)
    body = {"limits": [{**wish, "project_id": project}]}
    assert house.say("POST", "/v3/limits", body, token=house.admin).status == 409
    # What others refer to stays.
    path = f"/v3/registered_limits/{registered}"
    assert house.say("DELETE", path, token=house.admin).status == 403
    change: Any = {"registered_limit": {"resource_name": "other"}}
    assert house.say("PATCH", path, change, token=house.admin).status == 403
    house.ok("PATCH", path, {"registered_limit": {"default_limit": 6}})
    assert house.say("DELETE", "/v3/regions/north", token=house.admin).status == 409
    # Everybody sees his own, administrators see all.
    assert house.ok("GET", "/v3/limits", token=token)["limits"] == [mine]
    assert len(house.ok("GET", "/v3/limits")["limits"]) == 2
    assert house.say("GET", f"/v3/limits/{mine['id']}", token=token).status == 200
    assert house.say("GET", f"/v3/limits/{domain['id']}", token=token).status == 403
    change = {"limit": {"resource_limit": 8}}
    path = f"/v3/limits/{mine['id']}"
    assert house.say("PATCH", path, change, token=token).status == 403
    assert house.ok("PATCH", path, change)["limit"]["resource_limit"] == 8
    # They go with their project.
    house.ok("DELETE", f"/v3/projects/{project}")
    assert house.ok("GET", "/v3/limits")["limits"] == [domain]
    house.ok("DELETE", f"/v3/services/{place['service_id']}")
    assert house.ok("GET", "/v3/limits")["limits"] == []
    assert house.ok("GET", "/v3/registered_limits")["registered_limits"] == []


def test_only_administrators_register(house: House, place: dict[str, Any]) -> None:
    _, _, token = house.member()
    body = {"registered_limits": [{**place, "default_limit": 5}]}
    assert house.say("POST", "/v3/registered_limits", body, token=token).status == 403
    found = house.say("GET", "/v3/registered_limits", token=token)
    assert found.status == 200
    model = house.ok("GET", "/v3/limits/model", token=token)["model"]
    assert model["name"] == "flat"


def test_wrong_limits(house: House, place: dict[str, Any]) -> None:
    for wrong in (
        {"default_limit": -2},
        {"default_limit": 2**31},
        {"default_limit": "5"},
        {"default_limit": None},
        {"service_id": "nobody"},
        {"region_id": "nowhere"},
        {"resource_name": ""},
        {"resource_name": "x" * 256},
        {"more": 1},
    ):
        body: Any = {"registered_limits": [{**place, "default_limit": 5, **wrong}]}
        said = house.say("POST", "/v3/registered_limits", body, token=house.admin)
        assert said.status == 400, wrong
    register(house, **place, default_limit=5)
    for owners in ({}, {"project_id": "x"}, {"domain_id": "x", "project_id": "y"}):
        body = {"limits": [{**place, "resource_limit": 5, **owners}]}
        assert house.say("POST", "/v3/limits", body, token=house.admin).status == 400
    for nothing in ({"limits": []}, {"limits": {}}, {}, []):
        said = house.say("POST", "/v3/limits", nothing, token=house.admin)
        assert said.status == 400
