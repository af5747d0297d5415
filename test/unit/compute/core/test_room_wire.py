"""The wire between rooms: what is sent, what is a refusal, what is given back."""

from __future__ import annotations

import pytest

from compute.core.rooms.wire import RoomWire
from objectstore.client.caller import Answer
from objectstore.kernel.errors import Unavailable
from test.fakes.one_answer import OneAnswer
from test.fakes.tokens import FakeTokens


class Refused(Exception):
    """What the room's client makes of a refusal."""


def refusal(answer: Answer, what: str) -> Exception:
    return Refused(f"{what}: {answer.status}")


def wire(room: OneAnswer) -> RoomWire:
    return RoomWire(room, FakeTokens(), refusal, headers={"A": "a"}, timeout=5.0)


def test_what_is_sent() -> None:
    room = OneAnswer(200, b'{"x":1}')
    assert wire(room).json("PUT", "/p", {}, token="t", headers={"A": "b"}) == {"x": 1}
    headers = {"X-Auth-Token": "t", "A": "b", "Content-Type": "application/json"}
    assert room.asked == ("PUT", "/p", headers, b"{}", 5.0)
    wire(room).send("GET", "/p", timeout=9.0).close()
    assert room.asked[4] == 9.0 and "Content-Type" not in room.asked[2]
    assert room.asked[2]["X-Auth-Token"] == FakeTokens().token()
    wire(room).send("PUT", "/p", b"b", headers={"Content-Type": "c"}).close()
    assert room.asked[2]["Content-Type"] == "c"


@pytest.mark.parametrize("status", [300, 302, 304, 308])
def test_redirections_are_nobodys_refusal(status: int) -> None:
    room = OneAnswer(status, b"not read")
    with pytest.raises(Unavailable, match=f"^GET /p: redirected .{status}"):
        wire(room).json("GET", "/p?secret=1")
    assert room.is_closed
    assert wire(room).send("GET", "/p", accept=(status,)).status == status


@pytest.mark.parametrize("status", [400, 404, 409, 499, 500, 503, 599])
def test_refusals_give_the_connection_back(status: int) -> None:
    room = OneAnswer(status, b"not read")
    with pytest.raises(Refused, match=f"^GET /p: {status}$"):
        wire(room).json("GET", "/p?secret=1")
    assert room.is_closed
    assert wire(room).send("GET", "/p", accept=(status,)).status == status


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_answers_that_say_nothing_or_nonsense(status: int) -> None:
    assert wire(OneAnswer(status, b"")).json("DELETE", "/p") is None
    room = OneAnswer(status, b"{")
    with pytest.raises(Unavailable):
        wire(room).json("GET", "/p")
    assert room.is_closed
