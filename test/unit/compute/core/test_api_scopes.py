"""A domain's tokens open only the room that says so."""

from __future__ import annotations

import dataclasses
from random import Random

import pytest

from compute.core.api.dialects import compute_dialect
from compute.core.api.frame import Api, ApiCall, Route, empty_reply
from compute.core.context import RequestContext
from compute.core.identifiers import Identifiers
from objectstore.client.in_process import InProcessCaller
from objectstore.kernel.reply import Reply
from test.fakes.tokens import FakeTokens, fake_token


class DomainTokens(FakeTokens):
    """Every token is one of a domain."""

    def check(self, token: str, request_id: str) -> RequestContext:
        found = super().check(token, request_id)
        return dataclasses.replace(found, project_id="", domain_id="default")


def answer(call: ApiCall) -> Reply:
    return empty_reply(204)


@pytest.mark.parametrize(("serves", "status"), [(False, 403), (True, 204)])
def test_domain_tokens(serves: bool, status: int) -> None:
    routes = [Route("GET", "/a", answer), Route("GET", "/b", answer, public=True)]
    api = Api(
        routes,
        dialect=compute_dialect,
        tokens=DomainTokens(),
        identifiers=Identifiers(Random(1)),
        serves_domains=serves,
    )
    headers = {"X-Auth-Token": fake_token("p", "admin")}
    caller = InProcessCaller(api)
    assert caller.request("GET", "/a", headers, b"").status == status
    assert caller.request("GET", "/b", headers, b"").status == 204
