"""Documents, paths, names and checksums that cannot be."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from botocore.exceptions import ClientError

from test.functional.harness.http import Client
from test.functional.s3.hostile.replies import Ask, code

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
