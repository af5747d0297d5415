"""tempurl: what is signed opens, everything else is 401; headers in and out."""

from __future__ import annotations

import base64
import hmac
import time
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from objectstore.kernel.access import AccessRules
from objectstore.kernel.errors import Rejected
from objectstore.kernel.request import Request
from objectstore.kernel.settings import BadSettings
from objectstore.middleware.signed.disposition import disposition
from objectstore.middleware.signed.header_rules import HeaderRules
from objectstore.middleware.signed.signatures import digests_shown, read_signature, sign
from objectstore.middleware.signed.ticket import read_time
from objectstore.middleware.tempurl import (
    Tempurl,
    TempurlSettings,
    filter_factory,
)
from test.fakes.swift_app import (
    Answer,
    Client,
    Got,
    KnownFacts,
    SteppedClock,
    SwiftApp,
    make_environ,
)

NOW = 1_700_000_000
LATER = NOW + 60
PATH = "/v1/a/c/dir/ö bj"
ACCOUNT = {
    "X-Account-Meta-Temp-Url-Key": "akey",
    "X-Account-Meta-Temp-Url-Key-2": "akéy2",
}
CONTAINER = {
    "X-Container-Meta-Temp-Url-Key": "ckey",
    "X-Container-Meta-Temp-Url-Key-2": "ckey2",
}


class House:
    def __init__(self, **settings: Any) -> None:
        self.server = SwiftApp()
        facts = KnownFacts({"a": ACCOUNT}, {("a", "c"): CONTAINER})
        made = TempurlSettings(**{"allowed_digests": "sha1 sha256 sha512", **settings})
        self.client = Client(Tempurl(self.server, made, SteppedClock(NOW)), facts)

    def ask(
        self,
        method: str = "GET",
        path: str = PATH,
        headers: dict[str, str] | None = None,
        *,
        extra: str = "",
        expires: object = LATER,
        sig: str = "",
        **signing: Any,
    ) -> Got:
        sig = sig or signature(**signing)
        query = urlencode({"temp_url_sig": sig, "temp_url_expires": expires})
        return self.client(method, f"{path}?{query}{extra}", headers)

    def refused(self, *arguments: Any, **options: Any) -> bool:
        try:
            self.ask(*arguments, **options)
        except Rejected as error:
            assert error.status == 401
            assert error.text == "401 Unauthorized: Temp URL invalid\n"
            assert error.headers[0][0] == "WWW-Authenticate"
            assert not self.server.seen
            return True
        return False


def signature(
    key: str = "akey",
    signed: str = "GET",
    on: str = PATH,
    until: int = LATER,
    digest: str = "sha256",
    form: str = "hex",
    ip: str = "",
) -> str:
    text = f"{signed}\n{until}\n{on}".encode()
    if ip:
        text = f"ip={ip}\n".encode() + text
    raw = hmac.new(key.encode(), text, digest).digest()
    if form == "hex":
        return raw.hex()
    encode = base64.urlsafe_b64encode if form == "url" else base64.b64encode
    return f"{digest}:" + encode(raw).decode().rstrip("=" if form == "bare" else "")


@pytest.mark.parametrize("key", ["akey", "akéy2", "ckey", "ckey2"])
@pytest.mark.parametrize("digest", ["sha1", "sha256", "sha512"])
@pytest.mark.parametrize("form", ["hex", "base64", "url", "bare"])
def test_every_key_digest_and_form(key: str, digest: str, form: str) -> None:
    house = House()
    assert house.ask(key=key, digest=digest, form=form).status == 200
    assert house.server.last.path == PATH


@pytest.mark.parametrize("method", ["GET", "PUT", "POST", "DELETE"])
def test_the_method_is_signed(method: str) -> None:
    assert House().ask(method, signed=method).status == 200
    other = "PUT" if method == "GET" else "GET"
    assert House().refused(other, signed=method)
    assert House().refused("HEAD", signed=method) is (method == "DELETE")


