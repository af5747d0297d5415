"""XML documents and bucket configurations: bounded, checked, given back."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from objectstore.s3 import documents
from objectstore.s3.bucket.cors_rules import find_rule, parse_cors
from objectstore.s3.bucket.lifecycle_rules import Action, Thing, due, parse_lifecycle
from objectstore.s3.errors import S3Error
from objectstore.s3.xml.read import read_document
from objectstore.s3.xml.render import render
from objectstore.s3.xml.write import document, text
from test.unit.s3.house import House

PLAIN = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\ufffe\uffff\r"),
    max_size=40,
).filter(lambda value: all(ord(sign) > 31 or sign in "\t\n" for sign in value))


@given(PLAIN)
@settings(max_examples=200, deadline=None)
def test_what_is_written_is_read_again(value: str) -> None:
    body = document("Root", text("Name", value))
    root = read_document(body, "Root", keep_space=True)
    assert root.get("Name") == value
    assert read_document(render(root).encode(), keep_space=True) == root


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<a>",
        b"<a/><b/>",
        b"not xml",
        b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        b"<a>&undefined;</a>",
        b"<a><![CDATA[x]]></a>",
        "<a/>".encode("utf-16"),
        b"<a>" * 20 + b"</a>" * 20,
        b"<a>" + b"<b/>" * 70_001 + b"</a>",
        b"\xff\xfe",
    ],
)
def test_dangerous_documents_are_refused(body: bytes) -> None:
    with pytest.raises(S3Error) as caught:
        read_document(body)
    assert caught.value.code == "MalformedXML"


@given(st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_rubbish_is_refused_or_read(body: bytes) -> None:
    try:
        read_document(body)
    except S3Error as error:
        assert error.status == 400


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30_000))
@settings(max_examples=30, deadline=None)
def test_documents_fit_into_headers_or_are_refused(value: str) -> None:
    try:
        headers = documents.pack("policy", value)
    except S3Error:
        return
    assert all(len(piece) < 8192 and piece.isascii() for piece in headers.values())
    assert documents.unpack("policy", headers) == value


CORS = (
    "<CORSConfiguration><CORSRule><AllowedOrigin>https://*.example.com</AllowedOrigin>"
    "<AllowedMethod>GET</AllowedMethod><AllowedHeader>x-*</AllowedHeader>"
    "<ExposeHeader>ETag</ExposeHeader><MaxAgeSeconds>60</MaxAgeSeconds>"
    "</CORSRule></CORSConfiguration>"
)


def test_cors_rules_match_origins_methods_and_headers() -> None:
    rules = parse_cors(CORS)
    assert find_rule(rules, "https://a.example.com", "GET", ["x-a"])
    assert not find_rule(rules, "https://a.example.org", "GET", [])
    assert not find_rule(rules, "https://a.example.com", "PUT", [])
    assert not find_rule(rules, "https://a.example.com", "GET", ["authorization"])


def test_preflight_and_headers() -> None:
    house = House()
    house.bucket()
    house.ask("PUT", "/bucket", "cors=", CORS.encode())
    asked = {
        "origin": "https://a.example.com",
        "access-control-request-method": "GET",
        "access-control-request-headers": "X-A",
    }
    environ = house.environ("OPTIONS", "/bucket/k", headers=asked, user=None)
    got = house.send(environ).headers
    assert got["access-control-allow-origin"] == "https://a.example.com"
    assert got["access-control-max-age"] == "60"
    refused = house.environ(
        "OPTIONS", "/bucket/k", headers={**asked, "origin": "http://x"}, user=None
    )
    answer = house.send(refused)
    assert (answer.status, answer.code) == (403, "AccessForbidden")
    assert answer.xml.get("Method") == "GET"
    assert answer.xml.get("ResourceType") == "OBJECT"
    read = house.ask("GET", "/bucket/none", headers={"origin": "https://a.example.com"})
    assert read.headers["access-control-expose-headers"] == "ETag"


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"access-control-request-method": "GET"}, "Insufficient information"),
        ({"origin": "https://a.example.com"}, "Access-Control-Request-Method: null"),
        (
            {"origin": "https://x", "access-control-request-method": "PATCH"},
            "Access-Control-Request-Method: PATCH",
        ),
    ],
)
def test_a_preflight_must_say_what_is_to_come(
    asked: dict[str, str], message: str
) -> None:
    house = House()
    house.bucket()
    answer = house.send(house.environ("OPTIONS", "/bucket/k", headers=asked, user=None))
    assert (answer.status, answer.code) == (400, "BadRequest")
    assert message in answer.xml.get("Message")


def test_caches_learn_that_a_reply_depends_on_its_origin() -> None:
    house = House()
    house.bucket()
    house.ask("PUT", "/bucket/k", body=b"x")
    stranger = {"origin": "https://x"}
    assert "vary" not in house.ask("GET", "/bucket/k", headers=stranger).headers
    house.ask("PUT", "/bucket", "cors=", CORS.encode())
    for path in ("/bucket/k", "/bucket/none"):
        headers = house.ask("GET", path, headers=stranger).headers
        assert headers["vary"].startswith("Origin")
        assert "access-control-allow-origin" not in headers


RULE = (
    "<Rule><ID>{id}</ID><Status>Enabled</Status><Filter>{filter}</Filter>"
    "{action}</Rule>"
)
DAY = 86400.0


def lifecycle(action: str, filter_: str = "") -> str:
    rule = RULE.format(id="r", filter=filter_, action=action)
    return f"<LifecycleConfiguration>{rule}</LifecycleConfiguration>"


def test_objects_expire_at_midnight() -> None:
    rules = parse_lifecycle(
        lifecycle("<Expiration><Days>2</Days></Expiration>", "<Prefix>log/</Prefix>")
    )
    thing = Thing("log/a", modified=0.5 * DAY)
    assert due(rules, thing, 2.9 * DAY) is Action.KEEP
    assert due(rules, thing, 3 * DAY) is Action.EXPIRE
    assert due(rules, Thing("other", modified=0), 9 * DAY) is Action.KEEP


def test_filters_by_tag_and_size() -> None:
    rules = parse_lifecycle(
        lifecycle(
            "<Expiration><Days>1</Days></Expiration>",
            "<And><Tag><Key>k</Key><Value>v</Value></Tag>"
            "<ObjectSizeGreaterThan>10</ObjectSizeGreaterThan></And>",
        )
    )
    assert due(rules, Thing("a", 11, 0, {"k": "v"}), 9 * DAY) is Action.EXPIRE
    assert due(rules, Thing("a", 10, 0, {"k": "v"}), 9 * DAY) is Action.KEEP
    assert due(rules, Thing("a", 11, 0, {}), 9 * DAY) is Action.KEEP


def test_noncurrent_versions_markers_and_uploads() -> None:
    rules = parse_lifecycle(
        lifecycle(
            "<NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays>"
            "<NewerNoncurrentVersions>2</NewerNoncurrentVersions>"
            "</NoncurrentVersionExpiration>"
        )
    )
    old = Thing("a", is_current=False, noncurrent_since=0, newer_noncurrent=2)
    assert due(rules, old, 5 * DAY) is Action.REMOVE_VERSION
    young = Thing("a", is_current=False, noncurrent_since=0, newer_noncurrent=1)
    assert due(rules, young, 5 * DAY) is Action.KEEP
    rules = parse_lifecycle(
        lifecycle(
            "<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker>"
            "</Expiration>"
        )
    )
    assert (
        due(rules, Thing("a", is_marker=True, is_alone=True), 0) is Action.REMOVE_MARKER
    )
    assert due(rules, Thing("a", is_marker=True), 0) is Action.KEEP
    rules = parse_lifecycle(
        lifecycle(
            "<AbortIncompleteMultipartUpload><DaysAfterInitiation>1</DaysAfterInitiation>"
            "</AbortIncompleteMultipartUpload>"
        )
    )
    assert due(rules, Thing("a", is_upload=True), 2 * DAY) is Action.ABORT_UPLOAD


@pytest.mark.parametrize(
    "action",
    [
        "",
        "<Expiration><Days>0</Days></Expiration>",
        "<Expiration><Days>x</Days></Expiration>",
        "<Expiration/>",
        "<Expiration><Days>1</Days><Date>2030-01-01T00:00:00Z</Date></Expiration>",
        "<Expiration><Date>2030-01-01T01:00:00Z</Date></Expiration>",
        "<Transition><Days>1</Days><StorageClass>GLACIER</StorageClass></Transition>",
    ],
)
def test_bad_lifecycles_are_refused(action: str) -> None:
    with pytest.raises(S3Error):
        parse_lifecycle(lifecycle(action))


CONFIGURATIONS = {
    "cors": (CORS, "NoSuchCORSConfiguration"),
    "lifecycle": (
        lifecycle("<Expiration><Days>1</Days></Expiration>", "<Prefix>p</Prefix>"),
        "NoSuchLifecycleConfiguration",
    ),
    "tagging": (
        "<Tagging><TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tagging>",
        "NoSuchTagSet",
    ),
    "ownershipControls": (
        "<OwnershipControls><Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule>"
        "</OwnershipControls>",
        "OwnershipControlsNotFoundError",
    ),
    "publicAccessBlock": (
        "<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls>"
        "</PublicAccessBlockConfiguration>",
        "NoSuchPublicAccessBlockConfiguration",
    ),
    "website": (
        "<WebsiteConfiguration><IndexDocument><Suffix>index.html</Suffix></IndexDocument>"
        "</WebsiteConfiguration>",
        "NoSuchWebsiteConfiguration",
    ),
}


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_configurations_are_kept_and_given_back(name: str) -> None:
    house = House()
    house.bucket()
    body, missing = CONFIGURATIONS[name]
    assert house.ask("GET", "/bucket", f"{name}=").code == missing
    assert house.ask("PUT", "/bucket", f"{name}=", body.encode()).status == 200
    got = house.ask("GET", "/bucket", f"{name}=")
    assert read_document(got.body) == read_document(body.encode())
    assert house.ask("PUT", "/bucket", f"{name}=", b"<x/>").code == "MalformedXML"
    assert house.ask("PUT", "/bucket", f"{name}=").status == 400
    assert house.ask("DELETE", "/bucket", f"{name}=").status == 204
    assert house.ask("GET", "/bucket", f"{name}=").code == missing


def test_what_is_too_small_for_a_transition_is_told() -> None:
    """Terraform waits until it hears what it said, or AWS's default."""
    house = House()
    house.bucket()
    body = lifecycle("<Expiration><Days>1</Days></Expiration>").encode()
    name = "x-amz-transition-default-minimum-object-size"

    def told(method: str, said: str = "") -> str:
        sent = body if method == "PUT" else b""
        headers = {name: said} if said else {}
        answer = house.ask(method, "/bucket", "lifecycle=", sent, headers)
        return answer.headers[name] if answer.status == 200 else answer.code

    assert told("PUT") == told("GET") == "all_storage_classes_128K"
    assert told("PUT", "varies_by_storage_class") == "varies_by_storage_class"
    assert told("GET") == "varies_by_storage_class"
    assert told("PUT", "none_at_all") == "InvalidArgument"
    assert told("PUT") == told("GET") == "all_storage_classes_128K"


def test_a_refused_transition_is_named() -> None:
    transition = (
        "<Transition><Days>1</Days><StorageClass>ICE</StorageClass></Transition>"
    )
    with pytest.raises(S3Error, match="'ICE'"):
        parse_lifecycle(lifecycle(transition))


@pytest.mark.parametrize(
    "name", ["logging", "notification", "requestPayment", "accelerate", "location"]
)
def test_defaults_of_what_was_never_configured(name: str) -> None:
    house = House()
    house.bucket()
    assert house.ask("GET", "/bucket", f"{name}=").status == 200


def test_encryption_at_rest_is_not_pretended() -> None:
    house = House()
    house.bucket()
    headers = {"x-amz-server-side-encryption": "AES256"}
    assert house.ask("PUT", "/bucket/k", body=b"x", headers=headers).status == 501
    headers = {"x-amz-server-side-encryption": "aws:kms"}
    assert house.ask("PUT", "/bucket/k", body=b"x", headers=headers).status == 501
