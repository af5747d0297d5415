"""Which tokens of a provider are taken, and how we ask it."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from joserfc.jwk import OctKey, RSAKey

from compute.identity.federation.documents import usable_keys
from compute.identity.federation.operator_file import read_providers
from objectstore.kernel.settings import BadSettings
from test.unit.compute.identity.federated import AT, Federated, federated_house


@pytest.fixture(scope="module")
def federated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Federated]:
    with federated_house(tmp_path_factory.mktemp("federated")) as made:
        yield made


def claims(federated: Federated, **changes: Any) -> dict[str, Any]:
    now = int(federated.house.clock.time())
    good = {"iss": federated.provider.url, "aud": "ringstack", "sub": "1001"}
    good |= {"iat": now, "exp": now + 60, "preferred_username": "ann"}
    good |= {"email": "a@b", "groups": ["staff"]}
    found = {**good, **changes}
    return {key: value for key, value in found.items() if value is not None}


def segment(value: Any) -> str:
    raw = json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def test_a_good_token(federated: Federated) -> None:
    assert federated.come(federated.provider.sign(claims(federated))).status == 201


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://elsewhere.example.org"},
        {"iss": None},
        {"aud": "another-client"},
        {"aud": ["another-client"]},
        {"aud": None},
        {"aud": ["ringstack", "x"], "azp": "x"},
        {"exp": 1},
        {"exp": None},
        {"exp": "9999999999"},
        {"nbf": 99999999999},
        {"iat": 99999999999},
        {"events": {"http://schemas.openid.net/event/backchannel-logout": {}}},
        {"sub": None},
        {"sub": ""},
        {"sub": ["1001"]},
        {"preferred_username": None},
        {"preferred_username": ["ann", "admin"]},
        {"preferred_username": "x" * 300},
    ],
    ids=str,
)
def test_claims_that_are_not_for_us(
    federated: Federated, changes: dict[str, Any]
) -> None:
    said = federated.come(federated.provider.sign(claims(federated, **changes)))
    assert said.status == 401
    # Nothing of why.
    assert said.body["error"]["message"] == (
        "The request you have made requires authentication."
    )


def _unsigned(federated: Federated) -> str:
    head = segment({"alg": "none", "typ": "JWT"})
    return f"{head}.{segment(claims(federated))}."


def _by_public_key(federated: Federated) -> str:
    """Signed with what is published, as if it were a shared secret."""
    pem = RSAKey.import_key(federated.provider.keys["keys"][0]).as_pem(private=False)
    signed = f"{segment({'alg': 'HS256'})}.{segment(claims(federated))}"
    raw = hmac.new(pem, signed.encode(), "sha256").digest()
    return f"{signed}.{base64.urlsafe_b64encode(raw).decode().rstrip('=')}"


def _by_a_stranger(federated: Federated) -> str:
    key = RSAKey.generate_key(2048)
    return federated.provider.sign(claims(federated), key)


def _by_its_own_header(federated: Federated) -> str:
    key = RSAKey.generate_key(2048)
    public = key.as_dict(private=False)
    return federated.provider.sign(claims(federated), key, jwk=public)


def _changed(federated: Federated) -> str:
    head, _, signature = federated.provider.sign(claims(federated)).split(".")
    return f"{head}.{segment(claims(federated, sub='1'))}.{signature}"


def _of_another_kind(federated: Federated) -> str:
    return federated.provider.sign(claims(federated), typ="logout+jwt")


def _critical(federated: Federated) -> str:
    head = {"alg": "RS256", "crit": ["x"], "x": 1}
    return ".".join([segment(head), *_changed(federated).split(".")[1:]])


@pytest.mark.parametrize(
    "forge",
    [
        _unsigned,
        _by_public_key,
        _by_a_stranger,
        _by_its_own_header,
        _changed,
        _of_another_kind,
        _critical,
        lambda federated: "a.b.c",
        lambda federated: "..",
        lambda federated: "opaque",
        lambda federated: "x" * 20_000 + ".a.b",
        lambda federated: "",
    ],
)
def test_forged_tokens(federated: Federated, forge: Callable[[Federated], str]) -> None:
    assert federated.come(forge(federated)).status == 401


def test_strangers_learn_nothing_of_providers(federated: Federated) -> None:
    token = federated.provider.sign(claims(federated))
    answers = [
        federated.come(token, path=f"{AT}/identity_providers/{path}/auth")
        for path in (
            "example/protocols/nothing",
            "nobody/protocols/openid",
            "nobody/protocols/nothing",
        )
    ]
    forged = federated.come("a.b.c")
    assert all(each.status == 401 and each.body == forged.body for each in answers)
    for scheme in ("Basic eDp4", "Bearer", ""):
        said = federated.house.say(
            "GET",
            f"{AT}/identity_providers/example/protocols/openid/auth",
            headers={"Authorization": scheme},
        )
        assert said.status == 401


def test_new_keys_are_found(federated: Federated) -> None:
    old = federated.provider.sign(claims(federated))
    asked = federated.provider.asked.count("/keys")
    federated.provider.rotate()
    fresh = federated.provider.sign(claims(federated))
    federated.house.clock.advance(31)
    assert federated.come(fresh).status == 201
    assert federated.provider.asked.count("/keys") == asked + 1
    # Made-up names of keys make nobody ask again and again.
    for _ in range(3):
        assert federated.come(old).status == 401
    assert federated.provider.asked.count("/keys") == asked + 1


# ---- asking the provider -------------------------------------------------------------


def test_documents_lead_nowhere_else(tmp_path: Path) -> None:
    with federated_house(tmp_path) as federated:
        provider, token = federated.provider, federated.unscoped
        port = urlsplit(provider.url).port
        for uri in ("http://127.0.0.1:1/keys", f"https://127.0.0.1:{port}/", "x", 3):
            provider.metadata["jwks_uri"] = uri
            federated.house.clock.advance(10)
            assert federated.come(provider.token_for("ann")).status == 503
        del provider.metadata["jwks_uri"]
        federated.house.clock.advance(4000)
        provider.metadata["issuer"] = "https://elsewhere.example.org"
        assert federated.come(provider.token_for("ann")).status == 503
        del provider.metadata["issuer"]
        federated.house.clock.advance(10)
        assert token()


def test_opaque_tokens_and_userinfo(tmp_path: Path) -> None:
    with federated_house(tmp_path, introspection="yes", userinfo="no") as federated:
        opaque = federated.provider.opaque_token_for("ann")
        said = federated.come(opaque)
        assert said.status == 201
        assert federated.come(opaque + "x").status == 401
        federated.provider.people["ann"].claims["aud"] = "another-client"
        opaque = federated.provider.opaque_token_for("ann")
        assert federated.come(opaque).status == 401


def test_what_is_told_of_the_user(tmp_path: Path) -> None:
    with federated_house(tmp_path, userinfo="yes") as federated:
        claims = federated.provider.people["ann"].claims
        del claims["groups"]
        federated.set_rules(
            [
                {
                    "local": [{"user": {"name": "{0}"}}],
                    "remote": [
                        {"type": "OIDC-preferred_username"},
                        {"type": "OIDC-groups", "any_one_of": ["from-userinfo"]},
                    ],
                }
            ]
        )
        assert federated.unscoped()


def test_keys_that_sign_nothing() -> None:
    weak = RSAKey.generate_key(1024).as_dict(private=False)
    good = RSAKey.generate_key(2048)
    keys = [
        weak,
        OctKey.generate_key(256).as_dict(private=True),
        {**good.as_dict(private=False), "use": "enc"},
        {"kty": "RSA", "n": "!", "e": 1},
        "x",
        good.as_dict(private=False),
    ]
    assert len(usable_keys({"keys": keys}).keys) == 1
    assert usable_keys({"keys": "x"}).keys == []


def test_mistakes_of_operators(tmp_path: Path) -> None:
    file = tmp_path / "federation.conf"
    file.write_text(
        "[a b]\nissuer = http://login.example.com\nclient_id = x\n"
        "algorithms = HS256, none\nscopes = profile\nsecret = x\n"
    )
    with pytest.raises(BadSettings) as error:
        read_providers(file, must_exist=True)
    assert len(error.value.mistakes) == 6
    assert read_providers(tmp_path / "nothing", must_exist=False) == {}
    with pytest.raises(BadSettings):
        read_providers(tmp_path / "nothing", must_exist=True)
