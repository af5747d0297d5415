"""An S3 bucket: segments as objects.  Needs boto3 (the extra ``s3images``).

boto3 blocks, so every call runs on a native thread; a segment is held in memory, for
S3 wants an object's length before its bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from compute.image.stores.segments import SegmentedStore
from objectstore.kernel import concurrency
from objectstore.kernel.errors import Corrupt, Unavailable

# Small, since it is held in memory; large, since each costs a round trip.
SEGMENT_BYTES = 16 * 2**20
READ_BYTES = 1024 * 1024
CONNECT_SECONDS, READ_SECONDS = 10, 60


class S3Objects:
    """``Objects`` in one bucket."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def put(self, name: str, pieces: Iterable[bytes]) -> None:
        """See ``Objects.put``."""
        body = b"".join(pieces)
        self._call("put_object", Key=name, Body=body)

    def get(self, name: str, first: int, last: int) -> Iterator[bytes]:
        """See ``Objects.get``."""
        found = self._call("get_object", Key=name, Range=f"bytes={first}-{last}")
        body = found["Body"]
        try:
            while piece := concurrency.offload(_guarded, body.read, READ_BYTES):
                yield piece
        finally:
            body.close()

    def names(self, prefix: str) -> Iterator[str]:
        """See ``Objects.names``."""
        token: dict[str, str] = {}
        while True:
            page = self._call("list_objects_v2", Prefix=prefix, **token)
            for entry in page.get("Contents", ()):
                yield entry["Key"]
            if not page.get("IsTruncated"):
                return
            token = {"ContinuationToken": page["NextContinuationToken"]}

    def delete(self, name: str) -> None:
        """See ``Objects.delete``."""
        self._call("delete_object", Key=name)

    def _call(self, method: str, **arguments: Any) -> Any:
        function = getattr(self._client, method)
        return concurrency.offload(
            lambda: _guarded(function, Bucket=self._bucket, **arguments)
        )


def s3_client(endpoint: str, region: str, access_key: str, secret_key: str) -> Any:
    """A client of boto3's."""
    import boto3
    from botocore.config import Config

    return boto3.client(
        "s3",
        endpoint_url=endpoint or None,
        region_name=region,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        config=Config(connect_timeout=CONNECT_SECONDS, read_timeout=READ_SECONDS),
    )


def s3_store(client: Any, bucket: str) -> SegmentedStore:
    """The store ``s3``."""
    return SegmentedStore("s3", "s3", S3Objects(client, bucket), SEGMENT_BYTES)


def _guarded(function: Any, *arguments: Any, **named: Any) -> Any:
    """The call, with boto3's errors as ours."""
    from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

    try:
        return function(*arguments, **named)
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code in ("NoSuchKey", "404"):
            raise Corrupt("an object is missing in the bucket") from error
        raise Unavailable(f"the S3 service refused: {code}") from error
    except (BotoCoreError, HTTPClientError, OSError) as error:
        raise Unavailable(f"the S3 service does not answer: {error}") from error
