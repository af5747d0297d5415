"""A web site made with boto3 and visited like a browser does."""

from __future__ import annotations

import http.client
from typing import Any

import pytest

from test.functional.harness.store import Store


def visit(store: Store, bucket: str, path: str) -> tuple[int, dict[str, str], bytes]:
    host, port = store.endpoint(0).removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=20)
    try:
        connection.request("GET", path, headers={"Host": f"{bucket}.web.localhost"})
        answer = connection.getresponse()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, headers, answer.read()
    finally:
        connection.close()


@pytest.fixture
def site(s3: Any, bucket: str) -> str:
    pages = {
        "index.html": b"home",
        "sub/index.html": b"below",
        "404.html": b"not here",
        "big.bin": b"x" * 3_000_000,
    }
    for key, body in pages.items():
        s3.put_object(
            Bucket=bucket,
            Key=key,
            Body=body,
            ACL="public-read",
            ContentType="text/html",
        )
    s3.put_object(Bucket=bucket, Key="private.html", Body=b"secret")
    s3.put_bucket_acl(Bucket=bucket, ACL="public-read")
    rule = {
        "Condition": {"KeyPrefixEquals": "old/"},
        "Redirect": {"ReplaceKeyPrefixWith": "sub/", "HttpRedirectCode": "307"},
    }
    s3.put_bucket_website(
        Bucket=bucket,
        WebsiteConfiguration={
            "IndexDocument": {"Suffix": "index.html"},
            "ErrorDocument": {"Key": "404.html"},
            "RoutingRules": [rule],
        },
    )
    return bucket


def test_pages(s3_store: Store, site: str) -> None:
    status, headers, body = visit(s3_store, site, "/")
    assert (status, body) == (200, b"home")
    assert headers["content-type"] == "text/html"
    assert visit(s3_store, site, "/sub/")[2] == b"below"
    assert len(visit(s3_store, site, "/big.bin")[2]) == 3_000_000
    status, headers, _ = visit(s3_store, site, "/sub")
    assert (status, headers["location"]) == (302, "/sub/")
    status, _, body = visit(s3_store, site, "/none")
    assert (status, body) == (404, b"not here")
    status, _, body = visit(s3_store, site, "/private.html")
    assert (status, body) == (403, b"not here")


def test_redirects(s3: Any, s3_store: Store, site: str) -> None:
    status, headers, _ = visit(s3_store, site, "/old/a")
    assert status == 307
    assert headers["location"] == f"http://{site}.web.localhost/sub/a"
    s3.put_object(
        Bucket=site,
        Key="away",
        ACL="public-read",
        WebsiteRedirectLocation="https://example.com/x",
    )
    status, headers, _ = visit(s3_store, site, "/away")
    assert (status, headers["location"]) == (301, "https://example.com/x")
    s3.put_bucket_website(
        Bucket=site,
        WebsiteConfiguration={
            "RedirectAllRequestsTo": {"HostName": "example.com", "Protocol": "https"}
        },
    )
    status, headers, _ = visit(s3_store, site, "/a/b")
    assert (status, headers["location"]) == (301, "https://example.com/a/b")
