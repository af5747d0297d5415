"""Guests that run have their volumes as fast as the volumes' types say now."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from compute.agent.drivers.sim.hypervisor import SimHypervisor
from compute.core.sql.database import Connection
from compute.volume.jobs.speeds import PAUSE_SECONDS_MAX, TOLD_PAUSE_SECONDS, Speeds
from compute.volume.stores.speeds import PART_ROWS
from compute.volume.tables import ATTACHMENTS
from objectstore.kernel.errors import Unavailable
from objectstore.kernel.loop import Progress
from test.fakes.tokens import fake_token
from test.unit.compute.instance.house import House
from test.unit.compute.instance.states import with_a_volume
from test.unit.compute.instance.test_volume_moves import host_of, migrate

SLOW = {"total_iops_sec": "50"}
OPERATOR = "f" * 32


class Operator:
    """Asks the volume room as its operators do, and lets servers be told."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.speeds = Speeds(house.volume_service.wiring)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        headers = {
            "X-Auth-Token": fake_token(OPERATOR, "admin"),
            "OpenStack-API-Version": "volume 3.67",
        }
        answer = self.house.volume_service.request(
            method,
            f"/v3/{OPERATOR}{path}",
            headers,
            b"" if body is None else orjson.dumps(body),
        )
        content = answer.read()
        assert answer.status < 300, (method, path, content)
        return orjson.loads(content) if content else None

    def qos(self, name: str, specs: dict[str, str]) -> str:
        body = {"qos_specs": {"name": name, **specs}}
        return str(self.ask("POST", "/qos-specs", body)["qos_specs"]["id"])

    def volume_type(self, name: str, qos: str = "") -> str:
        body = {"volume_type": {"name": name}}
        made = str(self.ask("POST", "/types", body)["volume_type"]["id"])
        if qos:
            self.ask("GET", f"/qos-specs/{qos}/associate?vol_type_id={made}")
        return made

    def retype(self, volume_id: str, name: str) -> None:
        body = {"os-retype": {"new_type": name, "migration_policy": "never"}}
        self.ask("POST", f"/volumes/{volume_id}/action", body)

    def tell(self) -> None:
        """All that is due, and what follows from it."""
        assert self.speeds.step() is Progress.IDLE
        self.house.work()

    def later(self, seconds: float) -> None:
        """Time passes; hosts live."""
        self.house.clock.advance(seconds)
        self.house.agent.report()


@pytest.fixture
def two_hosts(tmp_path: Path) -> Iterator[House]:
    found = House(tmp_path, hosts=2)
    found.furnish()
    yield found
    found.close()


@pytest.fixture
def operator(house: House) -> Operator:
    return Operator(house)


def limits_of(house: House, server_id: str, name: str = "vdb") -> dict[str, int]:
    """As the guest's hypervisor has them."""
    hypervisor = house.kits[host_of(house, server_id)].hypervisor
    assert isinstance(hypervisor, SimHypervisor)
    return hypervisor.limits_of(server_id, name)


def actions_of(house: House, server_id: str) -> list[str]:
    path = f"/servers/{server_id}/os-instance-actions"
    found = house.ok("GET", path)["instanceActions"]
    return [each["action"] for each in found]


def test_every_way_to_other_limits_reaches_the_guest(
    house: House, operator: Operator
) -> None:
    server_id = with_a_volume(house)
    (volume_id,) = house.volume_service.volumes
    operator.tell()
    assert limits_of(house, server_id) == {}
    assert "limit_volume" not in actions_of(house, server_id)  # nobody is bothered

    qos = operator.qos("slow", SLOW)
    slow = operator.volume_type("slow", qos)
    operator.retype(volume_id, "slow")
    operator.tell()
    assert limits_of(house, server_id) == {"total_iops_sec": 50}
    assert house.volume_service.status(volume_id) == "in-use"
    assert actions_of(house, server_id)[0] == "limit_volume"

    more = {"qos_specs": {"read_bytes_sec_per_gb": "1000"}}
    operator.ask("PUT", f"/qos-specs/{qos}", more)
    operator.tell()
    assert limits_of(house, server_id) == {"total_iops_sec": 50, "read_bytes_sec": 1000}

    house.volumes.extend(volume_id, 3)
    house.work()
    operator.tell()
    assert limits_of(house, server_id)["read_bytes_sec"] == 3000

    operator.ask("PUT", f"/qos-specs/{qos}/delete_keys", {"keys": ["total_iops_sec"]})
    operator.tell()
    assert limits_of(house, server_id) == {"read_bytes_sec": 3000}
    operator.ask("GET", f"/qos-specs/{qos}/disassociate?vol_type_id={slow}")
    operator.tell()
    assert limits_of(house, server_id) == {}


