"""What the doctor finds of volumes, and puts right."""

from __future__ import annotations

from compute.agent.guests import DiskSpec, NbdSource
from compute.app.doctor.finding import Finding
from compute.app.doctor.volumes import stray_attachments, stray_disks
from compute.app.hosts import Hosts
from test.unit.compute.instance.house import House
from test.unit.compute.instance.states import with_a_volume


def findings(house: House) -> list[Finding]:
    hosts = Hosts(house.kits)
    return [
        *stray_attachments(house.volumes, house.instances),
        *stray_disks(hosts, house.volumes, house.instances),
    ]


def healed(house: House, *said: str) -> None:
    """The doctor finds just these things, and after his repair nothing."""
    found = findings(house)
    assert [text for text in said if text not in str([f.detail for f in found])] == []
    assert len(found) == len(said), found
    for each in found:
        each.repair()
        each.repair()
    assert findings(house) == []


def test_nothing_is_found_where_all_is_well(house: House) -> None:
    with_a_volume(house)
    assert findings(house) == []


def test_an_attachment_of_nobody(house: House) -> None:
    server_id = with_a_volume(house)
    for owner in ("00000000-0000-4000-8000-00000000dead", server_id):
        volume_id = house.volume_service.add()
        house.volumes.create_attachment(volume_id, owner)
        healed(house, f"server {owner} does not know")
        assert house.volume_service.status(volume_id) == "available"


def test_a_device_without_attachment(house: House) -> None:
    server_id = with_a_volume(house)
    house.volume_service.detach_all()
    (kit,) = [k for k in house.kits.values() if server_id in k.hypervisor.states()]
    kit.hypervisor.detach_disk(server_id, "vdb")
    (first, _) = findings(house)
    assert "believes to have it" in first.detail
    first.repair()
    assert findings(house) == []


def test_a_guest_without_its_disk_and_with_a_strange_one(house: House) -> None:
    server_id = with_a_volume(house)
    (kit,) = [k for k in house.kits.values() if server_id in k.hypervisor.states()]
    kit.hypervisor.detach_disk(server_id, "vdb")
    source = NbdSource("/sim", "x", "raw")
    strange = DiskSpec("vdq", source, serial="a-volume-of-somebody")
    kit.hypervisor.attach_disk(server_id, strange)
    healed(house, "does not have it as vdb", "has it as vdq")
    assert "vdb" in kit.hypervisor.disk_serials(server_id)
