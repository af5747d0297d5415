"""Questions for metadata become calls of the instance room, for the right server."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from compute.instance.client import InstanceClient
from compute.network.agent.metadata.answers import InstanceMetadata
from compute.network.agent.metadata.metadata import MetadataAnswer
from compute.network.agent.metadata.tokens import SECONDS_MAX, SessionTokens
from compute.network.agent.rules.anti_spoofing import link_local
from objectstore.client.in_process import InProcessCaller
from objectstore.kernel.reply import Reply
from objectstore.kernel.request import Environ, StartResponse
from test.fakes.stepped_clock import SteppedClock
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

    def options(self, **options: Any) -> None:
        said = {"is_open": True, "needs_token": True, "hops": 1, **options}
        body = orjson.dumps({"options": {"shows_tags": False, **said}})
        self.replies["GET"] = Reply(200, body, None, "application/json")

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
    return InstanceMetadata(lambda: views.VIEW, client, SessionTokens(SteppedClock()))


def test_the_server_is_the_one_that_has_the_address(
    room: InstanceRoom, source: InstanceMetadata
) -> None:
    path = "/openstack/latest/meta_data.json"
    told = source.answer(NETWORK, "10.1.0.7", "GET", path, [], b"")
    assert (told.status, told.content) == (200, b"seven")
    ((_, url, _),) = room.asked
    assert url.startswith("/internal/servers/server-7/metadata?path=%2Fopenstack")


def test_by_ipv6_the_link_s_address_tells_who_asks(
    room: InstanceRoom, source: InstanceMetadata
) -> None:
    own = link_local(views.GUEST.mac)
    told = source.answer(NETWORK, own, "GET", "/latest/meta-data", [], b"")
    assert told.status == 200 and "server-7" in room.asked[0][1]
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
    source = InstanceMetadata(lambda: None, client, SessionTokens(SteppedClock()))
    assert source.answer(NETWORK, "10.1.0.7", "GET", "/", [], b"")[0] == 404


def test_what_is_not_there(room: InstanceRoom, source: InstanceMetadata) -> None:
    body = b'{"itemNotFound": {"code": 404, "message": "no"}}'
    room.replies["GET"] = Reply(404, body, None, "application/json")
    assert source.answer(NETWORK, "10.1.0.7", "GET", "/x", [], b"")[0] == 404


def test_a_password_is_kept_once(room: InstanceRoom, source: InstanceMetadata) -> None:
    room.options(needs_token=False)
    path = "/openstack/2013-04-04/password"
    assert source.answer(NETWORK, "10.1.0.7", "POST", path, [], b"sealed")[0] == 200
    method, url, content = room.asked[-1]
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


# ---- session tokens ------------------------------------------------------------

TTL = "X-aws-ec2-metadata-token-ttl-seconds"
TOKEN = "X-aws-ec2-metadata-token"


def put(source: InstanceMetadata, **headers: str) -> MetadataAnswer:
    said = list(headers.items())
    return source.answer(NETWORK, "10.1.0.7", "PUT", "/latest/api/token", said, b"")


def get(source: InstanceMetadata, token: str) -> MetadataAnswer:
    said = [(TOKEN, token)]
    return source.answer(NETWORK, "10.1.0.7", "GET", "/latest", said, b"")


def test_a_token_is_good_for_its_time(room: InstanceRoom) -> None:
    clock, client = SteppedClock(), InstanceClient(InProcessCaller(room), FakeTokens())
    source = InstanceMetadata(lambda: views.VIEW, client, SessionTokens(clock))
    room.options(hops=2)
    told = put(source, **{TTL: "60"})
    assert (told.status, told.hops) == (200, 2) and (TTL, "60") in told.headers
    assert get(source, told.content.decode()).status == 200
    assert "token=1" in room.asked[-1][1]
    clock.advance(60)
    assert get(source, told.content.decode()).status == 401


def test_a_token_is_for_one_server(room: InstanceRoom) -> None:
    tokens = SessionTokens(SteppedClock(), b"k" * 32)
    token = tokens.issue("server-7", SECONDS_MAX)
    assert tokens.is_good("server-7", token) and not tokens.is_good("server-8", token)
    assert not SessionTokens(SteppedClock(), b"l" * 32).is_good("server-7", token)
    for rubbish in ("", "x", "\u00e9", token[:-4], "A" * len(token), token[4:]):
        assert not tokens.is_good("server-7", rubbish)


@pytest.mark.parametrize("seconds", ["", "0", "-1", "21601", "x", "1" * 99, "\u0661"])
def test_times_of_tokens_that_make_no_sense(
    seconds: str, source: InstanceMetadata
) -> None:
    assert put(source, **{TTL: seconds}).status == 400


def test_who_gets_no_token(room: InstanceRoom, source: InstanceMetadata) -> None:
    forwarded = {TTL: "60", "X-Forwarded-For": "10.1.0.9"}
    assert put(source, **forwarded).status == 403
    assert room.asked == []
    room.options(is_open=False)
    assert put(source, **{TTL: "60"}).status == 403


def test_where_there_is_no_service_no_password_is_kept(
    room: InstanceRoom, source: InstanceMetadata
) -> None:
    room.options(is_open=False, needs_token=False)
    path = "/openstack/2013-04-04/password"
    assert source.answer(NETWORK, "10.1.0.7", "POST", path, [], b"x").status == 404
    assert [method for method, _, _ in room.asked] == ["GET"]


def test_without_the_token_that_is_required(
    room: InstanceRoom, source: InstanceMetadata
) -> None:
    body = b'{"forbidden": {"code": 403, "message": "no"}}'
    room.replies["GET"] = Reply(403, body, None, "application/json")
    assert source.answer(NETWORK, "10.1.0.7", "GET", "/", [], b"").status == 401
    room.options(needs_token=True)
    path = "/openstack/2013-04-04/password"
    assert source.answer(NETWORK, "10.1.0.7", "POST", path, [], b"x").status == 401
