"""The authorization code flow, as a page asks for it on which people sign in."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from test.fakes.oidc_provider import SECRET
from test.unit.compute.identity.federated import AT, Federated, federated_house

PAGES = "/v3/RS-FEDERATION"
ONE = f"{PAGES}/example/openid"
CALLBACK = "http://cloud/dashboard/sign-in/back"


@pytest.fixture(scope="module")
def federated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Federated]:
    with federated_house(tmp_path_factory.mktemp("federated")) as made:
        yield made


def begin(federated: Federated, verifier: str) -> dict[str, str]:
    """What the provider is asked."""
    raw = hashlib.sha256(verifier.encode()).digest()
    challenge = base64.urlsafe_b64encode(raw).decode().rstrip("=")
    wanted = {
        "redirect_uri": CALLBACK,
        "state": "s" * 32,
        "nonce": "n" * 32,
        "challenge": challenge,
    }
    said = federated.house.say("POST", f"{ONE}/begin", {"begin": wanted})
    assert said.status == 200, said
    parts = urlsplit(said.body["url"])
    assert f"{parts.scheme}://{parts.netloc}" == federated.provider.url
    return dict(parse_qsl(parts.query))


def complete(federated: Federated, code: str, **changes: str) -> Any:
    wanted = {
        "redirect_uri": CALLBACK,
        "code": code,
        "verifier": "v" * 43,
        "nonce": "n" * 32,
        **changes,
    }
    return federated.house.say("POST", f"{ONE}/complete", {"complete": wanted})


def test_signing_in_on_a_page(federated: Federated) -> None:
    said = federated.house.say("GET", f"{PAGES}/choices")
    assert said.body["choices"] == [
        {
            "identity_provider": "example",
            "protocol": "openid",
            "label": "Example & Sons",
        }
    ]
    query = begin(federated, "v" * 43)
    assert query["code_challenge_method"] == "S256"
    assert query["scope"] == "openid profile email"
    assert SECRET not in str(query)
    code = federated.provider.code_for("ann", query)
    federated.house.clock.advance(31)
    said = complete(federated, code)
    assert said.status == 201
    assert said.body["token"]["user"]["name"] == "ann"
    # A code is good once.
    assert complete(federated, code).status == 401
    for changes in (
        {"verifier": "w" * 43},
        {"nonce": "m" * 32},
        {"redirect_uri": "http://elsewhere/"},
    ):
        code = federated.provider.code_for("ann", query)
        assert complete(federated, code, **changes).status == 401
    begun = {"redirect_uri": "javascript:alert(1)", "state": "s" * 32}
    begun |= {"nonce": "n" * 32, "challenge": "c" * 43}
    said = federated.house.say("POST", f"{ONE}/begin", {"begin": begun})
    assert said.status == 400


def test_disabled_providers_are_not_offered(federated: Federated) -> None:
    path = f"{AT}/identity_providers/example"
    federated.house.ok("PATCH", path, {"identity_provider": {"enabled": False}})
    said = federated.house.say("GET", f"{PAGES}/choices")
    assert said.body["choices"] == []
    federated.house.ok("PATCH", path, {"identity_provider": {"enabled": True}})
