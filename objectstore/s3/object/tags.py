"""Tags: read from header or XML, checked, stored, written.  Pure."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

from objectstore.s3.errors import S3Error
from objectstore.s3.xml.read import Node, read_document
from objectstore.s3.xml.write import document, element, text

OBJECT_TAGS_MAX = 10
BUCKET_TAGS_MAX = 50
KEY_LENGTH_MAX = 128
VALUE_LENGTH_MAX = 256
_SIGNS = frozenset("+-=._:/@ ")

Tags = dict[str, str]


def check_tags(pairs: list[tuple[str, str]], count_max: int = OBJECT_TAGS_MAX) -> Tags:
    """The tags as a dict; ``InvalidTag`` or ``BadRequest`` says what is wrong."""
    if len(pairs) > count_max:
        raise S3Error(
            "InvalidTag" if count_max == OBJECT_TAGS_MAX else "InvalidRequest",
            f"Object tags cannot be greater than {count_max}"
            if count_max == OBJECT_TAGS_MAX
            else f"Bucket tag count cannot be greater than {count_max}",
        )
    tags: Tags = {}
    for key, value in pairs:
        if not key or len(key) > KEY_LENGTH_MAX or not _is_plain(key):
            raise S3Error("InvalidTag", "The TagKey you have provided is invalid")
        if len(value) > VALUE_LENGTH_MAX or not _is_plain(value):
            raise S3Error("InvalidTag", "The TagValue you have provided is invalid")
        if key in tags:
            raise S3Error(
                "InvalidTag", "Cannot provide multiple Tags with the same key"
            )
        if key.lower().startswith("aws:"):
            raise S3Error("InvalidTag", "System tags cannot be added by requester")
        tags[key] = value
    return tags


def _is_plain(value: str) -> bool:
    return all(sign.isalnum() or sign in _SIGNS for sign in value)


def from_header(value: str) -> Tags:
    """The tags of an ``x-amz-tagging`` header: a query string, where a key alone has
    an empty value."""
    try:
        pairs = parse_qsl(
            value,
            keep_blank_values=True,
            max_num_fields=OBJECT_TAGS_MAX + 1,
            errors="strict",
        )
    except ValueError:
        raise _bad_header() from None
    if value and not all(value.split("&")):
        raise _bad_header()
    return check_tags(pairs)


def _bad_header() -> S3Error:
    return S3Error(
        "InvalidArgument",
        "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL "
        "query parameters without tag name duplicates.",
    )


def from_xml(body: bytes, count_max: int = OBJECT_TAGS_MAX) -> Tags:
    """The tags of a ``Tagging`` document."""
    return tags_of(read_document(body, "Tagging"), count_max)


def tags_of(root: Node, count_max: int = OBJECT_TAGS_MAX) -> Tags:
    """The tags of a ``Tagging`` element."""
    tag_set = root.child("TagSet")
    if tag_set is None:
        raise S3Error("MalformedXML")
    pairs = []
    for node in tag_set.all("Tag"):
        if node.child("Key") is None or node.child("Value") is None:
            raise S3Error("MalformedXML")
        pairs.append((node.get("Key"), node.get("Value")))
    return check_tags(pairs, count_max)


def to_xml(tags: Tags) -> bytes:
    """A ``Tagging`` document."""
    return document(
        "Tagging",
        element(
            "TagSet",
            *[
                element("Tag", text("Key", key), text("Value", value))
                for key, value in tags.items()
            ],
        ),
    )


def to_stored(tags: Tags) -> str:
    """Tags as a header's value."""
    return urlencode(tags)


def read_stored_tags(value: str) -> Tags:
    """Tags from a header's value that ``to_stored`` made."""
    return dict(parse_qsl(value, keep_blank_values=True))
