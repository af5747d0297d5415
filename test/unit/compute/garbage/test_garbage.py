"""No garbage makes a room fail: every route, spoiled bodies, queries and paths.

Each room gets requests by an administrator and service, who gets past every policy.
A test samples them by a seed that it prints: ``GARBAGE_SEED``, and ``GARBAGE_REQUESTS``
for each room or ``GARBAGE_SHARE`` of everything (1 is all), choose others.
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest

from compute.core.api.frame import Api, Route
from compute.identity.room import room_of
from objectstore.client.in_process import InProcessCaller
from test.fakes.tokens import fake_token
from test.unit.compute.garbage.bodies import Bodies
from test.unit.compute.garbage.bodies.compute import COMPUTE
from test.unit.compute.garbage.bodies.identity import IDENTITY
from test.unit.compute.garbage.bodies.image import IMAGE
from test.unit.compute.garbage.bodies.network import NETWORK
from test.unit.compute.garbage.values import QUERY_NAMES, RAW_BODIES, TEXTS, mutants
from test.unit.compute.identity.house import make_house
from test.unit.compute.instance.house import OWNER, House

SEED = int(os.environ.get("GARBAGE_SEED", "20261121"))
SHARE = float(os.environ.get("GARBAGE_SHARE", "0"))
REQUESTS_MAX = int(os.environ.get("GARBAGE_REQUESTS", "300"))  # of each room
SECONDS_MAX = 5.0  # for any request, on a busy machine
# What is asked of a guest waits for its host, and no host answers here.
WAITING = ("diagnostics", "remote-consoles", "changePassword", "trigger_crash_dump")
WAITING += ("os-getConsoleOutput", "os-getVNCConsole")


@dataclass(frozen=True, slots=True)
class Sent:
    """A request; a body that is no bytes is sent as JSON."""

    method: str
    path: str
    body: Any = b""
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Victim:
    """A room: its routes and bodies; what stands for ids in both."""

    routes: tuple[Route, ...]
    caller: InProcessCaller
    token: str
    bodies: Bodies
    ids: Mapping[str, str]
    versions: tuple[str, ...] = ("",)


def requests(victim: Victim, random: Random) -> Iterator[Sent]:
    """All garbage for a room."""
    for route in victim.routes:
        if "/{project_id}/" in route.template and "/v2" in route.template[:4]:
            continue  # the same handlers as without
        if route.template.endswith(WAITING):
            continue
        path = filled(route.template, victim.ids)
        yield Sent(route.method, path)
        for text in TEXTS:
            if "{" in route.template:
                yield Sent(route.method, spoiled(route.template, victim.ids, text))
        if route.method == "GET":
            for name in QUERY_NAMES:
                text = random.choice(TEXTS)
                yield Sent("GET", f"{path}?{name}={text}")
                yield Sent("GET", f"{path}?{name}={text}&{name}=x&limit=1")
            yield Sent("GET", f"{path}?%ff&=&&a=b=c")
        else:
            for raw in RAW_BODIES:
                yield Sent(route.method, path, raw)
            right = victim.bodies.get((route.method, route.template), [])
            for body in right:
                if any(name in body for name in WAITING):
                    continue
                for mutant in mutants(known(body, victim.ids)):
                    version = random.choice(victim.versions)
                    yield Sent(route.method, path, mutant, header(version))


def header(version: str) -> tuple[tuple[str, str], ...]:
    text = version if " " in version else f"compute {version}"
    return (("OpenStack-API-Version", text),) if version else ()


def filled(template: str, ids: Mapping[str, str]) -> str:
    for name, value in ids.items():
        template = template.replace("{" + name + "}", value)
    kind = template.split("/")[2] if template.count("/") > 2 else ""
    template = template.replace("{id}", ids.get(kind, "x"))
    return "/".join(
        "x" if part.startswith("{") else part for part in template.split("/")
    )


def spoiled(template: str, ids: Mapping[str, str], text: str) -> str:
    """With garbage as the last id."""
    head, _, tail = template.rpartition("{")
    return filled(head, ids) + text + tail.partition("}")[2]


def known(value: Any, ids: Mapping[str, str]) -> Any:
    """A body with the ids of things that are there."""
    if isinstance(value, dict):
        return {key: known(each, ids) for key, each in value.items()}
    if isinstance(value, list):
        return [known(each, ids) for each in value]
    return ids.get(value, value) if isinstance(value, str) else value


def throw_all(victim: Victim, log: pytest.LogCaptureFixture) -> list[str]:
    """Send a sample; what went wrong."""
    print("GARBAGE_SEED", SEED)
    random = Random(SEED)
    everything = list(requests(victim, random))
    count = int(len(everything) * SHARE) or min(REQUESTS_MAX, len(everything))
    wrong = []
    for sent in random.sample(everything, count):
        log.clear()
        began = time.monotonic()
        headers = {"X-Auth-Token": victim.token, **dict(sent.headers)}
        if sent.method == "PATCH" and sent.path.startswith("/v2/images"):
            headers["Content-Type"] = "application/openstack-images-v2.1-json-patch"
        raw = (
            sent.body
            if isinstance(sent.body, bytes)
            else json.dumps(sent.body).encode()
        )
        answer = victim.caller.request(sent.method, sent.path, headers, raw)
        answer.read()
        seconds = time.monotonic() - began
        if answer.status in (500, 503) or seconds > SECONDS_MAX:
            shown = (sent.method, sent.path[:120], raw[:300], sent.headers)
            trace = "\n".join(record.exc_text or "" for record in log.records)
            wrong.append(f"{answer.status} {seconds:.1f} s {shown}\n{trace[-700:]}")
    return wrong


@pytest.fixture
def quiet(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.WARNING)
    return caplog


def test_identity(tmp_path: Path, quiet: pytest.LogCaptureFixture) -> None:
    house = make_house(tmp_path)
    user, project, _ = house.member()
    service = house.ok("GET", "/v3/services")["services"][0]["id"]
    ids = {"user_id": user, "ID": user, "project_id": project, "target_id": project}
    ids |= {"actor_id": user, "role_id": house.role("reader"), "service_id": service}
    api = room_of(house.parts).application
    assert isinstance(api, Api)
    routes = tuple(
        # Whoever takes the token away cannot go on with it.
        each
        for each in api.routes
        if (each.method, each.template[:8]) != ("DELETE", "/v3/auth")
    )
    victim = Victim(routes, InProcessCaller(api), house.admin, IDENTITY, ids)
    assert throw_all(victim, quiet) == []


def cloud_victim(house: House, room: str, bodies: Bodies) -> Victim:
    api = house.rooms[room].application
    assert isinstance(api, Api)
    server = house.boot()
    neighbour = house.parts.callers["network"]
    token = fake_token(OWNER, "admin,service")

    def listed(kind: str) -> Any:
        headers = {"X-Auth-Token": token}
        found = neighbour.request("GET", f"/v2.0/{kind}", headers).json()
        return found[kind.replace("-", "_")]

    def first(kind: str) -> str:
        return str(listed(kind)[0]["id"])

    ids = {"server_id": server, "flavor": house.flavor_id, "image": house.image_id}
    ids |= {"image_id": house.image_id, "flavor_id": house.flavor_id}
    ids |= {"network": house.network_id, "networks": house.network_id}
    for kind in ("subnets", "ports", "security-groups"):
        ids[kind] = ids[kind[:-1]] = first(kind)
    ids["group"] = ids["security-group"]
    versions = ("", "2.1", "2.37", "2.60", "2.96") if room == "compute" else ("",)
    return Victim(api.routes, InProcessCaller(api), token, bodies, ids, versions)


@pytest.mark.parametrize(
    ("room", "bodies"), [("network", NETWORK), ("image", IMAGE), ("compute", COMPUTE)]
)
def test_the_others(
    house: House, room: str, bodies: Bodies, quiet: pytest.LogCaptureFixture
) -> None:
    assert throw_all(cloud_victim(house, room, bodies), quiet) == []


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    found = House(tmp_path)
    found.furnish()
    yield found
    found.close()
