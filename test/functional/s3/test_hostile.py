"""Clients that mean ill, or do not know better: over sockets, byte by byte.

Each reply is checked for its status, its code and that nothing was changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from lxml import etree

from test.functional.harness.http import Answer, Client
from test.functional.harness.store import Store, wait_for
from test.functional.harness.users import GUEST, STRANGER, TESTER, User
from test.functional.s3.conftest import REGION, Boto

Ask = Callable[..., Answer]


@pytest.fixture
def anybody(s3_store: Store) -> Iterator[Client]:
    client = Client(s3_store.endpoint())
    yield client
    client.close()


@pytest.fixture
def ask(s3_store: Store, anybody: Client) -> Ask:
    """``ask(method, path, headers, body, change=f)``: signed, then changed by ``f``."""

    def asked(
        method: str,
        path: str,
        headers: dict[str, str] | None = None,
        body: bytes = b"",
        user: User = TESTER,
        region: str = REGION,
        service: str = "s3",
        change: Callable[[dict[str, str]], None] = lambda _: None,
    ) -> Answer:
        url = s3_store.endpoint() + path
        request = AWSRequest(method, url, dict(headers or {}), body)
        request.headers["x-amz-content-sha256"] = hashlib.sha256(body).hexdigest()
        credentials = Credentials(user.login, user.key)
        S3SigV4Auth(credentials, service, region).add_auth(request)
        sent = {name.lower(): str(value) for name, value in request.headers.items()}
        change(sent)
        return anybody.raw(method, path, sent, body or None)

    return asked


def code(answer: Answer) -> str:
    """The error's code, of a reply that any XML parser must understand."""
    found = etree.fromstring(answer.body).findtext("Code")
    assert found is not None
    return str(found)


def moved(headers: dict[str, str], by: timedelta) -> None:
    """Another time; the scope's day goes with it, for near midnight it is another."""
    was, now = headers["x-amz-date"], datetime.now(UTC) + by
    headers["x-amz-date"] = now.strftime("%Y%m%dT%H%M%SZ")
    headers["authorization"] = headers["authorization"].replace(
        f"/{was[:8]}/", f"/{now:%Y%m%d}/"
    )


SPOILED: dict[str, tuple[Callable[[dict[str, str]], None], int, str]] = {
    "signature": (
        lambda h: h.update(authorization=h["authorization"][:-4] + "0000"),
        403,
        "SignatureDoesNotMatch",
    ),
    "non-ASCII signature": (
        lambda h: h.update(authorization=h["authorization"][:-4] + "üüüü"),
        403,
        "SignatureDoesNotMatch",
    ),
    "an unknown key": (
        lambda h: h.update(
            authorization=h["authorization"].replace(TESTER.login, "test:nobody")
        ),
        403,
        "InvalidAccessKeyId",
    ),
    "another's key": (
        lambda h: h.update(
            authorization=h["authorization"].replace(TESTER.login, STRANGER.login)
        ),
        403,
        "SignatureDoesNotMatch",
    ),
    "an hour late": (
        lambda h: moved(h, timedelta(hours=-1)),
        403,
        "RequestTimeTooSkewed",
    ),
    "an hour early": (
        lambda h: moved(h, timedelta(hours=1)),
        403,
        "RequestTimeTooSkewed",
    ),
    "no date": (lambda h: h.pop("x-amz-date"), 403, "AccessDenied"),
    "a header more": (
        lambda h: h.update({"x-amz-acl": "public-read"}),
        403,
        "AccessDenied",
    ),
    "a copy source": (
        lambda h: h.update({"x-amz-copy-source": "/secret/key"}),
        403,
        "AccessDenied",
    ),
    "another payload": (
        lambda h: h.update({"x-amz-content-sha256": "0" * 64}),
        403,
        "SignatureDoesNotMatch",
    ),
    "no payload hash": (
        lambda h: h.pop("x-amz-content-sha256"),
        400,
        "InvalidRequest",
    ),
    "half a header": (
        lambda h: h.update(authorization="AWS4-HMAC-SHA256 Credential=x"),
        400,
        "AuthorizationHeaderMalformed",
    ),
    "nothing after the algorithm": (
        lambda h: h.update(authorization="AWS4-HMAC-SHA256"),
        400,
        "AuthorizationHeaderMalformed",
    ),
    "a thousand signed headers": (
        lambda h: h.update(
            authorization=h["authorization"].replace("host;", "host;" * 1000)
        ),
        400,
        "AuthorizationHeaderMalformed",
    ),
    "another scheme": (
        lambda h: h.update(authorization="Bearer x"),
        400,
        "InvalidArgument",
    ),
}


