"""Questions for metadata become calls of the instance room, for the right server."""

from __future__ import annotations

from typing import Any

import pytest

from compute.instance.client import InstanceClient
from compute.network.agent.anti_spoofing import link_local
from compute.network.agent.metadata_answers import InstanceMetadata
from objectstore.client.in_process import InProcessCaller
from objectstore.kernel.reply import Reply
from objectstore.kernel.request import Environ, StartResponse
from test.fakes.tokens import FakeTokens
from test.unit.compute.network.agent import views

NETWORK = views.RED.id


class InstanceRoom:
    """Keeps what it is asked; ``replies`` by method."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, bytes]] = []
        self.replies = {
            "GET": Reply(200, b"seven", None, "text/plain"),
            "PUT": Reply(200, b"{}", None, "application/json"),
        }

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        url = f"{environ['PATH_INFO']}?{environ.get('QUERY_STRING', '')}"
        method = environ["REQUEST_METHOD"]
        self.asked.append((method, url, environ["wsgi.input"].read(10_000)))
        return self.replies[method](environ, start_response)


@pytest.fixture
def room() -> InstanceRoom:
    return InstanceRoom()


@pytest.fixture
def source(room: InstanceRoom) -> InstanceMetadata:
    client = InstanceClient(InProcessCaller(room), FakeTokens())
    return InstanceMetadata(lambda: views.VIEW, client)


def test_the_server_is_the_one_that_has_the_address(
    room: InstanceRoom, source: InstanceMetadata
) -> None:
    path = "/openstack/latest/meta_data.json"
    status, _, content = source.answer(NETWORK, "10.1.0.7", "GET", path, [], b"")
    assert (status, content) == (200, b"seven")
    ((_, url, _),) = room.asked
    assert url.startswith("/internal/servers/server-7/metadata?path=%2Fopenstack")


def test_by_ipv6_the_link_s_address_tells_who_asks(
    room: InstanceRoom, source: InstanceMetadata
) -> None:
    own = link_local(views.GUEST.mac)
    status, _, _ = source.answer(NETWORK, own, "GET", "/latest/meta-data", [], b"")
    assert status == 200 and "server-7" in room.asked[0][1]
    other = link_local("fa:16:3e:99:99:99")
    assert source.answer(NETWORK, other, "GET", "/latest", [], b"")[0] == 404


@pytest.mark.parametrize(
    ("network", "address"),
    [
        (NETWORK, "10.1.0.8"),  # nobody
        (views.OFFICE.id, "10.1.0.7"),  # somebody's, elsewhere
        (NETWORK, "10.1.0.1"),  # the router
        (NETWORK, "10.1.0.129"),  # only allowed as a pair
    ],
)
def test_strangers_get_nothing(
    network: str, address: str, room: InstanceRoom, source: InstanceMetadata
) -> None:
    assert source.answer(network, address, "GET", "/", [], b"")[0] == 404
    assert room.asked == []


def test_before_there_is_a_view_nobody_is_known(room: InstanceRoom) -> None:
    client = InstanceClient(InProcessCaller(room), FakeTokens())
    source = InstanceMetadata(lambda: None, client)
    assert source.answer(NETWORK, "10.1.0.7", "GET", "/", [], b"")[0] == 404


def test_what_is_not_there(room: InstanceRoom, source: InstanceMetadata) -> None:
    body = b'{"itemNotFound": {"code": 404, "message": "no"}}'
    room.replies["GET"] = Reply(404, body, None, "application/json")
    assert source.answer(NETWORK, "10.1.0.7", "GET", "/x", [], b"")[0] == 404


def test_a_password_is_kept_once(room: InstanceRoom, source: InstanceMetadata) -> None:
    path = "/openstack/2013-04-04/password"
    assert source.answer(NETWORK, "10.1.0.7", "POST", path, [], b"sealed")[0] == 200
    ((method, url, content),) = room.asked
    assert (method, url) == ("PUT", "/internal/servers/server-7/password?")
    assert b"sealed" in content
    body = b'{"conflictingRequest": {"code": 409, "message": "no"}}'
    room.replies["PUT"] = Reply(409, body, None, "application/json")
    assert source.answer(NETWORK, "10.1.0.7", "POST", path, [], b"sealed")[0] == 409


def test_nothing_else_can_be_written(
    room: InstanceRoom, source: InstanceMetadata
) -> None:
    for method, path in (("POST", "/openstack/latest/user_data"), ("PUT", "/latest")):
        assert source.answer(NETWORK, "10.1.0.7", method, path, [], b"")[0] == 405
    assert room.asked == []
