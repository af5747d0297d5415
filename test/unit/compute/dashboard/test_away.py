"""What a page is without a room that does not answer."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import orjson
import pytest

from compute.dashboard.frame.application import NOBODY
from compute.dashboard.frame.visit import Visit
from compute.dashboard.pages.balancers import tls as balancer_tls
from compute.dashboard.pages.secrets import containers as secret_containers
from compute.dashboard.pages.secrets import secrets
from compute.dashboard.pages.volumes import types
from compute.dashboard.rooms import Rooms
from objectstore.client.caller import Answer
from objectstore.kernel.errors import Unavailable
from objectstore.kernel.request import Request

PLACE = "http://x/v1/secrets/1"
SECRET = {"name": "n", "secret_type": "opaque", "secret_ref": PLACE, "creator_id": "u",
          "created": "2026-01-01T00:00:00", "expiration": None}  # fmt: skip
CONTAINER = {"name": "n", "type": "generic", "container_ref": "http://x/v1/c/1",
             "created": SECRET["created"], "consumers": [],
             "secret_refs": []}  # fmt: skip
KNOWN = {"/v1/secrets/1": SECRET, "/v1/containers/1": CONTAINER,
         "/v3/p/types": {"volume_types": [{"id": "1", "name": "t"}]}}  # fmt: skip


class Half:
    """Knows some things, and for the rest never answers."""

    def request(
        self, method: str, path: str, headers: Any, body: Any, *, timeout: float
    ) -> Answer:
        found = KNOWN.get(path.partition("?")[0])
        if found is None:
            raise Unavailable("no answer came in time")
        return Answer(200, {}, [orjson.dumps(found)])


@pytest.mark.parametrize(
    ("show", "room"),
    [
        (balancer_tls.certificates, "key-manager"),
        (secrets.show_one, "key-manager"),
        (secret_containers.show_one, "key-manager"),
        (types.show_all, "volume"),
    ],
)
def test_what_is_missing_is_told(show: Callable[[Visit], Any], room: str) -> None:
    session = replace(NOBODY, services=frozenset((room,)))
    environ = {"REQUEST_METHOD": "GET", "wsgi.input": io.BytesIO()}
    rooms = Rooms({room: Half()}, "t", "p")
    visit = Visit(Request(environ), session, rooms, "", {"id": "1"}, 1000.0)
    assert show(visit)
    assert set(visit.problems) == {room}