@pytest.mark.parametrize("how", SPOILED)
def test_what_is_wrong_with_a_signature(
    ask: Ask, s3: Any, bucket: str, how: str
) -> None:
    change, status, wanted = SPOILED[how]
    s3.put_object(Bucket=bucket, Key="k", Body=b"before")
    answer = ask("PUT", f"/{bucket}/k", body=b"after", change=change)
    assert (answer.status, code(answer)) == (status, wanted)
    assert answer.headers["content-type"] == "application/xml"
    assert TESTER.key not in answer.text
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"before"


@pytest.mark.parametrize(
    ("region", "service", "wanted"),
    [
        ("eu-west-1", "s3", "AuthorizationHeaderMalformed"),
        (REGION, "ec2", "AuthorizationHeaderMalformed"),
    ],
)
def test_credentials_for_elsewhere(
    ask: Ask, bucket: str, region: str, service: str, wanted: str
) -> None:
    answer = ask("GET", f"/{bucket}", region=region, service=service)
    assert (answer.status, code(answer)) == (400, wanted)


TAG = "<TagSet><Tag><Key>{}</Key><Value>v</Value></Tag></TagSet>"
DOCUMENTS = {
    "entities": (
        '<!DOCTYPE a [<!ENTITY x "xx"><!ENTITY y "&x;&x;&x;">]><Tagging>'
        + TAG.format("&y;")
        + "</Tagging>"
    ).encode(),
    "a file": (
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><Tagging>&x;</Tagging>'
    ),
    "an unknown entity": b"<Tagging>&x;</Tagging>",
    "UTF-16": f"<Tagging>{TAG.format('k')}</Tagging>".encode("utf-16"),
    "depth": b"<Tagging>" + b"<a>" * 5000 + b"</a>" * 5000 + b"</Tagging>",
    "breadth": b"<Tagging>" + b"<a/>" * 10000 + b"</Tagging>",
    "attributes": b"<Tagging %b/>" % b" ".join(b"a%d='x'" % n for n in range(9000)),
    "another document": b"<Delete/>",
    "half of it": b"<Tagging><TagSet>",
    "no XML": b"\x00\xff{}",
    "size": b"<Tagging>" + b" " * 300_000 + b"</Tagging>",
}


@pytest.mark.parametrize("what", DOCUMENTS)
def test_documents_that_are_none(ask: Ask, s3: Any, bucket: str, what: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Tagging="a=b")
    body = DOCUMENTS[what]
    answer = ask("PUT", f"/{bucket}/k?tagging", body=body)
    assert answer.status == 400
    assert code(answer) in ("MalformedXML", "MaxMessageLengthExceeded")
    assert "root:" not in answer.text
    tags = s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"]
    assert tags == [{"Key": "a", "Value": "b"}]


KEYS = ["../../auth/v1.0", "..", "a/../../b", "//etc/passwd", "./.", "%2e%2e/x", "\x7f"]


@pytest.mark.parametrize("key", KEYS)
def test_paths_lead_nowhere_but_to_their_key(
    s3: Any, bucket: str, swift: Client, key: str
) -> None:
    s3.put_object(Bucket=bucket, Key=key, Body=b"mine")
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == b"mine"
    assert swift.ok("GET", bucket, query="format=json").names == [key]
    with pytest.raises(ClientError) as error:
        s3.copy_object(Bucket=bucket, Key="c", CopySource=f"{bucket}/{key}/../x")
    assert error.value.response["Error"]["Code"] == "NoSuchKey"


@pytest.mark.parametrize(
    ("path", "status", "wanted"),
    [
        ("/{bucket}/a%00b", 400, "InvalidURI"),
        ("/{bucket}/%ff", 400, "InvalidURI"),
        ("/{bucket}/" + "k" * 1025, 400, "KeyTooLongError"),
        ("/{bucket}/" + quote("€" * 342), 400, "KeyTooLongError"),
        ("/.s3/leases", 400, "InvalidBucketName"),
        ("/{bucket}%2Bsegments/parts", 400, "InvalidBucketName"),
        ("/{bucket}%2Blocks/x", 400, "InvalidBucketName"),
        ("/" + "b" * 300, 400, "InvalidBucketName"),
        ("/{bucket}/k?versionId=", 400, "InvalidArgument"),
        ("/{bucket}/k?versionId=..%2Fx", 400, "InvalidArgument"),
        ("/{bucket}?max-keys=-1", 400, "InvalidArgument"),
        ("/{bucket}?max-keys=99999999999", 400, "InvalidArgument"),
        ("/{bucket}?encoding-type=html", 400, "InvalidArgument"),
        ("/{bucket}?list-type=2&continuation-token=zzz", 400, "InvalidArgument"),
        ("/{bucket}?versions&version-id-marker=1", 400, "InvalidArgument"),
    ],
)
def test_names_and_parameters_that_cannot_be(
    ask: Ask, bucket: str, path: str, status: int, wanted: str
) -> None:
    answer = ask("GET", path.format(bucket=bucket))
    assert (answer.status, code(answer)) == (status, wanted)


