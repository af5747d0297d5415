"""Pages whose entries nodes write, against those that the face writes."""

from __future__ import annotations

import io
from typing import Any

import pytest
import requests
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest

PARAMETERS = [
    "",
    "max-keys=3",
    "list-type=2&fetch-owner=true",
    "list-type=2&max-keys=2&encoding-type=url",
    "list-type=2&max-keys=9&start-after=n2",
    "list-type=2&prefix=none",
    "list-type=2&max-keys=0",
    "prefix=n&max-keys=12",
]


def page(s3: Any, bucket: str, query: str) -> bytes:
    url = f"{s3.meta.endpoint_url}/{bucket}?{query}"
    unsigned = AWSRequest("GET", url)
    credentials = s3._request_signer._credentials
    S3SigV4Auth(credentials, "s3", s3.meta.region_name).add_auth(unsigned)
    reply = requests.get(url, headers=dict(unsigned.headers), timeout=20)
    assert reply.status_code == 200, reply.text
    return reply.content


@pytest.mark.parametrize("more", ["", "a b", "x&y", "x=y", "\u00fc", "<Contents>"])
def test_nodes_write_what_the_face_does(s3: Any, bucket: str, more: str) -> None:
    """With a delimiter, here one that no name has, nodes are not asked for XML."""
    for name in [f"n{number}" for number in range(12)] + ([more] if more else []):
        s3.put_object(Bucket=bucket, Key=name, Body=io.BytesIO(name.encode()))
    for query in PARAMETERS:
        written = page(s3, bucket, query)
        body = page(s3, bucket, f"delimiter=%7C&{query}".rstrip("&"))
        for shown in (b"|", b"%7C"):
            body = body.replace(b"<Delimiter>%b</Delimiter>" % shown, b"")
        start, mark, rest = body.partition(b"<NextMarker>")
        if mark:  # which version 1 says only where a delimiter was given
            body = start + rest.partition(b"</NextMarker>")[2]
        assert written == body, query
