"""A volume moves to another volume host, and the host of its guest dies meanwhile: the
server lives on elsewhere, with its volume whole and free to go."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from compute.agent.sagas.catalog import SAGAS
from compute.volume.drivers.port import VOLUME
from compute.volume.model import AVAILABLE
from test.unit.compute.instance.attaching import path_of
from test.unit.compute.instance.house import House
from test.unit.compute.instance.moving import act, host_of, silence
from test.unit.compute.instance.real_volumes import HERE
from test.unit.compute.instance.second_volume_host import NAME
from test.unit.compute.instance.states import UNLIMITED
from test.unit.compute.instance.test_crashes import DyingClient, crash
from test.unit.compute.instance.test_volumes_change_hosts import begun, check

STEPS = [each.name for each in SAGAS["move_volume"].steps]


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path, hosts=2, client=DyingClient, **UNLIMITED)
    house.furnish()
    yield house
    house.close()


@pytest.mark.parametrize("number", range(1, len(STEPS) + 1))
def test_its_guests_host_dies_for_good(mortal: House, number: int) -> None:
    house = mortal
    second = house.volume_service.second_host()
    server_id, volume_id = begun(house)
    before = host_of(house, server_id)
    second.step()
    second.rests = True
    crash(house, "move_volume", number, "after")
    silence(house, before)
    second.rests = False
    act(house, server_id, "evacuate", {}, version="2.94")
    house.work()
    second.finish(house.clock)
    house.work()
    house.volume_service.finish()
    assert host_of(house, server_id) != before
    volume = house.volume_service.volumes[volume_id]
    is_there = number > STEPS.index("settle")
    assert volume.host == (NAME if is_there else HERE)
    check(house, server_id, volume_id, volume.host, "success" if is_there else "error")
    assert house.ask("DELETE", path_of(server_id, volume_id)).status == 202
    house.work()
    assert house.volume_service.status(volume_id) == AVAILABLE


@pytest.mark.parametrize("number", [2, 4])
def test_its_server_is_deleted_on_a_host_that_died(mortal: House, number: int) -> None:
    house = mortal
    second = house.volume_service.second_host()
    server_id, volume_id = begun(house)
    before = host_of(house, server_id)
    second.step()
    second.rests = True
    crash(house, "move_volume", number, "after")
    silence(house, before)
    second.rests = False
    act(house, server_id, "forceDelete")
    house.work()
    second.finish(house.clock)
    house.work()
    house.volume_service.finish()
    assert house.volume_service.status(volume_id) == AVAILABLE
    assert house.volume_service.attachments == {}
    there = volumes_at(house, volume_id)
    assert there == [NAME if number > STEPS.index("settle") else HERE]


def volumes_at(house: House, volume_id: str) -> list[str]:
    service = house.volume_service
    assert service.second is not None
    drivers = {HERE: service.driver, NAME: service.second.driver}
    assert not any(list(each.exported()) for each in drivers.values())
    return [
        name for name, each in drivers.items() if VOLUME + volume_id in each.disks()
    ]
