"""Notifications: targets, and rules that say who is told of what."""

from __future__ import annotations

import pytest

from objectstore.kernel.settings import BadSettings
from objectstore.s3.errors import S3Error
from objectstore.s3.filter import filter_factory
from objectstore.s3.notify.rules import parse_notification
from objectstore.s3.notify.targets import Kind, named_by, parse_targets
from test.unit.s3.notification_documents import configuration, rule


def test_targets_of_the_settings() -> None:
    found = parse_targets(
        [
            "hook=https://token@example.com/x?y=1",
            "bus=amqp://u:p@host:5672//?exchange=e&routing_key=k",
            "line=amqp://host/?queue=q",
        ]
    )
    assert [target.kind for target in found.values()] == [
        Kind.WEBHOOK,
        Kind.AMQP,
        Kind.AMQP,
    ]
    assert (found["bus"].url, found["bus"].exchange) == ("amqp://u:p@host:5672//", "e")
    assert (found["line"].queue, found["line"].routing_key) == ("q", "q")
    assert "token" not in repr(found)


@pytest.mark.parametrize(
    "entry",
    [
        "x",
        "a b=http://h/",
        "a=ftp://h/",
        "a=http:///",
        "a=amqp://h/",
        "a=amqp://h/?b=1",
    ],
)
def test_targets_that_cannot_be(entry: str) -> None:
    with pytest.raises(ValueError):
        parse_targets([entry])
    with pytest.raises(BadSettings):
        filter_factory({}, notification_targets=entry)


@pytest.mark.parametrize(
    ("arn", "name"),
    [
        ("arn:aws:sns:us-east-1:1234:hook", "hook"),
        ("arn:aws:sqs:::hook", "hook"),
        ("arn:minio:sqs::hook:webhook", "hook"),
        ("arn:minio:sqs::hook:kafka", ""),
        ("arn:aws:lambda:us-east-1:1:hook", ""),
        ("http://example.com/", ""),
    ],
)
def test_arns(arn: str, name: str) -> None:
    assert named_by(arn) == name


def test_which_rule_wants_what() -> None:
    text = configuration(rule("ObjectCreated:*", prefix="img/", suffix=".jpg")).decode()
    (found,) = parse_notification(text)
    assert found.wants("ObjectCreated:Put", "img/a.jpg")
    assert not found.wants("ObjectRemoved:Delete", "img/a.jpg")
    assert not found.wants("ObjectCreated:Put", "img/a.png")
    assert not found.wants("ObjectCreated:Put", "a.jpg")


@pytest.mark.parametrize(
    "content",
    [
        [rule("ObjectEaten:*")],
        [rule()],
        [rule("ObjectCreated:*", arn="arn:nonsense")],
        [rule("ObjectCreated:*"), rule("ObjectCreated:Put", name="s")],
        [rule("ObjectCreated:*"), rule("ObjectRemoved:*")],
        [rule("ObjectCreated:*", prefix="x").replace("prefix", "infix")],
    ],
)
def test_bad_rules_are_refused(content: list[str]) -> None:
    with pytest.raises(S3Error):
        parse_notification(configuration(*content).decode())


def test_rules_that_do_not_overlap() -> None:
    text = configuration(
        rule("ObjectCreated:*", suffix=".jpg", name="1"),
        rule("ObjectCreated:*", suffix=".png", name="2"),
        rule("ObjectRemoved:*", name="3"),
    ).decode()
    assert len(parse_notification(text)) == 3
