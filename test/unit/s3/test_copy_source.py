"""What a copy source header names."""

from __future__ import annotations

import pytest

from objectstore.s3.errors import S3Error
from objectstore.s3.object.copy_source import parse_copy_source


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        ("bucket/key", ("bucket", "key", "")),
        ("/bucket/a/b", ("bucket", "a/b", "")),
        ("bucket/a%2Fb%20c", ("bucket", "a/b c", "")),
        ("bucket/a+b%2Bc", ("bucket", "a b+c", "")),
        ("bucket/%C3%BC", ("bucket", "ü", "")),
        ("bucket/\xc3\xbc", ("bucket", "ü", "")),
        ("bucket/a%3Fb?versionId=1", ("bucket", "a?b", "1")),
    ],
)
def test_what_is_named(raw: str, found: tuple[str, str, str]) -> None:
    assert parse_copy_source(raw) == found


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "/",
        "bucket",
        "bucket/",
        "bucket/%ff",
        "bucket/k?version=1",
        "bucket+segments/k",
        "bucket%2Bsegments/k",
    ],
)
def test_what_names_nothing(raw: str) -> None:
    with pytest.raises(S3Error):
        parse_copy_source(raw)