def test_a_server_is_told_once(house: House, operator: Operator) -> None:
    server_id = with_a_volume(house)
    (volume_id,) = house.volume_service.volumes
    operator.volume_type("slow", operator.qos("slow", SLOW))
    operator.retype(volume_id, "slow")
    for _ in range(3):
        assert operator.speeds.step() is Progress.IDLE
    house.work()
    operator.later(2 * TOLD_PAUSE_SECONDS)
    operator.tell()
    assert actions_of(house, server_id).count("limit_volume") == 1


@pytest.mark.parametrize(
    ("away", "back"), [("os-stop", "os-start"), ("suspend", "resume")]
)
def test_a_guest_that_does_not_run_is_told_later(
    house: House, operator: Operator, away: str, back: str
) -> None:
    server_id = with_a_volume(house)
    (volume_id,) = house.volume_service.volumes
    house.act(server_id, away)
    house.work()
    operator.volume_type("slow", operator.qos("slow", SLOW))
    operator.retype(volume_id, "slow")
    operator.tell()
    assert "limit_volume" not in actions_of(house, server_id)
    house.act(server_id, back)
    house.work()
    operator.later(PAUSE_SECONDS_MAX)
    operator.tell()
    assert limits_of(house, server_id) == {"total_iops_sec": 50}


def test_a_host_that_was_away_is_told_again(house: House, operator: Operator) -> None:
    server_id = with_a_volume(house)
    (volume_id,) = house.volume_service.volumes
    operator.volume_type("slow", operator.qos("slow", SLOW))
    operator.retype(volume_id, "slow")
    failures = [Unavailable("away")]

    def away(method: str, uuid: str, moment: str) -> Exception | None:
        return failures.pop() if method == "limit_disk" and failures else None

    for kit in house.kits.values():
        kit.hypervisor.fault = away  # type: ignore[attr-defined]
    operator.tell()
    operator.later(60.0)
    house.work()
    assert not failures
    assert limits_of(house, server_id) == {"total_iops_sec": 50}


def test_a_host_that_stays_away_has_one_thing_to_do(
    house: House, operator: Operator
) -> None:
    """However often it is to be told, and whoever forgot that it was."""
    server_id = with_a_volume(house)
    (volume_id,) = house.volume_service.volumes
    operator.volume_type("slow", operator.qos("slow", SLOW))
    operator.retype(volume_id, "slow")
    for _ in range(4):
        assert operator.speeds.step() is Progress.IDLE
        operator.later(PAUSE_SECONDS_MAX)
    operator.speeds = Speeds(house.volume_service.wiring)
    assert operator.speeds.step() is Progress.IDLE
    assert actions_of(house, server_id).count("limit_volume") == 1
    house.work()
    assert limits_of(house, server_id) == {"total_iops_sec": 50}


def test_every_part_of_a_long_table_is_seen(house: House, operator: Operator) -> None:
    """Looked at a part at a time; that of the server is among the last."""
    server_id = with_a_volume(house)
    (volume_id,) = house.volume_service.volumes

    def fill(connection: Connection) -> None:
        row = connection.execute(ATTACHMENTS.select()).one()._asdict()
        others = [
            {**row, "id": f"{number:05}", "connection": None}
            for number in range(2 * PART_ROWS)
        ]
        connection.execute(ATTACHMENTS.insert(), others)
        mine = ATTACHMENTS.c.id == row["id"]
        connection.execute(ATTACHMENTS.update().where(mine).values(id="z" * 36))

    house.volume_service.wiring.database.run(fill)
    operator.volume_type("slow", operator.qos("slow", SLOW))
    operator.retype(volume_id, "slow")
    assert operator.speeds.step() is Progress.IDLE
    assert actions_of(house, server_id)[0] == "limit_volume"


def test_what_changed_during_a_move_holds_after_it(
    two_hosts: House,
) -> None:
    house, operator = two_hosts, Operator(two_hosts)
    server_id = with_a_volume(house)
    (volume_id,) = house.volume_service.volumes
    operator.volume_type("slow", operator.qos("slow", SLOW))
    before = host_of(house, server_id)
    migrate(house, server_id)
    operator.retype(volume_id, "slow")
    assert operator.speeds.step() is Progress.IDLE  # a server that moves is not told
    house.work()
    assert host_of(house, server_id) != before
    operator.later(PAUSE_SECONDS_MAX)
    operator.tell()
    assert limits_of(house, server_id) == {"total_iops_sec": 50}


def test_foreign_servers_are_left_alone(house: House, operator: Operator) -> None:
    server_id = with_a_volume(house)
    path = f"/internal/servers/{server_id}/volumes/none/limits"
    assert house.ask("POST", path, {}, roles="service").status == 404
    assert house.ask("POST", path, {}, roles="member").status == 403
    (volume_id,) = house.volume_service.volumes
    path = f"/internal/servers/{'0' * 36}/volumes/{volume_id}/limits"
    assert house.ask("POST", path, {}, roles="service").status == 404
