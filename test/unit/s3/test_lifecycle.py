"""Lifecycle rules carried out, over the real versioning and large-object filters.

The store's clock is moved ahead; requests are signed with the machine's, so it is
moved back before the next of them.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from objectstore.kernel.loop import Progress
from objectstore.s3.background.lease import Lease
from objectstore.s3.background.own_request import own_environ
from objectstore.s3.inner import Store
from objectstore.s3.lifecycle.backfill import LifecycleBackfill
from objectstore.s3.lifecycle.run import LifecycleRun
from objectstore.s3.notify.delivery import NotificationDelivery
from test.fakes.carrier import FakeCarrier
from test.unit.s3.house import ALICE, SMALL_PARTS, House, house_with_real_filters
from test.unit.s3.test_multipart import part, segments, start
from test.unit.s3.test_versions import ENABLE

DAY = 86400.0
STEPS_MAX = 300


@pytest.fixture
def house() -> House:
    return house_with_real_filters()


def rule(action: str, filter_: str = "<Prefix></Prefix>", identifier: str = "r") -> str:
    return (
        f"<Rule><ID>{identifier}</ID><Status>Enabled</Status>"
        f"<Filter>{filter_}</Filter>{action}</Rule>"
    )


def set_rules(house: House, *rules: str, bucket: str = "/bucket") -> None:
    text = f"<LifecycleConfiguration>{''.join(rules)}</LifecycleConfiguration>"
    answer = house.ask("PUT", bucket, "lifecycle=", text.encode())
    assert answer.status == 200, answer.body


EXPIRE = "<Expiration><Days>2</Days></Expiration>"


def run(house: House, days: float) -> None:
    """What the store does in the background so many days from now."""
    facts = house.proxy.facts
    house.cluster.clock.ahead = days * DAY + 60
    for kind in (LifecycleBackfill, LifecycleRun):
        step = next(s for s in house.app.background_steps(facts) if isinstance(s, kind))
        for _ in range(STEPS_MAX):
            progress = step.step()
            if progress is Progress.DONE:
                break
            if progress is not Progress.BUSY:
                house.cluster.clock.ahead += 40  # another process' lease runs out
        else:
            raise AssertionError(f"{step.name} does not come to an end")
    house.cluster.clock.ahead = 0


def put(house: House, key: str, body: bytes = b"data", **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = house.ask("PUT", f"/bucket/{key}", body=body, headers=named)
    assert answer.status == 200, answer.body
    return answer


def status(house: House, key: str, query: str = "") -> int:
    return house.ask("HEAD", f"/bucket/{key}", query).status


def versions(house: House) -> list[tuple[str, str]]:
    xml = house.ask("GET", "/bucket", "versions=").xml
    return [
        (node.name, node.get("VersionId"))
        for node in xml.children
        if node.name in ("Version", "DeleteMarker")
    ]


def index(house: House) -> list[str]:
    """The days that have a container in the index."""
    answer = house.cluster.ask("GET", "/.s3", query="prefix=lifecycle-")
    return answer.text().split()


def test_objects_expire_by_days_and_no_sooner(house: House) -> None:
    house.bucket()
    set_rules(house, rule(EXPIRE, "<Prefix>log/</Prefix>"))
    put(house, "log/a")
    put(house, "other")
    run(house, 1.0)
    assert status(house, "log/a") == 200
    run(house, 3.1)
    assert (status(house, "log/a"), status(house, "other")) == (404, 200)
    assert index(house) == []


def test_what_was_there_before_the_rules(house: House) -> None:
    house.bucket()
    for number in range(7):
        put(house, f"old-{number}")
    set_rules(house, rule(EXPIRE))
    run(house, 3.1)
    assert [status(house, f"old-{number}") for number in range(7)] == [404] * 7


def test_a_date_that_has_passed(house: House) -> None:
    house.bucket()
    put(house, "before")
    date = "<Expiration><Date>2020-01-01T00:00:00Z</Date></Expiration>"
    set_rules(house, rule(date))
    put(house, "after")
    run(house, 0)
    assert (status(house, "before"), status(house, "after")) == (404, 404)


def test_tags_and_sizes(house: House) -> None:
    house.bucket()
    chosen = (
        "<And><Prefix>t</Prefix><Tag><Key>kind</Key><Value>tmp</Value></Tag>"
        "<ObjectSizeGreaterThan>3</ObjectSizeGreaterThan>"
        "<ObjectSizeLessThan>10</ObjectSizeLessThan></And>"
    )
    set_rules(house, rule(EXPIRE, chosen))
    put(house, "t-yes", x_amz_tagging="kind=tmp&more=1")
    put(house, "t-small", b"abc", x_amz_tagging="kind=tmp")
    put(house, "t-large", b"0123456789", x_amz_tagging="kind=tmp")
    put(house, "t-untagged")
    put(house, "x", x_amz_tagging="kind=tmp")
    put(house, "t-later")
    tags = b"<Tagging><TagSet><Tag><Key>kind</Key><Value>tmp</Value></Tag></TagSet>"
    tags += b"</Tagging>"
    assert house.ask("PUT", "/bucket/t-later", "tagging=", tags).status == 200
    run(house, 3.1)
    left = [key for key in ("t-yes", "t-later") if status(house, key) == 200]
    kept = ("t-small", "t-large", "t-untagged", "x")
    assert left == []
    assert [status(house, key) for key in kept] == [200] * 4


def test_the_rules_of_the_day_hold(house: House) -> None:
    house.bucket()
    set_rules(house, rule(EXPIRE))
    put(house, "k")
    house.ask("DELETE", "/bucket", "lifecycle=")
    run(house, 3.1)
    assert status(house, "k") == 200
    set_rules(house, rule("<Expiration><Days>100</Days></Expiration>"))
    run(house, 3.1)
    assert status(house, "k") == 200


def test_what_is_written_again_lives_on(house: House) -> None:
    house.bucket()
    set_rules(house, rule(EXPIRE))
    put(house, "k")
    house.cluster.clock.ahead = 2 * DAY
    # As another face's write two days later.
    answer = house.cluster.ask("PUT", f"/{ALICE.account}/bucket/k", body=b"new")
    assert answer.status == 201
    run(house, 3.1)
    assert house.ask("GET", "/bucket/k").body == b"new"


def test_tags_do_not_make_an_object_younger(house: House) -> None:
    house.bucket()
    set_rules(house, rule(EXPIRE))
    told = put(house, "k").headers["x-amz-expiration"]
    house.cluster.clock.ahead = 2.5 * DAY
    # As S3's tagging does, days later.
    path = f"/{ALICE.account}/bucket/k"
    assert house.cluster.ask("POST", path, {"X-Object-Meta-A": "b"}).status == 202
    house.cluster.clock.ahead = 0
    assert house.ask("HEAD", "/bucket/k").headers["x-amz-expiration"] == told
    run(house, 3.1)
    assert status(house, "k") == 404


def test_swifts_writes_are_entered_too(house: House) -> None:
    house.bucket()
    set_rules(house, rule(EXPIRE))
    run(house, 0.01)  # the back-fill is over
    environ = house.bare("PUT", f"/v1/{ALICE.account}/bucket/k", "", b"swift")
    environ["HTTP_X_AUTH_TOKEN"] = "t"
    assert house.send(environ).status == 201
    run(house, 3.1)
    assert status(house, "k") == 404


def test_current_versions_get_a_marker_and_noncurrent_ones_go(house: House) -> None:
    house.bucket()
    house.ask("PUT", "/bucket", "versioning=", ENABLE)
    noncurrent = (
        "<NoncurrentVersionExpiration><NoncurrentDays>3</NoncurrentDays>"
        "</NoncurrentVersionExpiration>"
    )
    alone = (
        "<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker>"
        "</Expiration>"
    )
    set_rules(
        house,
        rule(EXPIRE, identifier="a"),
        rule(noncurrent, identifier="b"),
        rule(alone, identifier="c"),
    )
    put(house, "k")
    run(house, 3.1)
    assert [kind for kind, _ in versions(house)] == ["DeleteMarker", "Version"]
    run(house, 8.2)
    assert versions(house) == []
    # The deletions were writes too: one look more finds nothing to do.
    run(house, 10.2)
    assert index(house) == []


def test_newer_noncurrent_versions_are_kept(house: House) -> None:
    house.bucket()
    house.ask("PUT", "/bucket", "versioning=", ENABLE)
    action = (
        "<NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays>"
        "<NewerNoncurrentVersions>2</NewerNoncurrentVersions>"
        "</NoncurrentVersionExpiration>"
    )
    ids = [put(house, "k").headers["x-amz-version-id"] for _ in range(5)]
    set_rules(house, rule(action))
    run(house, 2.1)
    assert [version for _, version in versions(house)] == ids[:1:-1]


def test_locked_versions_stay(house: House) -> None:
    house.bucket(x_amz_bucket_object_lock_enabled="true")
    action = (
        "<NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays>"
        "</NoncurrentVersionExpiration>"
    )
    set_rules(house, rule(action))
    put(house, "k", x_amz_object_lock_legal_hold="ON")
    put(house, "k")
    run(house, 3.1)
    assert len(versions(house)) == 2
    assert index(house) != []


def test_uploads_are_aborted(house: House) -> None:
    house.bucket()
    abort = (
        "<AbortIncompleteMultipartUpload><DaysAfterInitiation>1</DaysAfterInitiation>"
        "</AbortIncompleteMultipartUpload>"
    )
    before = start(house)
    part(house, before, 1, b"before the rules")
    set_rules(house, rule(abort, identifier="the rule"))
    answer = house.ask("POST", "/bucket/key", "uploads=")
    assert answer.headers["x-amz-abort-rule-id"] == "the rule"
    assert answer.headers["x-amz-abort-date"].endswith("00:00:00 GMT")
    run(house, 0.01)
    assert len(segments(house)) == 3
    run(house, 2.1)
    assert segments(house) == []


def test_expiration_is_told(house: House) -> None:
    house.bucket()
    set_rules(house, rule(EXPIRE, "<Prefix>log/</Prefix>", "my rule"))
    told = put(house, "log/a").headers["x-amz-expiration"]
    assert told.startswith('expiry-date="')
    assert told.endswith(' 00:00:00 GMT", rule-id="my%20rule"')
    for method in ("GET", "HEAD"):
        got = house.ask(method, "/bucket/log/a")
        assert got.headers["x-amz-expiration"] == told
    ranged = house.ask("GET", "/bucket/log/a", headers={"Range": "bytes=0-1"})
    assert ranged.headers["x-amz-expiration"] == told
    assert "x-amz-expiration" not in put(house, "other").headers


def test_rules_without_an_id_get_one(house: House) -> None:
    house.bucket()
    set_rules(house, rule(EXPIRE).replace("<ID>r</ID>", ""))
    xml = house.ask("GET", "/bucket", "lifecycle=").xml
    assert [bool(node.get("ID")) for node in xml.all("Rule")] == [True]


def test_keys_that_are_too_long_for_a_name_of_the_index(house: House) -> None:
    house.bucket()
    set_rules(house, rule(EXPIRE))
    key = "k" * 1000
    put(house, key)
    run(house, 3.1)
    assert status(house, key) == 404


def test_a_back_fill_goes_on_page_by_page(house: House) -> None:
    house.bucket()
    house.ask("PUT", "/bucket", "versioning=", ENABLE)
    for key in ("a", "a", "a", "b", "c"):
        put(house, key)
    set_rules(house, rule(EXPIRE))
    house.cluster.clock.ahead = 3.1 * DAY
    for _ in range(20):  # a new process for every page
        step = LifecycleBackfill(house.app.house, house.proxy.facts, page=2)
        while step.step() is Progress.IDLE:
            house.cluster.clock.ahead += 40
    run(house, 3.2)
    assert [status(house, key) for key in "abc"] == [404] * 3


def test_one_process_holds_a_lease_at_a_time() -> None:
    house = House()
    store = Store(house.app.app)
    environ = own_environ("test", house.proxy.facts)
    one, two = (Lease(store, house.clock, "job") for _ in range(2))
    one.is_held(environ)  # makes the container
    assert one.is_held(environ)
    assert not two.is_held(environ)
    house.cluster.clock.ahead = 3600
    assert two.is_held(environ)
    assert not one.is_held(environ)


def test_what_expires_is_told() -> None:
    targets = ("hook=http://127.0.0.1:9/",)
    house = House(dataclasses.replace(SMALL_PARTS, notification_targets=targets))
    house.bucket()
    body = (
        "<NotificationConfiguration><QueueConfiguration>"
        "<Queue>arn:aws:sqs:::hook</Queue><Event>s3:LifecycleExpiration:*</Event>"
        "</QueueConfiguration></NotificationConfiguration>"
    )
    assert house.ask("PUT", "/bucket", "notification=", body.encode()).status == 200
    set_rules(house, rule(EXPIRE))
    put(house, "k")
    run(house, 3.1)
    carrier = FakeCarrier()
    house.cluster.clock.ahead = 3.2 * DAY
    step = NotificationDelivery(house.app.house, house.proxy.facts, "hook", carrier)
    for _ in range(3):
        step.step()
    assert carrier.events() == [("LifecycleExpiration:Delete", "k")]