def test_head_by_its_own_signature() -> None:
    assert House().ask("HEAD", signed="HEAD").status == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"key": "other"},
        {"on": "/v1/a/c/dir"},
        {"until": LATER + 1},
        {"expires": NOW - 1, "until": NOW - 1},
        {"expires": "soon"},
        {"expires": ""},
        {"sig": "0" * 64},
        {"sig": "sha256:!!"},
        {"sig": "md5:" + "A" * 22},
        {"sig": "sha1:" + "A" * 43},
        {"path": "/v1/a/c", "on": "/v1/a/c"},
        {"path": "/v2/a/c/dir/ö bj"},
        {"extra": "&temp_url_prefix=dir"},
        {"extra": "&temp_url_ip_range=10.0.0.0/8"},
    ],
)
def test_what_is_wrong(wrong: dict[str, Any]) -> None:
    assert House().refused(**wrong)


def test_half_a_signature_is_none() -> None:
    client = House().client
    for query in ("temp_url_sig=abc", f"temp_url_expires={LATER}"):
        with pytest.raises(Rejected, match="401"):
            client("GET", f"{PATH}?{query}")


def test_digests_and_methods_are_the_operators_choice() -> None:
    assert House(allowed_digests="sha256").refused(digest="sha1")
    assert House(methods="GET").refused("PUT", signed="PUT")
    with pytest.raises(BadSettings):
        filter_factory({}, allowed_digests="md5")
    assert filter_factory({})(SwiftApp())


def test_iso_times() -> None:
    text = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(LATER))
    assert House().ask(expires=text).status == 200
    assert read_time("2011-12-10T01:11:25Z") == 1323479485


def test_prefixes() -> None:
    signing = {"on": "prefix:/v1/a/c/dir/", "extra": "&temp_url_prefix=dir/"}
    assert House().ask(**signing).status == 200
    assert House().ask(path="/v1/a/c/dir/other", **signing).status == 200
    assert House().refused(path="/v1/a/c/dirt", **signing)
    signing = {"on": "prefix:/v1/a/c/", "extra": "&temp_url_prefix="}
    assert House().ask(**signing).status == 200


@pytest.mark.parametrize(
    ("ip_range", "good"),
    [
        ("10.1.2.3", True),
        ("10.1.2.0/24", True),
        ("10.9.0.0/16", False),
        ("nonsense", False),
        ("::/0", False),
    ],
)
def test_addresses(ip_range: str, good: bool) -> None:
    extra = f"&temp_url_ip_range={quote(ip_range)}"
    assert House().refused(ip=ip_range, extra=extra) is not good


def test_what_the_bearer_may_reach() -> None:
    def allowed(key: str, signed: str, method: str, path: str, **more: Any) -> bool:
        house = House()
        house.ask(signed, signed=signed, key=key, **more)
        authorize = house.server.last.context.authorize
        assert authorize is not None
        try:
            authorize(Request(make_environ(method, path)), AccessRules())
        except Rejected:
            return False
        return True

    assert allowed("akey", "GET", "GET", "/v1/a/other/segment")
    assert not allowed("akey", "GET", "GET", "/v1/b/c/o")
    assert allowed("ckey", "GET", "GET", "/v1/a/c/segment")
    assert not allowed("ckey", "GET", "GET", "/v1/a/other/segment")
    assert allowed("akey", "PUT", "PUT", PATH)
    assert not allowed("akey", "PUT", "PUT", "/v1/a/c/elsewhere")
    # Parts of a large object are listed, a container is not.
    assert not allowed("akey", "GET", "GET", "/v1/a/c")
    assert not allowed("akey", "GET", "GET", "/v1/a")
    signing = {"on": "prefix:/v1/a/c/dir", "extra": "&temp_url_prefix=dir"}
    assert allowed("akey", "PUT", "PUT", "/v1/a/c/dir/x", **signing)
    assert not allowed("akey", "PUT", "PUT", "/v1/a/d/dir/x", **signing)


@pytest.mark.parametrize(
    "name", ["X-Object-Manifest", "X-Symlink-Target", "X-Copy-From"]
)
def test_pointers_are_refused(name: str) -> None:
    with pytest.raises(Rejected) as caught:
        House().ask("PUT", PATH, {name: "x"}, signed="PUT")
    assert caught.value.status == 400
    assert caught.value.text == f"The header '{name}' is not allowed in this tempurl"
    assert House().ask("GET", PATH, {name: "x"}).status == 200


