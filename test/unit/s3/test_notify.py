"""Notifications: records, what is told when, and delivery that insists."""

from __future__ import annotations

import dataclasses
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from objectstore.kernel.errors import Unavailable
from objectstore.kernel.loop import Progress
from objectstore.s3.notify.delivery import KEPT_SECONDS_MAX, NotificationDelivery
from objectstore.s3.notify.targets import parse_targets
from objectstore.s3.notify.webhook import Webhook
from test.fakes.carrier import FakeCarrier
from test.unit.s3.house import ALICE, SMALL_PARTS, House
from test.unit.s3.notification_documents import configuration, rule
from test.unit.s3.test_multipart import finish, part, start
from test.unit.s3.test_versions import ENABLE

TARGETS = ("hook=http://127.0.0.1:9/", "other=http://127.0.0.1:9/x")


@pytest.fixture
def house() -> House:
    made = House(dataclasses.replace(SMALL_PARTS, notification_targets=TARGETS))
    made.bucket()
    return made


def notify(house: House, *content: str) -> None:
    answer = house.ask("PUT", "/bucket", "notification=", configuration(*content))
    assert answer.status == 200, answer.body


class Delivering:
    """The step of one target, and time for it."""

    def __init__(self, house: House, target: str = "hook") -> None:
        self.house = house
        self.carrier = FakeCarrier()
        facts = house.proxy.facts
        self.step = NotificationDelivery(house.app.house, facts, target, self.carrier)

    def run(self, steps: int = 10) -> Any:
        for _ in range(steps):
            if self.step.step() is Progress.IDLE:
                # Makes the lease's container, at first.
                self.house.cluster.clock.ahead += 0.01
        return self.carrier.events()


def test_a_target_that_nobody_set_up_is_refused(house: House) -> None:
    body = configuration(rule("ObjectCreated:*", arn="arn:aws:sqs:::nobody"))
    answer = house.ask("PUT", "/bucket", "notification=", body)
    assert answer.code == "InvalidArgument"


def test_a_test_event_comes_first(house: House) -> None:
    notify(house, rule("ObjectCreated:*"))
    house.ask("PUT", "/bucket/k", body=b"hello")
    delivering = Delivering(house)
    delivering.run()
    first, second = delivering.carrier.messages
    assert (first["Event"], first["Bucket"]) == ("s3:TestEvent", "bucket")
    assert first["Service"] == "Amazon S3"
    assert second["Records"][0]["eventName"] == "ObjectCreated:Put"


def test_a_record_has_awss_fields(house: House) -> None:
    notify(house, rule("ObjectCreated:*", name="my rule"))
    put = house.ask("PUT", "/bucket/a key/ü", body=b"hello")
    delivering = Delivering(house)
    delivering.run()
    (record,) = delivering.carrier.messages[1]["Records"]
    thing = record["s3"]["object"]
    assert record["eventVersion"] == "2.1"
    assert record["eventSource"] == "aws:s3"
    assert record["awsRegion"] == "us-east-1"
    assert record["eventTime"].endswith("Z")
    assert record["userIdentity"] == {"principalId": "AWS:alice:owner"}
    assert record["requestParameters"] == {"sourceIPAddress": "192.0.2.1"}
    assert record["s3"]["s3SchemaVersion"] == "1.0"
    assert record["s3"]["configurationId"] == "my rule"
    assert record["s3"]["bucket"] == {
        "name": "bucket",
        "ownerIdentity": {"principalId": ALICE.account},
        "arn": "arn:aws:s3:::bucket",
    }
    assert thing.pop("sequencer")
    assert thing == {
        "key": "a+key/%C3%BC",
        "size": 5,
        "eTag": put.headers["etag"].strip('"'),
    }


def test_every_verb_tells(house: House) -> None:
    notify(
        house,
        rule("ObjectCreated:*", "ObjectRemoved:*", "ObjectTagging:*", "ObjectAcl:Put"),
    )
    house.ask("PUT", "/bucket/k", body=b"hello")
    copied = {"x-amz-copy-source": "/bucket/k"}
    house.ask("PUT", "/bucket/copy", headers=copied)
    upload = start(house)
    finish(house, upload, {1: part(house, upload, 1, b"the parts")})
    tags = (
        b"<Tagging><TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tagging>"
    )
    house.ask("PUT", "/bucket/k", "tagging=", tags)
    house.ask("DELETE", "/bucket/k", "tagging=")
    house.ask("PUT", "/bucket/k", "acl=", headers={"x-amz-acl": "public-read"})
    house.ask("DELETE", "/bucket/k")
    house.ask("DELETE", "/bucket/k")  # was not there: nothing to tell
    keys = b"<Delete><Object><Key>copy</Key></Object></Delete>"
    house.ask("POST", "/bucket", "delete=", keys)
    house.ask("PUT", "/bucket/k", body=b"x", headers={"Content-MD5": "bad"})
    assert Delivering(house).run() == [
        ("ObjectCreated:Put", "k"),
        ("ObjectCreated:Copy", "copy"),
        ("ObjectCreated:CompleteMultipartUpload", "key"),
        ("ObjectTagging:Put", "k"),
        ("ObjectTagging:Delete", "k"),
        ("ObjectAcl:Put", "k"),
        ("ObjectRemoved:Delete", "k"),
        ("ObjectRemoved:Delete", "copy"),
    ]


