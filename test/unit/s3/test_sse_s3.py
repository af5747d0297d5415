"""SSE-S3 over the real filter: asked for, by default, through either face."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest

from objectstore.middleware.crypto.keys import Keys
from objectstore.middleware.encryption import Encryption, EncryptionSettings
from objectstore.middleware.object_versioning import ObjectVersioning
from objectstore.middleware.slo import filter_factory as slo
from test.unit.proxy.cluster import Cluster
from test.unit.s3.house import ALICE, Answer, House
from test.unit.s3.test_multipart import finish, part
from test.unit.s3.test_versions import ENABLE

HEADER = "x-amz-server-side-encryption"
ASKED = {HEADER: "AES256"}
BODY = b"<never on any device in plain>" * 10
DEFAULT = (
    b"<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>"
    b"<SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault>"
    b"</Rule></ServerSideEncryptionConfiguration>"
)
SECRETS = {"": bytes(range(32)), "kms-tax-2027": bytes(range(32, 64))}
SEGMENTS = f"/{ALICE.account}/bucket+segments"


def made(*, only_on_request: bool) -> House:
    """A house with a bucket."""
    house = over(Cluster(), SECRETS, only_on_request=only_on_request)
    house.bucket()
    return house


def over(
    cluster: Cluster, secrets: dict[str, bytes], *, only_on_request: bool
) -> House:
    """A house on those nodes, with those secrets."""
    settings = EncryptionSettings(only_on_request=only_on_request)

    def features(app: Any) -> Any:
        sealing = Encryption(app, settings, Keys(secrets, ""))
        return slo({})(ObjectVersioning(sealing, cluster.clock))

    return House(cluster=cluster, features_over=features)


@pytest.fixture
def house() -> House:
    return made(only_on_request=True)


def is_plain(house: House, path: str) -> bool:
    stored = house.cluster.ask("GET", path)
    assert stored.status == 200, path
    return stored.body == BODY


def swift_put(house: House, key: str) -> Answer:
    environ = house.bare("PUT", f"/v1/{ALICE.account}/bucket/{key}", "", BODY)
    environ["HTTP_X_AUTH_TOKEN"] = "t"
    return house.send(environ)


def test_an_object_is_encrypted_when_asked(house: House) -> None:
    path = f"/{ALICE.account}/bucket"
    put = house.ask("PUT", "/bucket/sealed", body=BODY, headers=ASKED)
    plain = house.ask("PUT", "/bucket/plain", body=BODY)
    assert (put.headers[HEADER], plain.headers.get(HEADER)) == ("AES256", None)
    assert put.headers["etag"] == plain.headers["etag"]
    assert not is_plain(house, f"{path}/sealed")
    assert is_plain(house, f"{path}/plain")
    for key, shown in (("sealed", "AES256"), ("plain", None)):
        for method in ("GET", "HEAD"):
            got = house.ask(method, f"/bucket/{key}")
            assert got.headers.get(HEADER) == shown
            assert got.headers["content-length"] == str(len(BODY))
        assert house.ask("GET", f"/bucket/{key}").body == BODY
    ranged = house.ask("GET", "/bucket/sealed", headers={"Range": "bytes=3-9"})
    assert ranged.body == BODY[3:10]
    listed = house.ask("GET", "/bucket").xml
    assert {node.get("ETag") for node in listed.all("Contents")} == {
        put.headers["etag"]
    }


def test_a_bucket_may_want_it_always(house: House) -> None:
    missing = house.ask("GET", "/bucket", "encryption=")
    assert missing.code == "ServerSideEncryptionConfigurationNotFoundError"
    assert house.ask("PUT", "/bucket", "encryption=", DEFAULT).status == 200
    assert b"AES256" in house.ask("GET", "/bucket", "encryption=").body
    assert house.ask("PUT", "/bucket/k", body=BODY).headers[HEADER] == "AES256"
    assert swift_put(house, "swift").status == 201
    for key in ("k", "swift"):
        assert not is_plain(house, f"/{ALICE.account}/bucket/{key}")
        got = house.ask("GET", f"/bucket/{key}")
        assert (got.body, got.headers[HEADER]) == (BODY, "AES256")
    assert house.ask("DELETE", "/bucket", "encryption=").status == 204
    assert HEADER not in house.ask("PUT", "/bucket/k", body=BODY).headers
    assert is_plain(house, f"/{ALICE.account}/bucket/k")


def test_no_empty_header_gets_round_a_buckets_wish(house: House) -> None:
    house.ask("PUT", "/bucket", "encryption=", DEFAULT)
    for name in ("algorithm", "key", "key-md5"):
        empty = {f"{HEADER}-customer-{name}": ""}
        refused = house.ask("PUT", "/bucket/k", body=BODY, headers=empty)
        assert refused.code == "InvalidEncryptionAlgorithmError"
    assert house.ask("HEAD", "/bucket/k").status == 404


def test_what_is_not_encrypted_may_replace_what_is(house: House) -> None:
    put = house.ask("PUT", "/bucket/k", body=BODY, headers=ASKED)
    other = {"If-Match": '"ec1405aa98d1e9ac06d0c6da3d8a4a3a"'}
    assert house.ask("PUT", "/bucket/k", body=b"new", headers=other).status == 412
    held = {"If-Match": put.headers["etag"]}
    assert house.ask("PUT", "/bucket/k", body=b"new", headers=held).status == 200
    assert house.ask("PUT", "/bucket/k", body=b"newer", headers=held).status == 412


def test_versions_begin_over_what_is_encrypted(house: House) -> None:
    house.ask("PUT", "/bucket/k", body=BODY, headers=ASKED)
    house.ask("PUT", "/bucket", "versioning=", ENABLE)
    assert house.ask("PUT", "/bucket/k", body=b"new").status == 200
    assert house.ask("GET", "/bucket/k").body == b"new"
    assert house.ask("GET", "/bucket/k", "versionId=null").body == BODY
    versions = house.ask("GET", "/bucket", "versions=").xml
    assert len(list(versions.all("Version"))) == 2


def test_copies_go_by_their_own_wish(house: House) -> None:
    house.ask("PUT", "/bucket/from", body=BODY, headers=ASKED)
    source = {"x-amz-copy-source": "/bucket/from"}
    house.ask("PUT", "/bucket/plain", headers=source)
    sealed = house.ask("PUT", "/bucket/sealed", headers={**source, **ASKED})
    assert sealed.headers[HEADER] == "AES256"
    assert is_plain(house, f"/{ALICE.account}/bucket/plain")
    assert not is_plain(house, f"/{ALICE.account}/bucket/sealed")
    assert house.ask("GET", "/bucket/sealed").body == BODY


def test_parts_of_uploads(house: House) -> None:
    begun = house.ask("POST", "/bucket/key", "uploads=", headers=ASKED)
    assert begun.headers[HEADER] == "AES256"
    upload = begun.xml.get("UploadId")
    etags = {number: part(house, upload, number, BODY) for number in (1, 2)}
    listed = house.ask("GET", "/bucket/key", f"uploadId={upload}").xml
    assert [node.get("ETag") for node in listed.all("Part")] == list(etags.values())
    done = finish(house, upload, etags)
    assert (done.status, done.headers[HEADER]) == (200, "AES256")
    names = house.cluster.ask("GET", SEGMENTS, query="prefix=parts/").text().split()
    assert [is_plain(house, f"{SEGMENTS}/{name}") for name in names] == [False, False]
    assert house.ask("GET", "/bucket/key").body == BODY * 2


def test_versions(house: House) -> None:
    house.ask("PUT", "/bucket", "versioning=", ENABLE)
    first = house.ask("PUT", "/bucket/k", body=BODY, headers=ASKED)
    version = first.headers["x-amz-version-id"]
    house.ask("PUT", "/bucket/k", body=b"plain")
    got = house.ask("GET", "/bucket/k", f"versionId={version}")
    assert (got.body, got.headers[HEADER]) == (BODY, "AES256")
    etag = house.ask("HEAD", "/bucket/k").headers["etag"]
    deleted = house.ask("DELETE", "/bucket/k", headers={"If-Match": etag})
    assert deleted.status == 204


def test_conditions_hold(house: House) -> None:
    etag = house.ask("PUT", "/bucket/k", body=BODY, headers=ASKED).headers["etag"]
    again = {**ASKED, "If-Match": etag}
    assert house.ask("PUT", "/bucket/k", body=b"x", headers=again).status == 200
    assert house.ask("PUT", "/bucket/k", body=b"y", headers=again).status == 412
    refused = house.ask("DELETE", "/bucket/k", headers={"If-Match": etag})
    assert refused.status == 412
    etag = house.ask("HEAD", "/bucket/k").headers["etag"]
    assert house.ask("DELETE", "/bucket/k", headers={"If-Match": etag}).status == 204


def test_wishes_that_nobody_fulfils(house: House) -> None:
    twice = {HEADER: "aws:kms:dsse"}
    assert house.ask("PUT", "/bucket/k", body=b"x", headers=twice).status == 501
    context = {HEADER: "aws:kms", f"{HEADER}-context": "e30="}
    assert house.ask("PUT", "/bucket/k", body=b"x", headers=context).status == 501
    bad = house.ask("PUT", "/bucket/k", body=b"x", headers={HEADER: "AES512"})
    assert bad.code == "InvalidArgument"


@pytest.mark.parametrize(
    "headers",
    [
        {**ASKED, f"{HEADER}-customer-algorithm": "AES256"},
        {HEADER: "aws:kms", f"{HEADER}-customer-algorithm": "AES256"},
        {**ASKED, f"{HEADER}-aws-kms-key-id": "key"},
        {f"{HEADER}-aws-kms-key-id": "key"},
    ],
)
def test_wishes_that_contradict_each_other(
    house: House, headers: dict[str, str]
) -> None:
    answer = house.ask("PUT", "/bucket/k", body=b"x", headers=headers)
    assert answer.code == "InvalidArgument"
    begun = house.ask("POST", "/bucket/k", "uploads=", headers=headers)
    assert begun.code == "InvalidArgument"
    assert house.ask("HEAD", "/bucket/k").status == 404


@pytest.mark.parametrize("wish", [ASKED, {f"{HEADER}-aws-kms-key-id": "key"}])
def test_readers_do_not_say_how_objects_are_encrypted(
    house: House, wish: dict[str, str]
) -> None:
    house.ask("PUT", "/bucket/k", body=BODY, headers=ASKED)
    assert house.ask("GET", "/bucket/k", headers=wish).code == "InvalidArgument"
    assert house.ask("HEAD", "/bucket/k", headers=wish).status == 400


def test_where_everything_is_encrypted_everything_says_so() -> None:
    house = made(only_on_request=False)
    assert b"AES256" in house.ask("GET", "/bucket", "encryption=").body
    assert house.ask("PUT", "/bucket/k", body=BODY).headers[HEADER] == "AES256"
    assert not is_plain(house, f"/{ALICE.account}/bucket/k")


def test_a_bucket_may_block_keys_that_clients_bring(house: House) -> None:
    key = base64.b64encode(b"k" * 32).decode()
    digest = base64.b64encode(hashlib.md5(b"k" * 32).digest()).decode()
    name = "x-amz-server-side-encryption-customer-"
    headers = {
        f"{name}algorithm": "AES256",
        f"{name}key": key,
        f"{name}key-md5": digest,
    }

    def blocked(kind: str) -> int:
        root = "ServerSideEncryptionConfiguration"
        types = f"<EncryptionType>{kind}</EncryptionType>"
        rule = f"<Rule><BlockedEncryptionTypes>{types}</BlockedEncryptionTypes></Rule>"
        body = f"<{root}>{rule}</{root}>".encode()
        return house.ask("PUT", "/bucket", "encryption=", body).status

    assert blocked("SSE-X") == 400
    assert blocked("SSE-C") == 200
    for method, query in (("PUT", ""), ("POST", "uploads=")):
        answer = house.ask(method, "/bucket/k", query, b"", headers)
        assert answer.code == "AccessDenied"
    assert house.ask("PUT", "/bucket/k", body=BODY).status == 200
    assert blocked("NONE") == 200
    assert house.ask("PUT", "/bucket/k", "", BODY, headers).status == 200
