"""What names of headers say, asked anew and from memory."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from objectstore.s3.header_names import header_names

NAMES = [
    "REQUEST_METHOD",
    "CONTENT_LENGTH",
    "CONTENT_TYPE",
    "RAW_PATH_INFO",
    "wsgi.input",
    "wsgi.url_scheme",
    "ringstack.context",
    "ringstack.header_fields",
    "HTTP_HOST",
    "HTTP_X_AMZ",
    "HTTP_X_AMZ_DATE",
    "HTTP_X_AMZ_CONTENT_SHA256",
    "HTTP_X_AMZ_SECURITY_TOKEN",
    "HTTP_X_AMZ_ACL",
    "HTTP_X_AMZ_META_A",
    "HTTP_X_OBJECT_SYSMETA_A",
]
SIGNATURE = {NAMES[10], NAMES[11], NAMES[12]}
KEPT = {NAMES[0], NAMES[5], NAMES[6]}
# Every environ has these.
ALWAYS = {"SCRIPT_NAME": "", "PATH_INFO": "/a"}


@given(st.lists(st.sampled_from(NAMES), unique=True))
def test_each_name_is_sorted_out(names: list[str]) -> None:
    for _ in range(2):
        environ = {**ALWAYS, **dict.fromkeys(names, "x")}
        found = header_names(environ)
        amazon = [name for name in names if name.startswith("HTTP_X_AMZ_")]
        assert list(found.amazon) == amazon
        assert list(found.extras) == [name for name in amazon if name not in SIGNATURE]
        kept = [name for name in names if name in KEPT]
        assert list(found.inherited) == [*ALWAYS, *kept]
        assert found.inherit(environ) == {**ALWAYS, **dict.fromkeys(kept, "x")}


SIGNED = (
    *("REQUEST_METHOD", "PATH_INFO", "HTTP_HOST", "HTTP_AUTHORIZATION"),
    *("HTTP_X_AMZ_DATE", "HTTP_X_AMZ_CONTENT_SHA256"),
)


@pytest.mark.parametrize(
    ("more", "is_plain"),
    [
        ("HTTP_USER_AGENT", True),
        ("HTTP_AMZ_SDK_REQUEST", True),
        ("HTTP_X_AMZ_CHECKSUM_MODE", True),
        ("HTTP_RANGE", False),
        ("HTTP_IF_MATCH", False),
        ("HTTP_IF_NONE_MATCH", False),
        ("HTTP_IF_MODIFIED_SINCE", False),
        ("HTTP_ORIGIN", False),
        ("HTTP_X_AMZ_SECURITY_TOKEN", False),
        ("HTTP_X_AMZ_EXPECTED_BUCKET_OWNER", False),
        ("HTTP_X_AMZ_SERVER_SIDE_ENCRYPTION_CUSTOMER_ALGORITHM", False),
    ],
)
def test_what_makes_a_read_a_special_one(more: str, is_plain: bool) -> None:
    assert header_names(dict.fromkeys([*SIGNED, more], "x")).is_plain_read is is_plain


@pytest.mark.parametrize("name", SIGNED[3:])
def test_without_a_signature_in_the_header_no_read_is_plain(name: str) -> None:
    keys = [key for key in SIGNED if key != name]
    assert not header_names(dict.fromkeys(keys, "x")).is_plain_read
