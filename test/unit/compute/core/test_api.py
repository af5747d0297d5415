"""The frame: routes, tokens, versions, errors in each dialect."""

from __future__ import annotations

from random import Random
from typing import Any

import orjson
import pytest

from compute.core.api.dialects import (
    Dialect,
    compute_dialect,
    identity_dialect,
    image_dialect,
    network_dialect,
)
from compute.core.api.frame import Api, ApiCall, Route, empty_reply, json_reply
from compute.core.api.microversions import Microversion, VersionRange
from compute.core.api.mounts import Mounts
from compute.core.api.schema import Schema
from compute.core.context import RequestContext
from compute.core.errors import Conflict, Unauthorized
from compute.core.identifiers import Identifiers
from objectstore.client.caller import Answer
from objectstore.client.in_process import InProcessCaller
from objectstore.kernel.errors import Unavailable
from objectstore.kernel.reply import Reply, text_reply

THING = Schema(
    {
        "type": "object",
        "properties": {"thing": {"properties": {"size": {"type": "integer"}}}},
        "required": ["thing"],
    }
)
VERSIONS = VersionRange(
    "compute", Microversion(2, 1), Microversion(2, 96), "X-OpenStack-Nova-API-Version"
)


class Tokens:
    """One token is good."""

    def check(self, token: str, request_id: str) -> RequestContext:
        if token != "good":
            raise Unauthorized
        return RequestContext(request_id, user_id="ann", token=token)


def _show(call: ApiCall) -> Reply:
    return json_reply(
        200,
        {
            "parameters": call.parameters,
            "user": call.context.user_id,
            "url": call.url,
            "version": str(call.version),
        },
    )


def _fail(error: Exception) -> Any:
    def handler(call: ApiCall) -> Reply:
        raise error

    return handler


def _create(call: ApiCall) -> Reply:
    return json_reply(201, call.json(THING))


ROUTES = (
    Route("GET", "/", _show, public=True),
    Route("GET", "/things/{thing_id}", _show),
    Route("GET", "/things/detail", lambda call: json_reply(200, "detail")),
    Route("DELETE", "/things/{thing_id}", lambda call: empty_reply()),
    Route("POST", "/things", _create),
    Route("GET", "/conflict", _fail(Conflict("it is busy", kind="ThingInUse"))),
    Route("GET", "/bug", _fail(ValueError("a secret detail"))),
    Route("GET", "/away", _fail(Unavailable("the ring is away"))),
)


def _api(dialect: Dialect = compute_dialect) -> InProcessCaller:
    api = Api(
        ROUTES,
        dialect=dialect,
        tokens=Tokens(),
        identifiers=Identifiers(Random(1)),
        versions=VERSIONS,
    )
    mounts = Mounts({"/room": api}, otherwise=text_reply(404, "nothing here"))
    return InProcessCaller(mounts, host="cloud:5000")


def _ask(method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
    sent = {"X-Auth-Token": "good"}
    sent.update({name.replace("_", "-"): value for name, value in headers.items()})
    return _api().request(method, "/room" + path, sent, body)


def test_a_path_is_found_with_its_parameters() -> None:
    found = _ask("GET", "/things/7?x=1").json()
    assert found == {
        "parameters": {"thing_id": "7"},
        "user": "ann",
        "url": "http://cloud:5000/room/things/7",
        "version": "2.1",
    }


def test_literal_segments_come_first() -> None:
    assert _ask("GET", "/things/detail").json() == "detail"
    assert _ask("DELETE", "/things/detail").status == 204


def test_a_head_is_a_get_without_a_body() -> None:
    answer = _ask("HEAD", "/things/7")
    assert answer.status == 200
    assert answer.read() == b""


def test_no_such_path_and_no_such_method() -> None:
    assert _ask("GET", "/nothing").status == 404
    answer = _ask("PUT", "/things/7")
    assert answer.status == 405
    assert answer.headers["allow"] == "DELETE, GET"
    assert _api().request("GET", "/elsewhere").read() == b"nothing here"


def test_a_token_is_needed_but_for_public_paths() -> None:
    answer = _api().request("GET", "/room/things/7")
    assert answer.status == 401
    assert "www-authenticate" in answer.headers
    assert _ask("GET", "/things/7", X_Auth_Token="bad").status == 401
    assert _api().request("GET", "/room/").status == 200
    assert _ask("GET", "/", X_Auth_Token="bad").json()["user"] == ""


@pytest.mark.parametrize(
    ("dialect", "body"),
    [
        (
            compute_dialect,
            {"conflictingRequest": {"code": 409, "message": "it is busy"}},
        ),
        (
            identity_dialect,
            {"error": {"code": 409, "message": "it is busy", "title": "Conflict"}},
        ),
        (
            network_dialect,
            {
                "NeutronError": {
                    "type": "ThingInUse",
                    "message": "it is busy",
                    "detail": "",
                }
            },
        ),
        (
            image_dialect,
            {"message": "it is busy", "code": "409 Conflict", "title": "Conflict"},
        ),
    ],
)
def test_errors_speak_the_apis_dialect(dialect: Dialect, body: Any) -> None:
    answer = _api(dialect).request("GET", "/room/conflict", {"X-Auth-Token": "good"})
    assert answer.status == 409
    assert answer.json() == body
    assert answer.headers["x-openstack-request-id"].startswith("req-")


def test_a_bug_is_500_and_tells_nothing() -> None:
    answer = _ask("GET", "/bug")
    assert answer.status == 500
    assert b"secret" not in answer.read()


def test_what_is_away_is_503() -> None:
    answer = _ask("GET", "/away")
    assert answer.status == 503
    assert answer.headers["retry-after"] == "1"


def test_bodies_are_checked() -> None:
    assert _ask("POST", "/things", b"{").status == 400
    answer = _ask("POST", "/things", orjson.dumps({"thing": {"size": "big"}}))
    assert answer.status == 400
    message = answer.json()["badRequest"]["message"]
    assert "thing/size" in message
    assert "big" in message
    assert _ask("POST", "/things", orjson.dumps({"thing": {"size": 1}})).status == 201
    assert _ask("POST", "/things", b" " * (1024 * 1024 + 1)).status == 413


@pytest.mark.parametrize(
    ("headers", "version"),
    [
        ({}, "2.1"),
        ({"OpenStack_API_Version": "compute 2.50"}, "2.50"),
        ({"OpenStack_API_Version": "volume 3.1, compute latest"}, "2.96"),
        ({"OpenStack_API_Version": "volume 3.1"}, "2.1"),
        ({"X_OpenStack_Nova_API_Version": "2.7"}, "2.7"),
    ],
)
def test_microversions(headers: dict[str, str], version: str) -> None:
    answer = _ask("GET", "/things/7", **headers)
    assert answer.json()["version"] == version
    assert answer.headers["openstack-api-version"] == f"compute {version}"


def test_a_version_that_is_not_served() -> None:
    assert _ask("GET", "/", OpenStack_API_Version="compute 2.97").status == 406
    assert _ask("GET", "/", OpenStack_API_Version="compute 1.1").status == 406
    assert _ask("GET", "/", OpenStack_API_Version="compute two").status == 400
