"""Multipart uploads through boto3; what is left of them."""

from __future__ import annotations

import hashlib
import io
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3.s3.transfer
import pytest
from botocore.exceptions import ClientError

from test.functional.harness.http import Client
from test.functional.s3.conftest import Boto
from test.functional.s3.test_objects import body_of, code

PART = 5 * 2**20


def upload(s3: Any, bucket: str, parts: list[bytes], **start: Any) -> dict[str, Any]:
    made = s3.create_multipart_upload(Bucket=bucket, Key="k", **start)
    place = {"Bucket": bucket, "Key": "k", "UploadId": made["UploadId"]}
    algorithm = start.get("ChecksumAlgorithm")
    more = {"ChecksumAlgorithm": algorithm} if algorithm else {}
    listed = []
    for number, part in enumerate(parts, 1):
        done = s3.upload_part(**place, PartNumber=number, Body=part, **more)
        entry = {"PartNumber": number, "ETag": done["ETag"]}
        entry |= {k: v for k, v in done.items() if k == f"Checksum{algorithm}"}
        listed.append(entry)
    finished: dict[str, Any] = s3.complete_multipart_upload(
        **place, MultipartUpload={"Parts": listed}
    )
    return finished


def left_over(swift: Client, bucket: str) -> list[str]:
    answer = swift.raw(
        "GET", f"/v1/{swift.account}/{bucket}%2Bsegments", {"X-Auth-Token": swift.token}
    )
    return answer.body.decode().split()


def test_of_completions_and_aborts_one_is_carried_out(
    boto: Boto, bucket: str, swift: Client
) -> None:
    """Whoever was told that it is there finds every byte."""
    clients = [boto() for _ in range(4)]
    for turn in range(8):
        where = {"Bucket": bucket, "Key": f"k{turn}"}
        made = clients[0].create_multipart_upload(**where)
        under_way = {**where, "UploadId": made["UploadId"]}
        sent = clients[0].upload_part(**under_way, PartNumber=1, Body=b"part")
        parts = {"Parts": [{"PartNumber": 1, "ETag": sent["ETag"]}]}

        def end(number: int, it: dict[str, Any] = under_way, parts: Any = parts) -> int:
            try:
                if number == 3:
                    answer = clients[3].abort_multipart_upload(**it)
                else:
                    asked = {**it, "MultipartUpload": parts}
                    answer = clients[number].complete_multipart_upload(**asked)
            except ClientError as error:
                answer = error.response
            status: int = answer["ResponseMetadata"]["HTTPStatusCode"]
            return status

        with ThreadPoolExecutor(4) as pool:
            *completed, aborted = pool.map(end, range(4))
        if aborted == 204:
            assert completed == [404] * 3
            with pytest.raises(ClientError):
                clients[0].get_object(**where)
        else:
            assert (completed, aborted) == ([200] * 3, 404)
            got = clients[0].get_object(**where)["Body"].read()
            assert got == b"part"
            clients[0].delete_object(**where)
    assert left_over(swift, bucket) == []


@pytest.mark.parametrize("algorithm", [None, "CRC32", "SHA256"])
def test_parts_become_one_object(
    s3: Any, bucket: str, swift: Client, algorithm: str | None
) -> None:
    parts = [body_of(PART), body_of(PART + 17), b"end"]
    start: dict[str, Any] = {"Metadata": {"a": "1"}, "ContentType": "text/x"}
    if algorithm:
        start["ChecksumAlgorithm"] = algorithm
    finished = upload(s3, bucket, parts, **start)
    digests = b"".join(hashlib.md5(part).digest() for part in parts)
    assert finished["ETag"] == f'"{hashlib.md5(digests).hexdigest()}-3"'
    got = s3.get_object(Bucket=bucket, Key="k")
    assert got["Body"].read() == b"".join(parts)
    assert (got["Metadata"], got["ContentType"]) == ({"a": "1"}, "text/x")
    second = s3.get_object(Bucket=bucket, Key="k", PartNumber=2)
    assert second["Body"].read() == parts[1]
    assert second["PartsCount"] == 3
    border = s3.get_object(Bucket=bucket, Key="k", Range=f"bytes={PART - 2}-{PART + 1}")
    assert border["Body"].read() == b"".join(parts)[PART - 2 : PART + 2]
    entry = s3.list_objects_v2(Bucket=bucket)["Contents"][0]
    assert (entry["ETag"], entry["Size"]) == (finished["ETag"], sum(map(len, parts)))
    # The same object through Swift: a static large object.
    through = swift.raw(
        "GET", f"/v1/{swift.account}/{bucket}/k", {"X-Auth-Token": swift.token}
    )
    assert through.body == b"".join(parts)
    assert through.headers["x-static-large-object"] == "True"
    assert through.headers["x-object-meta-a"] == "1"
    s3.delete_object(Bucket=bucket, Key="k")
    assert left_over(swift, bucket) == []


