"""The short way of plain reads: the same replies, and never past a rule."""

from __future__ import annotations

from base64 import b64encode
from typing import Any
from zlib import crc32

import pytest

from objectstore.kernel.access import Identity
from objectstore.kernel.errors import Corrupt, Unavailable
from objectstore.middleware import dlo, symlink
from objectstore.middleware.large_objects import static_read
from objectstore.middleware.object_versioning import ObjectVersioning
from objectstore.middleware.slo import filter_factory as slo
from objectstore.s3.filter import S3Filter
from objectstore.s3.lock_guard import LockGuard
from objectstore.s3.plain_reads import MARKS
from test.unit.proxy.cluster import Cluster
from test.unit.s3.house import ALICE, BOB, GUEST, SMALL_PARTS, FakeAuth, House

BUCKET = f"/v1/{ALICE.account}/bucket"


class Auth(FakeAuth):
    """Passed by like the house's own; remembers whose secrets it was asked for."""

    def __init__(self, app: Any) -> None:
        super().__init__(app)
        self.asked: list[str] = []

    def secret_for(self, access_key: str) -> tuple[Identity, str] | None:
        self.asked.append(access_key)
        return super().secret_for(access_key)


Auth.__module__ = "test.tempauth"


class Counted:
    """Counts what reaches the server."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self.requests: list[str] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        self.requests.append(environ["REQUEST_METHOD"])
        return self._app(environ, start_response)


class PlainHouse(House):
    """All filters that plain reads pass by, over a server that counts."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.server = Counted(self.proxy)
        clock = self.clock
        app: Any = ObjectVersioning(self.server, clock)
        app = slo({})(dlo.filter_factory({})(symlink.filter_factory({})(app)))
        self.app = S3Filter(Auth(LockGuard(app)), self.settings, clock)

    def read(self, method: str = "GET", **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.server.requests.clear()
        return self.ask(method, "/bucket/key", headers=named)

    @property
    def goes_straight(self) -> bool:
        """Whether a read of the key passes all filters by."""
        took: list[bool] = []
        plain = self.app._plain_reads

        class Watched:
            def answer(self, *arguments: Any) -> Any:
                found = plain.answer(*arguments)
                took.append(isinstance(found, list | tuple))
                return found

        self.app._plain_reads = Watched()
        try:
            self.read()
        finally:
            self.app._plain_reads = plain
        return took == [True]


@pytest.fixture
def house() -> PlainHouse:
    made = PlainHouse(SMALL_PARTS, Cluster())
    made.bucket()
    assert made.ask("PUT", "/bucket/key", body=b"body").status == 200
    return made


def same(house: PlainHouse, method: str, **headers: str) -> None:
    """Plain or not: the reply is the same."""
    plain = house.read(method, **headers)
    long = house.read(method, Origin="http://nobody.test", **headers)
    assert (plain.status, plain.body) == (long.status, long.body)
    assert plain.headers == long.headers


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_both_ways_give_the_same_reply(house: PlainHouse, method: str) -> None:
    body = b"body of it"
    metadata = {
        "Content-Type": "text/plain",
        "Cache-Control": "no-cache",
        "Content-Language": "de",
        "x-amz-meta-colour": "red",
        "x-amz-meta-long": "x" * 1000,
        "x-amz-tagging": "a=1&b=2",
        "x-amz-checksum-crc32": b64encode(crc32(body).to_bytes(4)).decode(),
        "x-amz-storage-class": "STANDARD_IA",
        "x-amz-website-redirect-location": "/elsewhere",
    }
    answer = house.ask("PUT", "/bucket/key", body=body, headers=metadata)
    assert answer.status == 200, answer.body
    assert house.goes_straight
    same(house, method)
    same(house, method, x_amz_checksum_mode="ENABLED")
    checked = house.read(method, x_amz_checksum_mode="ENABLED")
    assert checked.headers["x-amz-checksum-type"] == "FULL_OBJECT"
    assert house.read(method).headers["x-amz-meta-colour"] == "red"
    assert house.read(method).headers["x-amz-tagging-count"] == "2"


def test_a_plain_read_asks_once(house: PlainHouse) -> None:
    for method in ("GET", "HEAD"):
        assert house.read(method).status == 200
        assert house.server.requests == [method]


@pytest.mark.parametrize("value", ["Grüße", "=?x?="])
def test_metadata_beyond_ascii_is_the_same(house: PlainHouse, value: str) -> None:
    headers = {"x-amz-meta-a": value}
    assert house.ask("PUT", "/bucket/key", body=b"b", headers=headers).status == 200
    same(house, "GET")


def test_what_is_not_there_is_asked_for_once(house: PlainHouse) -> None:
    for method in ("GET", "HEAD"):
        house.server.requests.clear()
        answer = house.ask(method, "/bucket/nothing")
        assert answer.status == 404
        assert house.server.requests == [method]
    assert house.ask("GET", "/bucket/nothing").code == "NoSuchKey"
    assert house.ask("GET", "/nobucket/key").code == "NoSuchBucket"


@pytest.mark.parametrize("user", [BOB, GUEST, None])
def test_nobody_but_the_owner_is_let_past(house: PlainHouse, user: Any) -> None:
    assert house.ask("GET", "/bucket/key", user=user).status in (403, 404)
    assert house.ask("GET", "/bucket/key").status == 200


POLICY = (
    b'{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*",'
    b'"Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/*"}]}'
)
LIFECYCLE = (
    b"<LifecycleConfiguration><Rule><Status>Enabled</Status><Filter/>"
    b"<Expiration><Days>3</Days></Expiration></Rule></LifecycleConfiguration>"
)
VERSIONING = (
    b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
)
LOGGING = (
    b"<BucketLoggingStatus><LoggingEnabled><TargetBucket>bucket</TargetBucket>"
    b"<TargetPrefix>log/</TargetPrefix></LoggingEnabled></BucketLoggingStatus>"
)


@pytest.mark.parametrize(
    ("document", "body"),
    [
        ("policy", POLICY),
        ("lifecycle", LIFECYCLE),
        ("versioning", VERSIONING),
        ("logging", LOGGING),
    ],
)
def test_a_bucket_with_rules_takes_the_long_way_at_once(
    house: PlainHouse, document: str, body: bytes
) -> None:
    assert house.goes_straight
    answer = house.ask("PUT", "/bucket", document, body)
    assert answer.status in (200, 204), answer.body
    assert not house.goes_straight
    if document == "policy":
        assert house.read().status == 403
        assert house.ask("DELETE", "/bucket", "policy").status == 204
        assert house.goes_straight
        assert house.read().status == 200


def test_rules_that_came_through_another_process_hold_when_the_facts_do(
    house: PlainHouse,
) -> None:
    """The short way asks the same cache of facts as all others: what it says of the
    bucket now is what holds, and nothing is remembered beside it."""
    assert house.goes_straight
    other = PlainHouse(SMALL_PARTS, house.cluster)
    assert other.ask("PUT", "/bucket", "policy", POLICY).status == 204
    house.proxy.facts.forget_container(ALICE.account, "bucket")  # its time has run out
    assert not house.goes_straight
    assert house.read().status == 403


def test_an_object_lock_is_shown(house: PlainHouse) -> None:
    made = {"x-amz-bucket-object-lock-enabled": "true"}
    assert house.ask("PUT", "/locked", headers=made).status == 200
    held = {"x-amz-object-lock-legal-hold": "ON"}
    assert house.ask("PUT", "/locked/key", body=b"b", headers=held).status == 200
    answer = house.ask("HEAD", "/locked/key")
    assert answer.headers["x-amz-object-lock-legal-hold"] == "ON"


def swift(
    house: PlainHouse, method: str, path: str, body: bytes, **headers: str
) -> Any:
    query = headers.pop("query", "")
    environ = house.bare(method, path, query, body)
    environ["HTTP_X_AUTH_TOKEN"] = "t"
    environ["ringstack.context"].is_owner = True
    for name, value in headers.items():
        environ[f"HTTP_{name.upper()}"] = value
    answer = house.send(environ)
    assert answer.status < 300, answer
    return answer


def test_links_and_large_objects_are_read_whole(house: PlainHouse) -> None:
    assert {static_read.SLO_SIZE, dlo.MANIFEST, symlink.STORED_TARGET} == MARKS
    swift(house, "PUT", f"{BUCKET}/part-1", b"abc")
    swift(house, "PUT", f"{BUCKET}/part-2", b"def")
    swift(house, "PUT", f"{BUCKET}/key", b"", x_object_manifest="bucket/part-")
    same(house, "GET")
    assert house.read().body == b"abcdef"
    swift(house, "PUT", f"{BUCKET}/key", b"", x_symlink_target="bucket/part-2")
    same(house, "GET")
    assert house.read().body == b"def"
    manifest = b'[{"path":"/bucket/part-2"},{"path":"/bucket/part-1"}]'
    swift(house, "PUT", f"{BUCKET}/key", manifest, query="multipart-manifest=put")
    same(house, "GET")
    assert house.read().body == b"defabc"
    assert house.read().headers["etag"].endswith('-1"')


def test_hidden_containers_stay_hidden(house: PlainHouse) -> None:
    swift(house, "PUT", f"/v1/{ALICE.account}/bucket+segments", b"")
    swift(house, "PUT", f"/v1/{ALICE.account}/bucket+segments/part", b"abc")
    assert house.ask("GET", "/bucket+segments/part").code == "InvalidBucketName"


def test_the_access_line_knows_who_asked(house: PlainHouse) -> None:
    environ = house.environ("GET", "/bucket/key")
    assert house.send(environ).status == 200
    assert environ["ringstack.context"].identity.user == ALICE.name


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Unavailable("nobody answers"), 503, "ServiceUnavailable"),
        (Corrupt("there is no root secret '2027'"), 500, "InternalError"),
        (ValueError("a mistake of ours"), 500, "InternalError"),
    ],
)
def test_failures_are_told_in_xml(error: Exception, status: int, code: str) -> None:
    house = PlainHouse()
    house.bucket()
    house.ask("PUT", "/bucket/key", body=b"data")
    for _ in range(3):
        assert house.read().body == b"data"
    assert house.goes_straight
    server = house.server

    def failing(environ: dict[str, Any], start_response: Any) -> Any:
        raise error

    server._app = failing
    for method, headers in (("GET", {}), ("GET", {"Range": "bytes=0-1"}), ("HEAD", {})):
        answer = house.read(method, **headers)
        assert answer.status == status
        assert answer.headers["content-type"] == "application/xml"
        assert answer.headers["x-amz-request-id"]
        if method == "GET":
            assert answer.code == code
        # Once: whoever cannot be reached must not be waited for twice.
        assert len(server.requests) == 1
    assert house.ask("PUT", "/bucket/key", body=b"x").code == code