NOT_THERE = [
    *("abac", "analytics", "intelligent-tiering", "inventory", "metadataConfiguration"),
    *("metadataTable", "metrics", "renameObject", "restore", "select", "session"),
    "torrent",
]


@pytest.mark.parametrize("name", NOT_THERE)
def test_what_is_not_supported_is_501(
    ask: Ask, s3: Any, bucket: str, name: str
) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"data")
    for method in ("GET", "PUT", "POST"):
        for path in (f"/{bucket}?{name}", f"/{bucket}/k?{name}"):
            answer = ask(method, path)
            assert (answer.status, code(answer)) == (501, "NotImplemented"), path
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"data"


UNSUPPORTED_HEADERS = {
    "SSE-KMS": {"x-amz-server-side-encryption": "aws:kms"},
    "appending": {"x-amz-write-offset-bytes": "4"},
    "If-None-Match with an ETag": {"If-None-Match": '"x"'},
}


@pytest.mark.parametrize("what", UNSUPPORTED_HEADERS)
def test_headers_that_are_not_supported_are_501(
    ask: Ask, s3: Any, bucket: str, what: str
) -> None:
    answer = ask("PUT", f"/{bucket}/k", UNSUPPORTED_HEADERS[what], b"data")
    assert (answer.status, code(answer)) == (501, "NotImplemented")
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type='
BY_MAIL = (
    f'<Grantee {XSI}"AmazonCustomerByEmail"><EmailAddress>a@b</EmailAddress></Grantee>'
)
QUEUE = "<Queue>{}</Queue><Event>s3:ObjectCreated:*</Event>"
REFUSED = {
    "MFA delete": (
        "versioning",
        "<VersioningConfiguration><Status>Enabled</Status>"
        "<MfaDelete>Enabled</MfaDelete></VersioningConfiguration>",
        501,
    ),
    "a grant by e-mail": (
        "acl",
        "<AccessControlPolicy><Owner><ID>AUTH_test</ID></Owner><AccessControlList>"
        f"<Grant>{BY_MAIL}<Permission>READ</Permission></Grant></AccessControlList>"
        "</AccessControlPolicy>",
        501,
    ),
    "a transition": (
        "lifecycle",
        "<LifecycleConfiguration><Rule><ID>a</ID><Status>Enabled</Status><Filter/>"
        "<Transition><Days>1</Days><StorageClass>GLACIER</StorageClass></Transition>"
        "</Rule></LifecycleConfiguration>",
        501,
    ),
    "requester pays": (
        "requestPayment",
        "<RequestPaymentConfiguration><Payer>Requester</Payer>"
        "</RequestPaymentConfiguration>",
        501,
    ),
    "KMS": (
        "encryption",
        "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>"
        "<SSEAlgorithm>aws:kms</SSEAlgorithm></ApplyServerSideEncryptionByDefault>"
        "</Rule></ServerSideEncryptionConfiguration>",
        501,
    ),
    "acceleration": ("accelerate", "<AccelerateConfiguration/>", 405),
    "replication": ("replication", "<ReplicationConfiguration/>", 405),
    "EventBridge": (
        "notification",
        "<NotificationConfiguration><EventBridgeConfiguration/>"
        "</NotificationConfiguration>",
        400,
    ),
    "a webhook of one's own": (
        "notification",
        "<NotificationConfiguration><QueueConfiguration>"
        + QUEUE.format("http://169.254.169.254/")
        + "</QueueConfiguration></NotificationConfiguration>",
        400,
    ),
}
CODES = {501: "NotImplemented", 405: "MethodNotAllowed", 400: "InvalidArgument"}


@pytest.mark.parametrize("what", REFUSED)
def test_settings_that_are_not_supported(ask: Ask, bucket: str, what: str) -> None:
    query, document, status = REFUSED[what]
    before = ask("GET", f"/{bucket}?{query}")
    body = document.replace("{bucket}", bucket).encode()
    answer = ask("PUT", f"/{bucket}?{query}", body=body)
    assert (answer.status, code(answer)) == (status, CODES[status])
    after = ask("GET", f"/{bucket}?{query}")
    assert after.status == before.status
    if before.status == 200:
        assert after.body == before.body


