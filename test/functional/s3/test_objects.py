"""Objects through boto3 with its defaults, content and headers checked."""

from __future__ import annotations

import base64
import hashlib
import urllib.error
import urllib.request
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from test.functional.harness.http import Client
from test.functional.harness.store import Store
from test.functional.harness.users import TESTER
from test.functional.s3.conftest import REGION, Boto

KEYS = [
    "plain",
    "a//b",
    "../up",
    "a/./b",
    "sp ace",
    "ü/ñ€/日本",
    "a+b&c=d?e#f",
    "%41%",
    "tr/",
]
KEYS += ["quote'\"", "x" * 900, "back\\slash", "semi;colon", "*!()~-_."]
SIZES = [0, 1, 4096, 65535, 65536, 65537, 262144, 262145, 1048577, 6 * 2**20 + 3]
ALGORITHMS = ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256", "SHA512"]
ALGORITHMS += ["XXHASH64", "XXHASH3", "XXHASH128"]


def code(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def body_of(size: int) -> bytes:
    pattern = bytes(range(251))
    return (pattern * (size // 251 + 1))[:size]


@pytest.mark.parametrize("key", KEYS)
def test_any_key_is_put_read_listed_and_deleted(s3: Any, bucket: str, key: str) -> None:
    s3.put_object(Bucket=bucket, Key=key, Body=b"data of " + key.encode())
    got = s3.get_object(Bucket=bucket, Key=key)
    assert got["Body"].read() == b"data of " + key.encode()
    listed = s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert [entry["Key"] for entry in listed] == [key]
    s3.delete_object(Bucket=bucket, Key=key)
    with pytest.raises(ClientError) as error:
        s3.get_object(Bucket=bucket, Key=key)
    assert code(error) == "NoSuchKey"


@pytest.mark.parametrize("size", SIZES)
def test_bodies_of_any_size(s3: Any, bucket: str, size: int) -> None:
    body = body_of(size)
    put = s3.put_object(Bucket=bucket, Key="k", Body=body)
    assert put["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
    got = s3.get_object(Bucket=bucket, Key="k")
    assert got["ContentLength"] == size
    assert got["Body"].read() == body
    head = s3.head_object(Bucket=bucket, Key="k")
    assert (head["ContentLength"], head["ETag"]) == (size, put["ETag"])


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("size", [10, 700_000])
def test_checksums(s3: Any, bucket: str, algorithm: str, size: int) -> None:
    put = s3.put_object(
        Bucket=bucket, Key="k", Body=body_of(size), ChecksumAlgorithm=algorithm
    )
    name = f"Checksum{algorithm}"
    head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert head[name] == put[name]
    attributes = s3.get_object_attributes(
        Bucket=bucket, Key="k", ObjectAttributes=["Checksum", "ObjectSize"]
    )
    assert attributes["Checksum"][name] == put[name]
    assert attributes["ObjectSize"] == size
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/k")
    entries = s3.list_objects_v2(Bucket=bucket)["Contents"]
    entries += s3.list_object_versions(Bucket=bucket)["Versions"]
    assert [entry["ChecksumAlgorithm"] for entry in entries] == [[algorithm]] * 4
    assert {entry["ChecksumType"] for entry in entries} == {"FULL_OBJECT"}


def test_what_cannot_be_checked_is_refused(s3: Any, bucket: str) -> None:
    with pytest.raises(ClientError) as error:
        s3.put_object(Bucket=bucket, Key="k", Body=b"x", ChecksumXXHASH64="eA==")
    assert code(error) == "InvalidRequest"
    with pytest.raises(ClientError) as error:
        s3.create_multipart_upload(
            Bucket=bucket, Key="k", ChecksumAlgorithm="XXHASH256"
        )
    assert code(error) == "InvalidRequest"
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


@pytest.mark.parametrize("size", [0, 1000, 3_000_000])
@pytest.mark.parametrize("fault", ["", "checksum", "cut"])
def test_trailers_as_sdks_send_them_over_tls(
    s3: Any, s3_store: Store, bucket: str, size: int, fault: str
) -> None:
    """An unsigned payload in chunks, its checksum in the trailer."""
    body = body_of(size)
    summed = b"other" if fault == "checksum" else body
    crc = base64.b64encode(zlib.crc32(summed).to_bytes(4, "big")).decode()
    pieces = [body[at : at + 65536] for at in range(0, size, 65536)]
    encoded = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    encoded += f"0\r\nx-amz-checksum-crc32:{crc}\r\n\r\n".encode()
    if fault == "cut":
        encoded = encoded[:-40]
    headers = {
        "Content-Encoding": "aws-chunked",
        "x-amz-decoded-content-length": str(size),
        "x-amz-trailer": "x-amz-checksum-crc32",
    }
    target = f"/{bucket}/k"
    request = AWSRequest("PUT", s3_store.endpoint() + target, headers)
    request.context["checksum"] = {"request_algorithm": {"in": "trailer"}}
    credentials = Credentials(TESTER.login, TESTER.key)
    S3SigV4Auth(credentials, "s3", REGION).add_auth(request)
    client = Client(s3_store.endpoint())
    answer = client.raw("PUT", target, dict(request.headers), encoded)
    client.close()
    if fault:
        assert answer.status == 400, answer
        with pytest.raises(ClientError):
            s3.head_object(Bucket=bucket, Key="k")
        return
    assert answer.status == 200, answer
    got = s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert (got["Body"].read(), got["ChecksumCRC32"]) == (body, crc)
    assert "ContentEncoding" not in got


def test_metadata_and_headers(s3: Any, bucket: str) -> None:
    s3.put_object(
        Bucket=bucket,
        Key="k",
        Body=b"x",
        Metadata={"Color": "blue", "long": "v" * 1000, "empty": ""},
        ContentType="text/plain; charset=utf-8",
        ContentEncoding="gzip",
        ContentDisposition='attachment; filename="x"',
        ContentLanguage="de",
        CacheControl="max-age=5",
    )
    head = s3.head_object(Bucket=bucket, Key="k")
    assert head["Metadata"] == {"color": "blue", "long": "v" * 1000, "empty": ""}
    assert head["ContentType"] == "text/plain; charset=utf-8"
    assert head["ContentEncoding"] == "gzip"
    assert head["ContentDisposition"] == 'attachment; filename="x"'
    assert (head["ContentLanguage"], head["CacheControl"]) == ("de", "max-age=5")


@pytest.mark.parametrize(
    ("first", "last"), [(0, 0), (5, 9), (262140, 262150), (699_990, 699_999)]
)
def test_ranges(s3: Any, bucket: str, first: int, last: int) -> None:
    body = body_of(700_000)
    s3.put_object(Bucket=bucket, Key="k", Body=body)
    got = s3.get_object(Bucket=bucket, Key="k", Range=f"bytes={first}-{last}")
    assert got["Body"].read() == body[first : last + 1]
    assert got["ContentRange"] == f"bytes {first}-{last}/700000"
    assert got["ResponseMetadata"]["HTTPStatusCode"] == 206


@pytest.mark.parametrize("multipart", [False, True])
def test_names_of_metadata_keep_their_underscores(
    s3: Any, bucket: str, swift: Client, multipart: bool
) -> None:
    items = {"user_id": "7", "a-b": "x", "_": "y", "long_one": "v" * 300}
    where = {"Bucket": bucket, "Key": "k"}
    if multipart:
        made = s3.create_multipart_upload(**where, Metadata=items)
        part = {**where, "UploadId": made["UploadId"]}
        etag = s3.upload_part(**part, PartNumber=1, Body=b"x")["ETag"]
        parts = {"Parts": [{"PartNumber": 1, "ETag": etag}]}
        s3.complete_multipart_upload(**part, MultipartUpload=parts)
    else:
        s3.put_object(**where, Metadata=items)
    assert s3.head_object(**where)["Metadata"] == items
    assert swift.ok("HEAD", bucket, "k").headers["x-object-meta-user-id"] == "7"
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=where)
    assert s3.get_object(Bucket=bucket, Key="copy")["Metadata"] == items
    swift.ok("POST", bucket, "k", X_Object_Meta_User_Id="8", X_Object_Meta_Other="z")
    assert s3.head_object(**where)["Metadata"]["other"] == "z"
    s3.put_object(**where, Metadata={"user-id": "9"})
    assert s3.head_object(**where)["Metadata"] == {"user-id": "9"}


def test_suffix_and_bad_ranges(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"0123456789")
    assert (
        s3.get_object(Bucket=bucket, Key="k", Range="bytes=-3")["Body"].read() == b"789"
    )
    assert (
        s3.get_object(Bucket=bucket, Key="k", Range="bytes=7-")["Body"].read() == b"789"
    )
    with pytest.raises(ClientError) as error:
        s3.get_object(Bucket=bucket, Key="k", Range="bytes=10-")
    assert code(error) == "InvalidRange"


def test_heads_of_ranges(s3: Any, bucket: str) -> None:
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"0123456789")["ETag"]
    for wanted, length, shown in (
        ("bytes=2-4", 3, "bytes 2-4/10"),
        ("bytes=-3", 3, "bytes 7-9/10"),
        ("bytes=7-90", 3, "bytes 7-9/10"),
    ):
        for more in ({}, {"IfMatch": etag}):
            head = s3.head_object(Bucket=bucket, Key="k", Range=wanted, **more)
            assert head["ResponseMetadata"]["HTTPStatusCode"] == 206
            assert (head["ContentLength"], head["ContentRange"]) == (length, shown)
    with pytest.raises(ClientError) as error:
        s3.head_object(Bucket=bucket, Key="k", Range="bytes=10-")
    assert code(error) == "416"
    whole = s3.head_object(Bucket=bucket, Key="k", Range="lines=1-2")
    assert whole["ContentLength"] == 10
    first = s3.head_object(Bucket=bucket, Key="k", PartNumber=1)
    assert first["ContentRange"] == "bytes 0-9/10"


def test_conditions(s3: Any, bucket: str) -> None:
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"x", IfNoneMatch="*")["ETag"]
    for wrong in ({"IfNoneMatch": "*"}, {"IfMatch": '"no"'}):
        with pytest.raises(ClientError) as error:
            s3.put_object(Bucket=bucket, Key="k", Body=b"y", **wrong)
        assert code(error) == "PreconditionFailed"
    s3.put_object(Bucket=bucket, Key="k", Body=b"y", IfMatch=etag)
    with pytest.raises(ClientError) as error:
        s3.get_object(Bucket=bucket, Key="k", IfMatch=etag)
    assert code(error) == "PreconditionFailed"
    new = s3.head_object(Bucket=bucket, Key="k")["ETag"]
    with pytest.raises(ClientError) as error:
        s3.get_object(Bucket=bucket, Key="k", IfNoneMatch=new)
    assert code(error) == "304"


def test_of_fifty_racing_creators_one_wins(boto: Boto, bucket: str) -> None:
    clients = [boto() for _ in range(10)]

    def create(number: int) -> bool:
        client = clients[number % len(clients)]
        try:
            client.put_object(
                Bucket=bucket, Key="race", Body=str(number).encode(), IfNoneMatch="*"
            )
        except ClientError as error:
            assert error.response["Error"]["Code"] in (
                "PreconditionFailed",
                "ConditionalRequestConflict",
            )
            return False
        return True

    with ThreadPoolExecutor(10) as pool:
        won = list(pool.map(create, range(50)))
    assert won.count(True) == 1
    body = clients[0].get_object(Bucket=bucket, Key="race")["Body"].read()
    assert body == str(won.index(True)).encode()


@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_presigned_urls(boto: Boto, bucket: str, version: str) -> None:
    client = boto(signature_version=version)
    place = {"Bucket": bucket, "Key": "k ü"}
    url = client.generate_presigned_url("put_object", Params=place, ExpiresIn=60)
    put = urllib.request.Request(url, data=b"by url", method="PUT")
    put.add_header("Content-Type", "")
    assert urllib.request.urlopen(put).status == 200
    url = client.generate_presigned_url("get_object", Params=place, ExpiresIn=60)
    assert urllib.request.urlopen(url).read() == b"by url"
    smuggled = urllib.request.Request(
        client.generate_presigned_url(
            "put_object", Params={"Bucket": bucket, "Key": "n"}, ExpiresIn=60
        ),
        method="PUT",
        headers={"x-amz-copy-source": f"/{bucket}/k", "Content-Type": ""},
    )
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(smuggled)
    assert error.value.code == 403


@pytest.mark.parametrize("size", [5, 700_000])
def test_copies(s3: Any, bucket: str, size: int) -> None:
    body = body_of(size)
    s3.put_object(Bucket=bucket, Key="from ü", Body=body, Metadata={"a": "1"})
    source = {"Bucket": bucket, "Key": "from ü"}
    s3.copy_object(Bucket=bucket, Key="to", CopySource=source)
    got = s3.get_object(Bucket=bucket, Key="to")
    assert (got["Body"].read(), got["Metadata"]) == (body, {"a": "1"})
    s3.copy_object(
        Bucket=bucket,
        Key="to",
        CopySource=source,
        MetadataDirective="REPLACE",
        Metadata={"b": "2"},
    )
    assert s3.head_object(Bucket=bucket, Key="to")["Metadata"] == {"b": "2"}


def test_a_key_of_the_clients(s3: Any, bucket: str) -> None:
    body, key = body_of(200_000), bytes(range(32))
    secret = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": key}
    s3.put_object(Bucket=bucket, Key="k", Body=body, **secret)
    assert s3.get_object(Bucket=bucket, Key="k", **secret)["Body"].read() == body
    ranged = s3.get_object(Bucket=bucket, Key="k", Range="bytes=65530-131080", **secret)
    assert ranged["Body"].read() == body[65530:131081]
    head = s3.head_object(Bucket=bucket, Key="k", Range="bytes=-5", **secret)
    assert head["ContentLength"] == 5
    other = s3.get_object(
        Bucket=bucket, Key="k", ResponseContentType="text/x", **secret
    )
    assert other["ContentType"] == "text/x"
    checked = s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED", **secret)
    crc = base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()
    assert checked["ChecksumCRC32"] == crc
    assert checked["Body"].read() == body
    with pytest.raises(ClientError):
        s3.get_object(Bucket=bucket, Key="k")
    assert s3.list_objects_v2(Bucket=bucket)["Contents"][0]["Size"] == 200_000
