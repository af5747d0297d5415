"""name_check: which names are refused."""

from __future__ import annotations

import pytest

from objectstore.kernel.errors import Rejected
from objectstore.kernel.settings import BadSettings
from objectstore.middleware import name_check
from objectstore.middleware.name_check import NameCheck, NameCheckSettings
from test.fakes.swift_app import Client, SwiftApp


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/v1/a/c/<o>", "contains forbidden chars from '\"`<>"),
        ("/v1/a/c/" + "é" * 250, "longer than the allowed maximum 255"),
        ("/v1/a/../o", "contains a forbidden substring from regular expression"),
        ("/v1/a/c/.", "contains a forbidden substring from regular expression"),
    ],
)
def test_bad_names(path: str, text: str) -> None:
    with pytest.raises(Rejected) as caught:
        Client(NameCheck(SwiftApp(), NameCheckSettings()))("GET", path)
    assert caught.value.status == 400
    assert caught.value.text.startswith(f"Object/Container/Account name {text}")


def test_good_names() -> None:
    client = Client(NameCheck(SwiftApp(), NameCheckSettings()))
    assert client("GET", "/v1/a/c/" + "é" * 240 + "/..x").status == 200
    settings = NameCheckSettings(forbidden_chars="", forbidden_regexp="")
    assert Client(NameCheck(SwiftApp(), settings))("GET", "/v1/../<").status == 200


def test_a_bad_expression_is_told_at_start() -> None:
    with pytest.raises(BadSettings, match="forbidden_regexp: is no regular"):
        name_check.filter_factory({}, forbidden_regexp="(")
