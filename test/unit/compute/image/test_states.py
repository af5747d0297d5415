"""Every action in every state: done, or refused with the state left as it was."""

from __future__ import annotations

from typing import Any

import pytest

from compute.image.model import (
    ACTIVE,
    DEACTIVATED,
    IMPORTING,
    KILLED,
    MOVES,
    QUEUED,
    SAVING,
    UPLOADING,
)
from compute.image.tables import images
from test.unit.compute.image.house import OCTETS, House

STATES = (QUEUED, SAVING, UPLOADING, IMPORTING, ACTIVE, DEACTIVATED, KILLED)
COPY = {"method": {"name": "copy-image"}, "stores": ["file"]}
DIRECT = {"method": {"name": "glance-direct"}}
WEB = {"method": {"name": "web-download", "uri": "http://127.0.0.1/none"}}
RENAME = [{"op": "replace", "path": "/name", "value": "x"}]
PATCH_TYPE = {"Content-Type": "application/openstack-images-v2.1-json-patch"}
# method, path below the image, body, headers
ACTIONS: dict[str, tuple[str, str, Any, dict[str, str]]] = {
    "upload": ("PUT", "/file", b"bytes", OCTETS),
    "stage": ("PUT", "/stage", b"bytes", OCTETS),
    "import": ("POST", "/import", DIRECT, {}),
    "download": ("POST", "/import", WEB, {}),
    "copy": ("POST", "/import", COPY, {}),
    "deactivate": ("POST", "/actions/deactivate", b"", {}),
    "reactivate": ("POST", "/actions/reactivate", b"", {}),
    "rename": ("PATCH", "", RENAME, PATCH_TYPE),
    "delete": ("DELETE", "", b"", {}),
}
# Clients know 403 for switching an image that has no bytes.
REFUSALS = {409, 403}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Any:
    house = House(
        tmp_path_factory.mktemp("states"),
        stores=("ring", "file"),
        web_networks_allowed=("127.0.0.1/32",),
    )
    yield house
    house.close()


def in_state(house: House, state: str) -> str:
    if state == UPLOADING:
        image_id = house.create()
        house.ok("PUT", f"/v2/images/{image_id}/stage", b"staged", headers=OCTETS)
        return image_id
    if state in (ACTIVE, DEACTIVATED):
        image_id = house.active()
        if state == DEACTIVATED:
            house.ok("POST", f"/v2/images/{image_id}/actions/deactivate")
        return image_id
    image_id = house.create()
    house.database.run(
        lambda connection: connection.execute(
            images.update().where(images.c.id == image_id).values(status=state)
        )
    )
    return image_id


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("state", STATES)
def test_action_in_state(shared: House, state: str, action: str) -> None:
    image_id = in_state(shared, state)
    method, path, body, headers = ACTIONS[action]
    got = shared.ask(
        method,
        f"/v2/images/{image_id}{path}",
        body,
        headers=headers,
        roles="admin",
    )
    after = shared.ask("GET", f"/v2/images/{image_id}", roles="admin")
    if got.status in REFUSALS:
        assert after.json["status"] == state and got.message
    else:
        assert got.status in (200, 202, 204), got
        if action == "delete":
            assert after.status == 404
        else:
            reached = after.json["status"]
            assert reached == state or reached in reachable(state)


def reachable(state: str) -> set[str]:
    """By any number of legal moves."""
    found, new = set(), {state}
    while new:
        found |= new
        new = {after for one in new for after in MOVES[one]} - found
    return found


def test_every_state_can_be_left_for_good() -> None:
    for state, after in MOVES.items():
        assert state == "deleted" or "deleted" in after
