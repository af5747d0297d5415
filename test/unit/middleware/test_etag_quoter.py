"""etag_quoter: whose ETags get quotes."""

from __future__ import annotations

import pytest

from objectstore.middleware.etag_quoter import EtagQuoter, EtagQuoterSettings
from test.fakes.swift_app import Answer, Client, KnownFacts, SwiftApp


@pytest.mark.parametrize(
    ("container", "account", "default", "quoted"),
    [
        ("", "", False, False),
        ("", "", True, True),
        ("True", "", False, True),
        ("False", "True", True, False),
        ("", "True", False, True),
    ],
)
def test_etags(container: str, account: str, default: bool, quoted: bool) -> None:
    facts = KnownFacts(
        {"a": {"X-Account-Sysmeta-Rfc-Compliant-Etags": account}},
        {("a", "c"): {"X-Container-Sysmeta-Rfc-Compliant-Etags": container}},
    )
    server = SwiftApp()
    server.default = Answer(200, [("Etag", "abc")])
    client = Client(EtagQuoter(server, EtagQuoterSettings(default)), facts)
    got = client("GET", "/v1/a/c/o")
    assert got.headers["Etag"] == ('"abc"' if quoted else "abc")
    server.default = Answer(200, [("Etag", 'W/"abc"')])
    assert client("GET", "/v1/a/c/o").headers["Etag"] == 'W/"abc"'


def test_the_etag_setting_is_kept_and_shown() -> None:
    server = SwiftApp()
    client = Client(EtagQuoter(server, EtagQuoterSettings()))
    public = "X-Container-Rfc-Compliant-Etags"
    stored = "X-Container-Sysmeta-Rfc-Compliant-Etags"
    for sent, kept in (("yes", "True"), ("no", "False"), ("", "")):
        client("POST", "/v1/a/c", {public: sent})
        assert server.last.headers[stored] == kept
    client("POST", "/v1/a/c", {"X-Remove-Container-Rfc-Compliant-Etags": "x"})
    assert server.last.headers[stored] == ""
    server.default = Answer(204, [(stored, "True")])
    assert client("HEAD", "/v1/a/c").headers[public] == "True"
