"""What S3 knows and we do not is refused, not passed over."""

from __future__ import annotations

from typing import Any

import pytest

from test.functional.s3.hostile.replies import Ask, code

NOT_THERE = [
    *(
        "abac",
        "analytics",
        "annotation",
        "intelligent-tiering",
        "inventory",
        "metadataConfiguration",
    ),
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


@pytest.mark.parametrize("query", ["new-verb", "new-verb=&name=n", "versionId=&new"])
def test_a_write_of_an_unknown_kind_changes_nothing(
    ask: Ask, s3: Any, bucket: str, query: str
) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"data")
    for method in ("PUT", "POST", "DELETE"):
        for path in (f"/{bucket}?{query}", f"/{bucket}/k?{query}"):
            answer = ask(method, path)
            assert (answer.status, code(answer)) == (501, "NotImplemented"), path
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"data"


UNSUPPORTED_HEADERS = {
    "DSSE-KMS": {"x-amz-server-side-encryption": "aws:kms:dsse"},
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
    "DSSE-KMS": (
        "encryption",
        "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>"
        "<SSEAlgorithm>aws:kms:dsse</SSEAlgorithm></ApplyServerSideEncryptionByDefault>"
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
