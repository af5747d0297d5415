"""What names of headers say, asked anew and from memory."""

from __future__ import annotations

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


@given(st.lists(st.sampled_from(NAMES), unique=True))
def test_each_name_is_sorted_out(names: list[str]) -> None:
    for _ in range(2):
        found = header_names(dict.fromkeys(names, ""))
        amazon = [name for name in names if name.startswith("HTTP_X_AMZ_")]
        assert list(found.amazon) == amazon
        assert list(found.extras) == [name for name in amazon if name not in SIGNATURE]
        assert list(found.inherited) == [name for name in names if name in KEPT]