def test_an_aborted_upload_leaves_nothing(s3: Any, bucket: str, swift: Client) -> None:
    made = s3.create_multipart_upload(Bucket=bucket, Key="k")
    place = {"Bucket": bucket, "Key": "k", "UploadId": made["UploadId"]}
    s3.upload_part(**place, PartNumber=1, Body=b"x")
    assert len(s3.list_parts(**place)["Parts"]) == 1
    assert len(s3.list_multipart_uploads(Bucket=bucket)["Uploads"]) == 1
    s3.abort_multipart_upload(**place)
    assert left_over(swift, bucket) == []
    with pytest.raises(ClientError) as error:
        s3.list_parts(**place)
    assert code(error) == "NoSuchUpload"


def test_the_transfer_manager(s3: Any, bucket: str) -> None:
    body = body_of(23 * 2**20)
    config = boto3.s3.transfer.TransferConfig(
        multipart_threshold=6 * 2**20, multipart_chunksize=6 * 2**20
    )
    s3.upload_fileobj(io.BytesIO(body), bucket, "managed", Config=config)
    target = io.BytesIO()
    s3.download_fileobj(bucket, "managed", target, Config=config)
    assert target.getvalue() == body
    s3.copy({"Bucket": bucket, "Key": "managed"}, bucket, "copied", Config=config)
    assert s3.get_object(Bucket=bucket, Key="copied")["Body"].read() == body


def test_overwriting_sweeps_the_parts(s3: Any, bucket: str, swift: Client) -> None:
    upload(s3, bucket, [b"only"])
    assert left_over(swift, bucket)
    s3.put_object(Bucket=bucket, Key="k", Body=b"new")
    assert left_over(swift, bucket) == []
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"new"


def test_conditional_completion(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"there")
    made = s3.create_multipart_upload(Bucket=bucket, Key="k")
    place = {"Bucket": bucket, "Key": "k", "UploadId": made["UploadId"]}
    etag = s3.upload_part(**place, PartNumber=1, Body=b"x")["ETag"]
    with pytest.raises(ClientError) as error:
        s3.complete_multipart_upload(
            **place,
            MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]},
            IfNoneMatch="*",
        )
    assert code(error) == "PreconditionFailed"
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"there"


@pytest.mark.parametrize("algorithm", ["CRC32", "CRC64NVME", "SHA256", "SHA512"])
def test_parts_show_their_checksums(s3: Any, bucket: str, algorithm: str) -> None:
    where = {"Bucket": bucket, "Key": "k"}
    made = s3.create_multipart_upload(**where, ChecksumAlgorithm=algorithm)
    where["UploadId"] = made["UploadId"]
    name = f"Checksum{algorithm}"
    uploaded = []
    for number, body in ((1, bytes(5 * 2**20)), (2, b"tail")):
        sent = s3.upload_part(
            **where, PartNumber=number, Body=body, ChecksumAlgorithm=algorithm
        )
        part = {"PartNumber": number, "ETag": sent["ETag"], name: sent[name]}
        uploaded.append(part)
    wanted = [part[name] for part in uploaded]
    listed = s3.list_parts(**where)["Parts"]
    assert [part[name] for part in listed] == wanted
    s3.complete_multipart_upload(**where, MultipartUpload={"Parts": uploaded})
    del where["UploadId"]
    asked = {**where, "ObjectAttributes": ["ObjectParts", "Checksum"]}
    whole = s3.get_object_attributes(**asked)["ObjectParts"]
    assert [part[name] for part in whole["Parts"]] == wanted
    assert [part["Size"] for part in whole["Parts"]] == [5 * 2**20, 4]
    assert whole["TotalPartsCount"] == 2
    head = s3.head_object(**where, PartNumber=2, ChecksumMode="ENABLED")
    assert (head["PartsCount"], head["ContentLength"]) == (2, 4)
    assert head["ContentRange"] == f"bytes {5 * 2**20}-{5 * 2**20 + 3}/{5 * 2**20 + 4}"
    page = s3.get_object_attributes(**asked, PartNumberMarker=1)["ObjectParts"]
    assert [part[name] for part in page["Parts"]] == wanted[1:]


def test_a_completion_tells_the_objects_checksum(s3: Any, bucket: str) -> None:
    """As SDKs do who have hashed the file before: not that of the request's body."""
    asked = {"Bucket": bucket, "Key": "hashed"}
    upload = s3.create_multipart_upload(
        **asked, ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT"
    )["UploadId"]
    answer = s3.upload_part(
        **asked, UploadId=upload, PartNumber=1, Body=b"abc", ChecksumAlgorithm="CRC32"
    )
    parts = {"Parts": [{"PartNumber": 1, "ETag": answer["ETag"]}]}
    right = answer["ChecksumCRC32"]
    with pytest.raises(ClientError, match="BadDigest"):
        s3.complete_multipart_upload(
            **asked, UploadId=upload, MultipartUpload=parts, ChecksumCRC32="AAAAAA=="
        )
    done = s3.complete_multipart_upload(
        **asked, UploadId=upload, MultipartUpload=parts, ChecksumCRC32=right
    )
    assert done["ChecksumCRC32"] == right
