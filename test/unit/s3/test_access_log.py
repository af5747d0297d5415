"""Server access logs: the lines, who writes them, when they are delivered."""

from __future__ import annotations

import re
import shlex

import pytest

from objectstore.kernel.loop import Progress
from objectstore.s3.access_log.delivery import LogDelivery
from objectstore.s3.access_log.operations import operation_name
from objectstore.s3.access_log.record import Record
from objectstore.s3.access_log.target import LogTarget
from test.unit.s3.house import ALICE, BOB, House

FIELDS = 26
RECORD = Record(
    "AUTH_a",
    "bucket",
    1_700_000_000.0,
    "192.0.2.1",
    "arn:aws:iam::AUTH_a:user/u",
    "tx1",
    "REST.GET.OBJECT",
    "a key",
    "GET /bucket/a%20key HTTP/1.1",
    200,
    "",
    17,
    17,
    3,
    2,
    "",
    'agent "x" 1',
    "",
    "SigV4",
    "AuthHeader",
    "s3.test",
    False,
)


def logging(target: str, prefix: str = "logs/", more: str = "") -> bytes:
    return (
        f"<BucketLoggingStatus><LoggingEnabled><TargetBucket>{target}</TargetBucket>"
        f"<TargetPrefix>{prefix}</TargetPrefix>{more}</LoggingEnabled>"
        "</BucketLoggingStatus>"
    ).encode()


@pytest.fixture
def house() -> House:
    made = House()
    made.bucket()
    made.bucket("target")
    answer = made.ask("PUT", "/bucket", "logging=", logging("target"))
    assert answer.status == 200, answer.body
    return made


def deliver(house: House) -> list[list[str]]:
    """The fields of every line that was delivered, in order."""
    house.app.finish()
    house.cluster.clock.ahead = 400
    step = LogDelivery(house.app.house, house.proxy.facts)
    for _ in range(20):
        progress = step.step()
        if progress is Progress.DONE:
            break
        if progress is Progress.IDLE:
            house.cluster.clock.ahead += 40
    house.cluster.clock.ahead = 0
    lines = []
    for key in keys(house):
        body = house.ask("GET", f"/target/{key}").body.decode()
        lines += [fields(line) for line in body.splitlines()]
    return lines


def keys(house: House) -> list[str]:
    listed = house.ask("GET", "/target", "prefix=logs%2F").xml
    return [node.get("Key") for node in listed.all("Contents")]


def fields(line: str) -> list[str]:
    return shlex.split(line.replace("[", '"').replace("]", '"'))


def test_a_line_has_awss_fields() -> None:
    found = fields(RECORD.line())
    assert len(found) == FIELDS
    assert found[:3] == ["AUTH_a", "bucket", "14/Nov/2023:22:13:20 +0000"]
    assert found[6:10] == [
        "REST.GET.OBJECT",
        "a%2520key",
        "GET /bucket/a%20key HTTP/1.1",
        "200",
    ]
    assert found[10:15] == ["-", "17", "17", "3", "2"]
    assert found[16] == 'agent "x" 1'


def test_nothing_that_a_client_sends_ends_a_line() -> None:
    bad = 'x\n"y\r z'
    values = {name: getattr(RECORD, name) for name in Record.__slots__}
    for name in ("key", "request_line", "referrer", "user_agent", "host", "bucket"):
        line = Record(**{**values, name: bad}).line()
        assert line.count("\n") == 1
        assert line.endswith("\n")
        assert len(fields(line)) == FIELDS


@pytest.mark.parametrize(
    ("method", "query", "has_key", "is_copy", "name"),
    [
        ("GET", [], True, False, "REST.GET.OBJECT"),
        ("PUT", [], True, True, "REST.COPY.OBJECT"),
        ("PUT", ["partNumber", "uploadId"], True, False, "REST.PUT.PART"),
        ("POST", ["uploadId"], True, False, "REST.POST.UPLOAD"),
        ("POST", ["uploads"], True, False, "REST.POST.UPLOADS"),
        ("GET", ["list-type", "prefix"], False, False, "REST.GET.BUCKET"),
        ("PUT", ["policy"], False, False, "REST.PUT.BUCKETPOLICY"),
        ("POST", ["delete"], False, False, "REST.POST.MULTI_OBJECT_DELETE"),
        ("GET", ["acl", "versionId"], True, False, "REST.GET.ACL"),
    ],
)
def test_names_of_operations(
    method: str, query: list[str], has_key: bool, is_copy: bool, name: str
) -> None:
    assert operation_name(method, query, has_key=has_key, is_copy=is_copy) == name


def test_keys_of_log_objects() -> None:
    source = ("AUTH_a", "us-east-1", "bucket")
    when = 1_700_000_000.0
    simple = LogTarget("t", "p/").key(source, when, "UNIQUE")
    assert simple == "p/2023-11-14-22-13-20-UNIQUE"
    parted = LogTarget("t", "p/", "EventTime").key(source, when, "UNIQUE")
    assert parted == ("p/AUTH_a/us-east-1/bucket/2023/11/14/2023-11-14-00-00-00-UNIQUE")