def test_no_signature_is_in_the_logs(
    boto: Boto, s3: Any, bucket: str, anybody: Client, s3_store: Store
) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"content")
    asked = {"Bucket": bucket, "Key": "k"}
    secrets = []
    for version in ("s3v4", "s3"):
        signer = boto(signature_version=version)
        url = signer.generate_presigned_url("get_object", asked, ExpiresIn=60)
        answer = anybody.raw("GET", url.removeprefix(s3_store.endpoint()))
        assert answer.body == b"content"
        name = "X-Amz-Signature=" if version == "s3v4" else "Signature="
        secrets.append(url.partition(name)[2].partition("&")[0])
    visits = f'"GET /{bucket}/k'
    # Lines are written a little later, several together.
    wait_for(lambda: _logs(s3_store).count(visits) >= 2, "the log")
    logs = _logs(s3_store)
    assert [secret for secret in (*secrets, TESTER.key + '"') if secret in logs] == []


def _logs(store: Store) -> str:
    paths = [store.place.log(plan.name) for plan in store.plans]
    return "".join(path.read_text("utf-8", "replace") for path in paths)


SMUGGLED = [
    "X-Object-Sysmeta-S3-Acl",
    "X-Object-Transient-Sysmeta-Crypto-Meta",
    "X-Object-Manifest",
    "X-Symlink-Target",
    "X-Copy-From",
    "X-Delete-After",
    "X-Timestamp",
    "X-Backend-Storage-Policy-Index",
    "X-Container-Sysmeta-S3-Policy",
]


@pytest.mark.parametrize("header", SMUGGLED)
def test_headers_of_the_house_do_not_get_through(
    ask: Ask, s3: Any, bucket: str, swift: Client, header: str
) -> None:
    s3.put_object(Bucket=bucket, Key="other", Body=b"other")
    forged = {header.lower(): f"{bucket}/other"}
    answer = ask("PUT", f"/{bucket}/k", body=b"mine", change=lambda h: h.update(forged))
    assert answer.status == 200
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"mine"
    headers = swift.ok("HEAD", bucket, "k").headers
    assert header.lower() not in headers or header == "X-Timestamp"
    assert headers["etag"] == hashlib.md5(b"mine").hexdigest()


WRONG_CHECKSUMS = [
    ({"Content-MD5": "AAAAAAAAAAAAAAAAAAAAAA=="}, "BadDigest"),
    ({"Content-MD5": "zzz"}, "InvalidDigest"),
    ({"x-amz-checksum-crc32": "AAAAAA=="}, "BadDigest"),
    ({"x-amz-checksum-crc32": "zzz"}, "InvalidRequest"),
    (
        {"x-amz-checksum-crc32": "AAAAAA==", "x-amz-checksum-crc32c": "AAAAAA=="},
        "InvalidRequest",
    ),
    ({"x-amz-sdk-checksum-algorithm": "MD4"}, "InvalidRequest"),
]


@pytest.mark.parametrize(("headers", "wanted"), WRONG_CHECKSUMS)
def test_wrong_checksums_leave_nothing(
    ask: Ask, s3: Any, bucket: str, headers: dict[str, str], wanted: str
) -> None:
    answer = ask("PUT", f"/{bucket}/k", headers, b"data")
    assert (answer.status, code(answer)) == (400, wanted)
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


@pytest.mark.parametrize("user", [STRANGER, GUEST], ids=["stranger", "guest"])
@pytest.mark.parametrize("key", ["there", "not-there"])
def test_refusals_do_not_tell_what_exists(
    boto: Boto, s3: Any, bucket: str, user: User, key: str
) -> None:
    s3.put_object(Bucket=bucket, Key="there", Body=b"x", ACL="private")
    other = boto(user)
    asks: list[Callable[..., Any]] = [
        *(other.get_object, other.head_object, other.delete_object),
        *(other.get_object_acl, other.get_object_tagging),
    ]
    for asked in asks:
        with pytest.raises(ClientError) as error:
            asked(Bucket=bucket, Key=key)
        assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    with pytest.raises(ClientError) as error:
        other.copy_object(Bucket=bucket, Key="c", CopySource=f"{bucket}/{key}")
    assert error.value.response["Error"]["Code"] == "AccessDenied"


def test_anybody_may_not_choose_a_replys_headers(
    s3: Any, bucket: str, anybody: Client
) -> None:
    s3.put_bucket_ownership_controls(
        Bucket=bucket,
        OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]},
    )
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="k", Body=b"<b>", ACL="public-read")
    assert anybody.raw("GET", f"/{bucket}/k").body == b"<b>"
    answer = anybody.raw("GET", f"/{bucket}/k?response-content-type=text/html")
    assert (answer.status, code(answer)) == (400, "InvalidRequest")
