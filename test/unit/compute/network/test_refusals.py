"""What other rooms make of the network room's refusals."""

from __future__ import annotations

import orjson
import pytest

from compute.core.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    NotFound,
    QuotaExceeded,
)
from compute.network.client_wire import NetworkWire
from objectstore.kernel.errors import Rejected, Unavailable
from test.fakes.one_answer import OneAnswer
from test.fakes.tokens import FakeTokens


def ask(status: int, message: str = "", kind: str = "") -> None:
    body = orjson.dumps({"NeutronError": {"message": message, "type": kind}})
    NetworkWire(OneAnswer(status, body), FakeTokens()).json("GET", "/v2.0/ports")


@pytest.mark.parametrize(
    ("status", "error"),
    [(400, BadRequest), (403, Forbidden), (404, NotFound), (409, Conflict)],
)
def test_refusals_keep_their_kind(status: int, error: type[Exception]) -> None:
    with pytest.raises(error) as caught:
        ask(status, "no", "Why")
    assert caught.value.kind == "Why"  # type: ignore[attr-defined]


def test_quota_is_forbidden_here() -> None:
    with pytest.raises(QuotaExceeded, match="no more"):
        ask(409, "no more", "OverQuota")


@pytest.mark.parametrize("status", [405, 412, 413, 422])
def test_other_refusals_are_final_too(status: int) -> None:
    with pytest.raises(Rejected, match="no") as caught:
        ask(status, "no")
    assert caught.value.status == status


@pytest.mark.parametrize("status", [302, 401, 408, 429, 500, 502, 503])
def test_what_may_pass_is_asked_again(status: int) -> None:
    with pytest.raises(Unavailable):
        ask(status)
