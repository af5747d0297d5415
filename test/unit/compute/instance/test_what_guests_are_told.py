"""User data that are changed, and who reads a server's metadata."""

from __future__ import annotations

import base64
from collections.abc import Mapping

import pytest

from compute.core.errors import NotFound
from objectstore.kernel.errors import Rejected
from test.unit.compute.instance.house import OTHER, House

SCRIPT = base64.b64encode(b"#!/bin/sh").decode()


def test_user_data_of_a_server_that_is_stopped(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    server_id = house.boot(config_drive=True)
    path = f"/servers/{server_id}/user-data"
    body = {"user_data": SCRIPT}
    assert house.ok("GET", path) == {"user_data": None}
    assert house.ask("PUT", path, body).status == 409
    house.act(server_id, "os-stop")
    house.work()
    assert house.ok("PUT", path, body) == {"user_data": SCRIPT}
    for wrong in ({"user_data": "%"}, {}, {"user_data": "=", "x": 1}, []):
        assert house.ask("PUT", path, wrong).status == 400
    for method in ("GET", "PUT"):
        sent = body if method == "PUT" else None
        assert house.ask(method, path, sent, project=OTHER).status == 404
        assert house.ask(method, path, sent, roles="reader").status == 403
    _, content = house.instances.metadata(server_id, "/latest/user-data")
    assert content == b"#!/bin/sh"
    house.act(server_id, "lock", roles="admin")
    assert house.ask("PUT", path, {"user_data": None}).status == 409
    house.act(server_id, "unlock", roles="admin")
    drives: list[Mapping[str, bytes]] = []
    for kit in house.kits.values():
        write = kit.disks.prepare_config_drive
        monkeypatch.setattr(
            kit.disks,
            "prepare_config_drive",
            lambda uuid, files, write=write: (drives.append(files), write(uuid, files)),
        )
    house.act(server_id, "os-start")
    house.work()
    assert [each["ec2/latest/user-data"] for each in drives] == [b"#!/bin/sh"]
    house.act(server_id, "os-stop")
    house.work()
    assert house.ok("PUT", path, {"user_data": None}) == {"user_data": None}


def test_files_that_are_not_there(house: House) -> None:
    server_id = house.boot()
    for name in ("0", "\u00b2", "x", "9" * 1500):
        with pytest.raises(NotFound):
            house.instances.metadata(server_id, f"/openstack/content/{name}")


def test_who_brings_no_token_is_not_answered(house: House) -> None:
    said = {"ec2:http-tokens": "required", "ec2:metadata-tags": "enabled", "a": "b"}
    server_id = house.boot(metadata=said)
    ask = house.instances.metadata
    for path in ("/latest/meta-data/instance-id", "/openstack/latest/meta_data.json"):
        with pytest.raises(Rejected) as caught:
            ask(server_id, path)
        assert caught.value.status == 403
        assert ask(server_id, path, has_token=True)[1]
    assert house.instances.metadata_options(server_id).needs_token
    tags = "/latest/meta-data/tags/instance"
    assert ask(server_id, tags, has_token=True)[1] == b"Name\na"
    assert ask(server_id, f"{tags}/a", has_token=True)[1] == b"b"


def test_a_service_that_is_closed(house: House) -> None:
    server_id = house.boot(metadata={"ec2:http-endpoint": "disabled"})
    with pytest.raises(NotFound):
        house.instances.metadata(server_id, "/latest", has_token=True)
    assert not house.instances.metadata_options(server_id).is_open
