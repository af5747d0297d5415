"""Bodies that the schemas take never make the instance room fail.

They are grown from the room's own schemas (``grown.py``), each for several
microversions, and sent at a house where hosts really do what was ordered.
``GARBAGE_SEED`` and ``GARBAGE_BODIES`` (of each schema) choose others.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from compute.instance.api import (
    aggregates,
    consoles,
    flavor_specs,
    flavors,
    groups,
    interfaces,
    keypairs,
    services,
    surroundings,
)
from compute.instance.frame.bodies import Body, Field, object_schema
from compute.instance.schemas import actions, attributes, servers
from test.unit.compute.garbage.grown import Grower
from test.unit.compute.instance.house import OWNER, House
from test.unit.compute.instance.states import UNLIMITED

SEED = int(os.environ.get("GARBAGE_SEED", "20261121"))
BODIES = int(os.environ.get("GARBAGE_BODIES", "6"))
SECONDS_MAX = 5.0
MINORS = (1, 10, 41, 56, 73, 96)
S = "/servers/{server}"
WHOLE: dict[tuple[str, str], Body] = {
    ("POST", "/servers"): servers.CREATE,
    ("PUT", S): servers.UPDATE,
    ("POST", "/flavors"): flavors.CREATE,
    ("PUT", "/flavors/{flavor}"): flavors.UPDATE,
    ("POST", "/os-keypairs"): keypairs.CREATE,
    ("POST", "/os-server-groups"): groups.CREATE,
    ("POST", "/os-aggregates"): aggregates.CREATE,
    ("PUT", "/os-aggregates/{aggregate}"): aggregates.UPDATE,
    ("POST", "/os-aggregates/{aggregate}/action"): aggregates.ADD_HOST,
    ("POST", "/os-aggregates/1/action"): aggregates.REMOVE_HOST,
    ("POST", "/os-aggregates/01/action"): aggregates.SET_METADATA,
    ("POST", S + "/os-interface"): interfaces.ATTACH,
    ("POST", S + "/remote-consoles"): consoles.CREATE,
}
PLAIN: dict[tuple[str, str], Any] = {
    ("POST", S + "/metadata"): attributes.ALL_METADATA.document,
    ("PUT", S + "/metadata"): attributes.ALL_METADATA.document,
    ("PUT", S + "/metadata/a"): attributes.ONE_ITEM.document,
    ("PUT", S + "/tags"): attributes.ALL_TAGS.document,
    ("POST", "/flavors/{flavor}/os-extra_specs"): flavor_specs.SPECS_BODY.document,
    ("PUT", "/flavors/{flavor}/os-extra_specs/a"): flavor_specs.SPEC_BODY.document,
    ("POST", "/os-aggregates/{aggregate}/images"): aggregates.CACHE.document,
    ("PUT", "/os-services/enable"): services.ENABLE.document,
    ("PUT", "/os-services/disable-log-reason"): services.DISABLE.document,
    ("PUT", "/os-services/force-down"): services.FORCE.document,
    ("PUT", "/os-services/{service}"): services.UPDATE.document,
    ("POST", "/os-server-external-events"): surroundings.events_schema(96).document,
}
# Not those which wait for an answer of a guest's host: in this house none comes.
ACTIONS: dict[str, tuple[Field, ...]] = {
    "rebuild": servers.REBUILD,
    "addSecurityGroup": actions.ADD_OR_REMOVE_GROUP,
    "removeSecurityGroup": actions.ADD_OR_REMOVE_GROUP,
    "createBackup": actions.CREATE_BACKUP,
    "createImage": actions.CREATE_IMAGE,
    "lock": actions.LOCK,
    "reboot": actions.REBOOT,
    "rescue": actions.RESCUE,
    "os-resetState": actions.RESET_STATE,
    "resize": actions.RESIZE,
    "unshelve": actions.UNSHELVE,
}
Order = tuple[str, str, int, Any]


def grown(random: Random, house: House, ids: dict[str, str]) -> Iterator[Order]:
    grower = Grower(random, [*ids.values(), OWNER, house.network_id, house.image_id])
    schemas: list[tuple[str, str, int, Any, str]] = []
    for minor in MINORS:
        for (method, path), body in WHOLE.items():
            schemas.append((method, path, minor, body.schema(minor).document, ""))
        for (method, path), document in PLAIN.items():
            schemas.append((method, path, minor, document, ""))
        for name, fields in ACTIONS.items():
            document = object_schema(fields, minor)
            schemas.append(("POST", S + "/action", minor, document, name))
    for _ in range(BODIES):
        for method, path, minor, document, name in schemas:
            value = grower.grow(document)
            yield method, path.format(**ids), minor, {name: value} if name else value


def failures(
    house: House, orders: Iterable[Order], log: pytest.LogCaptureFixture
) -> tuple[list[str], int]:
    """What went wrong, and how many orders were carried out."""
    wrong, done = [], 0
    for number, (method, path, minor, body) in enumerate(orders):
        log.clear()
        began = time.monotonic()
        got = house.ask(
            method, path, body, version=f"2.{minor}", roles="admin,service,member"
        )
        seconds = time.monotonic() - began
        done += got.status < 300
        if got.status >= 500 or seconds > SECONDS_MAX:
            trace = "\n".join(record.exc_text or "" for record in log.records)[-900:]
            shown = f"{method} {path} 2.{minor} {str(body)[:400]}"
            wrong.append(f"{got.status} {seconds:.1f} s {shown}\n{trace}")
        if number % 100 == 99:
            house.work()
    house.work()
    return wrong, done


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    found = House(tmp_path, quota_server_groups=-1, quota_key_pairs=-1, **UNLIMITED)
    found.furnish()
    yield found
    found.close()


def test_grown_bodies(house: House, caplog: pytest.LogCaptureFixture) -> None:
    print("GARBAGE_SEED", SEED)
    caplog.set_level(logging.ERROR)
    body = {"aggregate": {"name": "rack"}}
    made = house.ok("POST", "/os-aggregates", body, roles="admin")["aggregate"]
    service = house.ok("GET", "/os-services", roles="admin")["services"][0]["id"]
    ids = {"server": house.boot(), "aggregate": str(made["id"]), "service": service}
    ids["flavor"] = house.flavor_id
    wrong, done = failures(house, grown(Random(SEED), house, ids), caplog)
    assert wrong == []
    assert done > 50  # else it is not the code behind the schemas that was tried