def test_versions_are_named(house: House) -> None:
    house.ask("PUT", "/bucket", "versioning=", ENABLE)
    notify(house, rule("ObjectCreated:*", "ObjectRemoved:*"))
    version = house.ask("PUT", "/bucket/k").headers["x-amz-version-id"]
    marker = house.ask("DELETE", "/bucket/k").headers["x-amz-version-id"]
    house.ask("DELETE", "/bucket/k", f"versionId={version}")
    delivering = Delivering(house)
    delivering.run()
    told = [
        (record["eventName"], record["s3"]["object"]["versionId"])
        for message in delivering.carrier.messages[1:]
        for record in message["Records"]
    ]
    assert told == [
        ("ObjectCreated:Put", version),
        ("ObjectRemoved:DeleteMarkerCreated", marker),
        ("ObjectRemoved:Delete", version),
    ]


def test_swifts_writes_are_told_too(house: House) -> None:
    notify(house, rule("ObjectCreated:*", "ObjectRemoved:*"))
    for method, body in (("PUT", b"swift"), ("DELETE", b"")):
        environ = house.bare(method, f"/v1/{ALICE.account}/bucket/k", "", body)
        environ["HTTP_X_AUTH_TOKEN"] = "t"
        assert house.send(environ).status < 300
    delivering = Delivering(house)
    assert delivering.run() == [
        ("ObjectCreated:Put", "k"),
        ("ObjectRemoved:Delete", "k"),
    ]
    assert delivering.carrier.messages[1]["Records"][0]["s3"]["object"]["size"] == 5


def test_each_target_gets_what_is_its_own(house: House) -> None:
    other = "arn:aws:sns:us-east-1:1:other"
    notify(
        house,
        rule("ObjectCreated:*", name="1"),
        rule("ObjectRemoved:*", arn=other, name="2"),
    )
    house.ask("PUT", "/bucket/k")
    house.ask("DELETE", "/bucket/k")
    assert Delivering(house).run() == [("ObjectCreated:Put", "k")]
    assert Delivering(house, "other").run() == [("ObjectRemoved:Delete", "k")]


def test_rules_taken_away_tell_nothing(house: House) -> None:
    notify(house, rule("ObjectCreated:*"))
    notify(house)
    house.ask("PUT", "/bucket/k")
    assert Delivering(house).run() == []
    shown = house.ask("GET", "/bucket", "notification=")
    assert list(shown.xml.children) == []


def test_a_target_that_is_away_gets_everything_in_order_later(house: House) -> None:
    notify(house, rule("ObjectCreated:*"))
    for number in range(5):
        house.ask("PUT", f"/bucket/{number}")
    delivering = Delivering(house)
    delivering.carrier.takes = 3
    delivering.run()
    tries = delivering.carrier.tries
    assert len(delivering.carrier.messages) == 3
    delivering.run()
    assert delivering.carrier.tries == tries  # it is left in peace for a while
    pauses = []
    for _ in range(12):
        before = delivering.carrier.tries
        waited = 0.0
        while delivering.carrier.tries == before:
            house.cluster.clock.ahead += 1
            waited += 1
            delivering.step.step()
        pauses.append(waited)
    assert pauses == sorted(pauses)
    assert 290 <= pauses[-1] <= 310
    # Another process goes on where this one was.
    house.cluster.clock.ahead += 600
    successor = Delivering(house)
    keys = [key for _, key in successor.run()]
    assert keys == ["2", "3", "4"]


def test_of_two_processes_one_delivers(house: House) -> None:
    notify(house, rule("ObjectCreated:*"))
    house.ask("PUT", "/bucket/k")
    one, two = Delivering(house), Delivering(house)
    one.run(3)
    two.run(3)
    assert (len(one.carrier.messages), len(two.carrier.messages)) == (2, 0)


def test_old_messages_are_dropped(house: House) -> None:
    notify(house, rule("ObjectCreated:*"))
    house.ask("PUT", "/bucket/k")
    house.cluster.clock.ahead = KEPT_SECONDS_MAX + 60
    assert Delivering(house).run() == []
    assert house.cluster.ask("GET", "/.s3/events+hook").text() == ""


class Receiver(BaseHTTPRequestHandler):
    """Closes kept connections without a word; refuses what says so."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.bodies.append(body)  # type: ignore[attr-defined]
        self.send_response(400 if body == b"refuse" else 204)
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.close_connection = True

    def log_message(self, *arguments: object) -> None:
        """Not here."""


def test_a_webhook_that_closes_kept_connections() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.bodies = []  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        url = f"http://u:p@127.0.0.1:{server.server_port}/hook"
        hook = Webhook(parse_targets([f"hook={url}"])["hook"])
        for body in (b"one", b"two", b"three"):
            hook.send(body)
        with pytest.raises(Unavailable):
            hook.send(b"refuse")
        hook.close()
    finally:
        server.shutdown()
        server.server_close()
    assert server.bodies == [b"one", b"two", b"three", b"refuse"]  # type: ignore[attr-defined]
