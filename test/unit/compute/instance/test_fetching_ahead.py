"""Images that the hosts of an aggregate fetch before any server needs them."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from compute.agent.disks.port import ImageFacts
from compute.agent.disks.sim import SimDisks
from compute.agent.host import HostKit
from compute.agent.image_source import ImageSource
from compute.image.client import ImageClient
from test.unit.compute.instance.house import OTHER, Got, House

NOBODYS = "12345678-1234-1234-1234-123456789012"


class CountedSource(ImageSource):
    """Remembers which images it was asked for."""

    def __init__(self, images: ImageClient, host: str) -> None:
        super().__init__(images, host)
        self.asked: list[str] = []

    def facts(self, image_id: str) -> ImageFacts:
        self.asked.append(image_id)
        return super().facts(image_id)


def rack(house: House, *hosts: str) -> int:
    """An aggregate of these hosts, a zone of its own."""
    body = {"aggregate": {"name": "rack", "availability_zone": "attic"}}
    made = house.ok("POST", "/os-aggregates", body, roles="admin")["aggregate"]
    for host in hosts:
        path = f"/os-aggregates/{made['id']}/action"
        house.ok("POST", path, {"add_host": {"host": host}}, roles="admin")
    return int(made["id"])


def fetch(house: House, aggregate: Any, *image_ids: str, **who: str) -> Got:
    who.setdefault("roles", "admin")
    body = {"cache": [{"id": image_id} for image_id in image_ids]}
    return house.ask("POST", f"/os-aggregates/{aggregate}/images", body, **who)


def cached(house: House, host: str) -> frozenset[str]:
    disks = house.kits[host].disks
    assert isinstance(disks, SimDisks)
    return disks.cached


def test_a_server_boots_from_what_was_fetched(house: House) -> None:
    source = CountedSource(house.images, "host1")
    kit = house.kits["host1"]
    house.kits["host1"] = HostKit(
        kit.name, kit.hypervisor, SimDisks(source), waits_for_ports=False, url=kit.url
    )
    house.agent = house.new_agent()
    got = fetch(house, rack(house, "host1"), house.image_id)
    assert (got.status, got.body) == (202, b"")
    house.work()
    assert cached(house, "host1") == {house.image_id}
    assert cached(house, "host0") == frozenset()  # not of the aggregate
    assert source.asked == [house.image_id]
    server = house.show(house.boot(availability_zone="attic"))
    assert server["status"] == "ACTIVE"
    assert server["OS-EXT-SRV-ATTR:host"] == "host1"
    assert source.asked == [house.image_id]


def test_what_cannot_be_fetched_is_told_in_the_log_alone(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "compute.agent")
    gone, kept = house.image("gone"), house.image("kept")
    assert fetch(house, rack(house, "host0"), gone, kept).status == 202
    house.images.delete(gone)
    house.work()
    assert cached(house, "host0") == {kept}
    assert f"host0: image {gone} is not fetched" in caplog.text


def test_a_host_that_is_down_is_not_told(house: House) -> None:
    aggregate = rack(house, "host0", "host1")
    services = house.ok("GET", "/os-services", roles="admin")["services"]
    (lost,) = [each["id"] for each in services if each["host"] == "host0"]
    body = {"forced_down": True}
    house.ok("PUT", f"/os-services/{lost}", body, roles="admin")
    assert fetch(house, aggregate, house.image_id).status == 202
    house.work()
    assert cached(house, "host0") == frozenset()
    assert cached(house, "host1") == {house.image_id}


def test_an_aggregate_without_hosts(house: House) -> None:
    assert fetch(house, rack(house), house.image_id).status == 202


def test_refusals(house: House) -> None:
    aggregate, image_id = rack(house, "host0"), house.image_id
    assert fetch(house, aggregate).status == 400
    assert fetch(house, aggregate, image_id, image_id).status == 400
    assert fetch(house, aggregate, image_id, NOBODYS).status == 400
    assert fetch(house, aggregate, "no-uuid").status == 400
    assert fetch(house, 999, image_id).status == 404
    assert fetch(house, aggregate, image_id, roles="member").status == 403
    assert fetch(house, aggregate, image_id, version="2.80").status == 404
    assert fetch(house, aggregate, image_id, project=OTHER).status == 202
    house.work()
    assert cached(house, "host0") == {image_id}