def test_requests_are_logged_with_what_came_of_them(house: House) -> None:
    house.ask("PUT", "/bucket/key", body=b"hello")
    house.ask("GET", "/bucket/key", headers={"User-Agent": "tester/1"})
    house.ask("GET", "/bucket/none")
    house.ask("GET", "/bucket/key", user=BOB)
    house.ask("GET", "/bucket/key", user=None)
    lines = deliver(house)
    told = [(line[6], line[7], line[9], line[10], line[11]) for line in lines]
    assert told == [
        ("REST.PUT.OBJECT", "key", "200", "-", "0"),
        ("REST.GET.OBJECT", "key", "200", "-", "5"),
        ("REST.GET.OBJECT", "none", "404", "NoSuchKey", told[2][4]),
        ("REST.GET.OBJECT", "key", "403", "AccessDenied", told[3][4]),
        ("REST.GET.OBJECT", "key", "403", "AccessDenied", told[4][4]),
    ]
    assert lines[0][0] == ALICE.account
    assert lines[1][4] == "arn:aws:iam::AUTH_alice:user/owner"
    assert lines[1][16] == "tester/1"
    assert lines[4][4] == "-"
    (key,) = keys(house)
    assert re.fullmatch(r"logs/\d{4}(-\d\d){5}-[0-9A-F]{16}", key)


def test_each_key_of_a_multiple_delete_has_its_line(house: House) -> None:
    body = (
        b"<Delete><Object><Key>a</Key></Object><Object><Key>b</Key></Object></Delete>"
    )
    house.ask("POST", "/bucket", "delete=", body)
    told = [(line[6], line[7]) for line in deliver(house)]
    assert told == [
        ("REST.POST.MULTI_OBJECT_DELETE", "-"),
        ("BATCH.DELETE.OBJECT", "a"),
        ("BATCH.DELETE.OBJECT", "b"),
    ]


def test_deliveries_are_not_logged(house: House) -> None:
    house.ask("PUT", "/target", "logging=", logging("target"))
    house.ask("PUT", "/bucket/key", body=b"hello")
    deliver(house)
    first = keys(house)
    house.app.finish()
    again = [line[6] for line in deliver(house)]
    # What is new is about our own listing and reading, nothing about a delivery.
    assert again.count("REST.PUT.OBJECT") == 1
    assert len(first) == 1


def test_secrets_in_signed_urls_are_not_logged(house: House) -> None:
    house.ask("GET", "/bucket/key", presigned=60)
    (line,) = deliver(house)
    assert "Signature" not in str(line)
    assert line[21] == "QueryString"


def test_a_delivery_that_is_repeated_makes_no_second_object(house: House) -> None:
    house.ask("PUT", "/bucket/key", body=b"hello")
    house.app.finish()
    delivery = LogDelivery(house.app.house, house.proxy.facts)
    environ = house.environ("GET", "/")
    (chunk,) = house.cluster.ask("GET", "/.s3/access-logs").text().splitlines()
    place = chunk.rpartition("/")[0]
    stored = house.cluster.ask("GET", f"/.s3/access-logs/{chunk}").body
    delivery._deliver(environ, place, [chunk])
    house.cluster.ask("PUT", f"/.s3/access-logs/{chunk}", {}, stored)
    delivery._deliver(environ, place, [chunk])
    assert len(keys(house)) == 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (logging("nobodys"), "InvalidTargetBucketForLogging"),
        (logging("bobs"), "InvalidTargetBucketForLogging"),
        (
            logging("target", more="<TargetGrants><Grant/></TargetGrants>"),
            "MalformedACLError",
        ),
        (logging(""), "MalformedXML"),
    ],
)
def test_targets_that_cannot_be(house: House, body: bytes, code: str) -> None:
    house.bucket("bobs", BOB)
    answer = house.ask("PUT", "/bucket", "logging=", body)
    assert answer.code == code


GRANTS = (
    '<TargetGrants><Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    ' xsi:type="CanonicalUser"><ID>AUTH_bob</ID></Grantee>'
    "<Permission>READ</Permission></Grant></TargetGrants>"
)


def test_whom_the_target_grants_may_read_the_logs(house: House) -> None:
    body = logging("target", more=GRANTS)
    assert house.ask("PUT", "/bucket", "logging=", body).status == 200
    house.ask("PUT", "/bucket/key", body=b"hello")
    deliver(house)
    # What was logged before, the change itself with it, is the owner's alone.
    before_and_after = [f"/target/{key}" for key in keys(house)]
    told = [house.ask("GET", path, user=BOB).status for path in before_and_after]
    assert sorted(told) == [200, 403]
    for path in before_and_after:
        assert house.ask("GET", path, user=None).code == "AccessDenied"


def test_without_acls_there_are_no_target_grants(house: House) -> None:
    body = (
        b"<OwnershipControls><Rule><ObjectOwnership>BucketOwnerEnforced"
        b"</ObjectOwnership></Rule></OwnershipControls>"
    )
    assert house.ask("PUT", "/target", "ownershipControls=", body).status == 200
    answer = house.ask("PUT", "/bucket", "logging=", logging("target", more=GRANTS))
    assert answer.code == "AccessControlListNotSupported"