def test_headers_in_and_out() -> None:
    house = House(
        incoming_remove_headers="x-timestamp x-object-meta-*",
        incoming_allow_headers="x-object-meta-ok",
    )
    house.server.default = Answer(
        200, [("X-Object-Meta-Secret", "1"), ("X-Object-Meta-Public-A", "2")]
    )
    sent = {"X-Timestamp": "1", "X-Object-Meta-A": "1", "X-Object-Meta-Ok": "1"}
    got = house.ask("PUT", PATH, sent, signed="PUT")
    assert "X-Timestamp" not in house.server.last.headers
    assert "X-Object-Meta-A" not in house.server.last.headers
    assert house.server.last.headers["X-Object-Meta-Ok"] == "1"
    assert "X-Object-Meta-Secret" not in got.headers
    assert got.headers["X-Object-Meta-Public-A"] == "2"
    assert "Content-Disposition" not in got.headers


def test_only_its_own_parameters_go_on() -> None:
    house = House()
    house.ask(extra="&multipart-manifest=get&filename=x&temp_url_ip_range=")
    assert house.server.last.query == f"temp_url_expires={LATER}"


def test_disposition_and_expiry() -> None:
    house = House()
    got = house.ask()
    assert got.headers["Expires"] == "Tue, 14 Nov 2023 22:14:20 GMT"
    name = "%C3%B6%20bj"
    plain = "attachment; filename=\"%C3%B6 bj\"; filename*=UTF-8''"
    assert got.headers["Content-Disposition"] == plain + name
    house.server.default = Answer(200, [("Content-Disposition", "own")])
    assert house.ask().headers["Content-Disposition"] == "own"
    got = house.ask(extra="&filename=a%22b.txt")
    shown = "attachment; filename=\"a%22b.txt\"; filename*=UTF-8''a%22b.txt"
    assert got.headers["Content-Disposition"] == shown
    assert house.ask(extra="&inline").headers["Content-Disposition"] == "inline"
    got = house.ask(extra="&inline=1&filename=x")
    assert got.headers["Content-Disposition"].startswith('inline; filename="x"')
    house.server.default = Answer(404)
    assert "Content-Disposition" not in house.ask().headers


def test_other_requests_pass_untouched() -> None:
    house = House()
    house.client("GET", PATH + "?x=temp_url_sig")
    house.client("OPTIONS", PATH + "?temp_url_sig=1")
    assert [seen.context.authorize for seen in house.server.seen] == [None, None]


texts = st.text(min_size=1, max_size=12)


@given(
    texts,
    st.sampled_from(["GET", "PUT"]),
    texts,
    st.integers(0, 2**40),
    st.sampled_from(["sha1", "sha256", "sha512"]),
    st.sampled_from(["", "10.0.0.1"]),
)
def test_signing_is_injective_enough(
    key: str, method: str, path: str, expires: int, digest: str, ip: str
) -> None:
    made = sign(key, method, path, expires, digest, ip)
    assert read_signature(made) == (digest, made)
    raw = bytes.fromhex(made)
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        assert read_signature(f"{digest}:{encode(raw).decode()}") == (digest, made)
    assert sign(key + "x", method, path, expires, digest, ip) != made
    assert sign(key, method, path + "x", expires, digest, ip) != made
    assert sign(key, method, path, expires + 1, digest, ip) != made


@given(st.text(max_size=80))
def test_any_signature_text_is_read(text: str) -> None:
    digest, made = read_signature(text)
    assert digest in ("", "sha1", "sha256", "sha512")
    assert isinstance(made, str)


@given(st.text(max_size=20), st.text(max_size=20), st.booleans())
def test_dispositions_hold_no_line_breaks(own: str, name: str, inline: bool) -> None:
    assert "\n" not in disposition(own, name, name, is_inline=inline)


def test_header_rules() -> None:
    rules = HeaderRules(["X-A", "x-b-*"], ["x-b-ok"])
    kept = [n for n in ("x-a", "X-B-1", "X-B-Ok", "X-C") if rules.keeps(n)]
    assert kept == ["X-B-Ok", "X-C"]


def test_info_tells_which_digests_are_old() -> None:
    assert digests_shown(("sha512", "sha256")) == {
        "allowed_digests": ["sha256", "sha512"]
    }
    assert digests_shown(("sha256", "sha1")) == {
        "allowed_digests": ["sha1", "sha256"],
        "deprecated_digests": ["sha1"],
    }
