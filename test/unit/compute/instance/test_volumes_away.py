"""Volumes that cannot be had: the server says so, and nothing is stuck."""

from __future__ import annotations

from dataclasses import replace

import pytest

from compute.agent.sagas.volumes import TRIES_MAX
from compute.volume.connection import Connector
from compute.volume.drivers.listening import LOOPBACK, Listening
from objectstore.kernel.errors import Unavailable
from test.unit.compute.instance.attaching import BDM, attach, path_of
from test.unit.compute.instance.house import House
from test.unit.compute.instance.states import with_a_volume


def test_a_volume_that_is_gone_is_an_error_that_says_so(house: House) -> None:
    server_id = with_a_volume(house)
    house.volume_service.detach_all()
    house.act(server_id, "reboot", {"type": "HARD"})
    house.work()
    server = house.show(server_id)
    assert server["status"] == "ERROR"
    assert "could not be found" in server["fault"]["message"]


def refuse(connector: Connector) -> None:
    """As a volume host that listens on its loopback does."""
    far = replace(connector, address="192.0.2.7")
    Listening("elsewhere", LOOPBACK, range(1)).check_way(far)


def test_a_host_that_cannot_reach_volumes_is_told_what_to_set(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The attachment fails, and nothing is left of it."""
    server_id, volume_id = house.boot(), house.volume_service.add()
    monkeypatch.setattr(house.volume_service.driver, "check_way", refuse)
    got = attach(house, server_id, volume_id)
    assert got.status == 200
    house.work()
    assert house.show(server_id)["status"] == "ACTIVE"
    assert house.ok("GET", path_of(server_id))["volumeAttachments"] == []
    assert house.volume_service.is_free(volume_id)
    path = f"/servers/{server_id}/os-instance-actions"
    (action,) = [
        each
        for each in house.ok("GET", path)["instanceActions"]
        if each["action"] == "attach_volume"
    ]
    assert action["message"] == "Error"
    shown = house.ok("GET", f"{path}/{action['request_id']}")["instanceAction"]
    assert "[volume] tcp_address" in shown["events"][0]["details"]


def test_a_server_does_not_start_without_its_volumes_and_says_why(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    server_id = with_a_volume(house)
    house.act(server_id, "os-stop")
    house.work()
    monkeypatch.setattr(house.volume_service.driver, "check_way", refuse)
    house.act(server_id, "os-start")
    device = {"source_type": "blank", "destination_type": "volume", "volume_size": 1}
    born = house.boot(**{BDM: [device]})
    server = house.show(server_id)
    assert (server["status"], server["OS-EXT-STS:task_state"]) == ("SHUTOFF", None)
    server = house.show(born)
    assert server["status"] == "ERROR"
    assert "[volume] tcp_address" in server["fault"]["message"]
    monkeypatch.undo()
    house.act(server_id, "os-start")
    house.work()
    assert house.show(server_id)["status"] == "ACTIVE"


def test_a_gate_that_never_answers_ends_the_attachment(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hang(uuid: str, disk: object) -> None:
        raise Unavailable("no answer: set [volume] tcp_address")

    server_id, volume_id = house.boot(), house.volume_service.add()
    for kit in house.kits.values():
        monkeypatch.setattr(kit.hypervisor, "attach_disk", hang)
    attach(house, server_id, volume_id)
    for _ in range(TRIES_MAX):
        house.work()
        house.clock.advance(40)
        house.agent.report()
    assert house.volume_service.is_free(volume_id)
    assert house.ok("GET", path_of(server_id))["volumeAttachments"] == []
    assert house.show(server_id)["OS-EXT-STS:task_state"] is None
