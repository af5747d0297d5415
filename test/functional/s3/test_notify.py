"""Notifications through boto3: to a webhook, and to a RabbitMQ of the test's own."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import kombu
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from test.functional.harness.ports import free_ports
from test.functional.harness.store import Store, wait_for
from test.functional.harness.users import TESTER
from test.functional.s3.conftest import REGION, SETTINGS
from test.servers.rabbitmq import rabbitmq

WAIT_SECONDS = 60


class Hook:
    """A webhook that keeps what it gets; may refuse."""

    def __init__(self, port: int) -> None:
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if hook.status == 200:
                    hook.authorization = self.headers.get("Authorization", "")
                    hook.messages.append(json.loads(body))
                else:
                    hook.refused += 1
                self.send_response(hook.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *arguments: object) -> None:
                """Tests look at messages, not at lines."""

        self.status = 200
        self.refused = 0
        self.authorization = ""
        self.messages: list[Any] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def events(self, bucket: str) -> list[tuple[str, str]]:
        return events_of(self.messages, bucket)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def events_of(messages: list[Any], bucket: str) -> list[tuple[str, str]]:
    return [
        (record["eventName"], record["s3"]["object"]["key"])
        for message in messages
        for record in message.get("Records", [])
        if record["s3"]["bucket"]["name"] == bucket
    ]


@contextmanager
def hooked(port: int) -> Iterator[Hook]:
    hook = Hook(port)
    try:
        yield hook
    finally:
        hook.close()


@pytest.fixture(scope="module")
def ports() -> tuple[int, int]:
    """Of the webhook and of the broker."""
    hook, broker = free_ports(2)
    return hook, broker


@pytest.fixture(scope="module", params=["alone", "cluster"])
def store(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    ports: tuple[int, int],
) -> Iterator[Store]:
    place = tmp_path_factory.mktemp("s3-notify")
    made = Store.alone(place) if request.param == "alone" else Store.cluster(place)
    hook, broker = ports
    targets = (
        f"notification_targets = hook=http://secret@127.0.0.1:{hook}/in, "
        f"bus=amqp://guest:guest@127.0.0.1:{broker}//?exchange=s3&routing_key=told"
        # Made by who publishes: what comes before the test listens is kept.
        "&queue=test"
    )
    for plan in made.plans:
        with made.place.settings_file(plan.name).open("a") as file:
            file.write(f"{SETTINGS}\n{targets}\n")
    with made.running():
        yield made


def client(store: Store, node: int = 0) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=store.endpoint(node),
        aws_access_key_id=TESTER.login,
        aws_secret_access_key=TESTER.key,
        region_name=REGION,
        config=Config(retries={"max_attempts": 1}),
    )


@pytest.fixture
def s3(store: Store) -> Any:
    return client(store)


def configure(s3: Any, bucket: str, target: str, *events: str, **filters: str) -> None:
    rules = [{"Name": name, "Value": value} for name, value in filters.items()]
    s3.put_bucket_notification_configuration(
        Bucket=bucket,
        NotificationConfiguration={
            "QueueConfigurations": [
                {
                    "Id": "r",
                    "QueueArn": f"arn:aws:sqs:us-east-1:AUTH_test:{target}",
                    "Events": [f"s3:{event}" for event in events],
                    "Filter": {"Key": {"FilterRules": rules}},
                }
            ]
        },
    )


def test_a_webhook_hears(store: Store, s3: Any, ports: tuple[int, int]) -> None:
    s3.create_bucket(Bucket="heard")
    with hooked(ports[0]) as hook:
        both = ("ObjectCreated:*", "ObjectRemoved:*")
        configure(s3, "heard", "hook", *both, Prefix="in/", Suffix=".jpg")
        s3.put_object(Bucket="heard", Key="in/a b.jpg", Body=b"x" * 100)
        s3.put_object(Bucket="heard", Key="out.jpg", Body=b"x")
        copied = {"Bucket": "heard", "Key": "in/a b.jpg"}
        last = client(store, len(store.plans) - 1)
        last.copy_object(Bucket="heard", Key="in/c.jpg", CopySource=copied)
        s3.delete_object(Bucket="heard", Key="in/a b.jpg")
        wanted = [
            ("ObjectCreated:Put", "in/a+b.jpg"),
            ("ObjectCreated:Copy", "in/c.jpg"),
            ("ObjectRemoved:Delete", "in/a+b.jpg"),
        ]
        wait_for(lambda: len(hook.events("heard")) >= 3, "the events", WAIT_SECONDS)
        assert hook.events("heard") == wanted
        assert hook.messages[0]["Event"] == "s3:TestEvent"
        assert hook.authorization == "Bearer secret"
    shown = s3.get_bucket_notification_configuration(Bucket="heard")
    assert shown["QueueConfigurations"][0]["Id"] == "r"


def test_events_wait_for_a_webhook_through_a_restart(
    store: Store, s3: Any, ports: tuple[int, int]
) -> None:
    s3.create_bucket(Bucket="patient")
    configure(s3, "patient", "hook", "ObjectCreated:*")
    keys = [f"{number}" for number in range(5)]
    with hooked(ports[0]) as hook:
        hook.status = 503
        for key in keys:
            s3.put_object(Bucket="patient", Key=key)
        wait_for(lambda: hook.refused, "a try", WAIT_SECONDS)
    for node in range(len(store.plans)):
        store.kill_node(node)
    store.start()
    with hooked(ports[0]) as hook:
        wait_for(lambda: len(hook.events("patient")) >= 5, "the events", WAIT_SECONDS)
        assert [key for _, key in hook.events("patient")][:5] == keys


def test_a_broker_hears_also_what_happened_while_it_was_away(
    s3: Any, ports: tuple[int, int]
) -> None:
    s3.create_bucket(Bucket="brokered")
    configure(s3, "brokered", "bus", "ObjectCreated:*")
    s3.put_object(Bucket="brokered", Key="before", Body=b"x")
    messages: list[Any] = []
    with rabbitmq(ports[1]) as url, kombu.Connection(url) as connection:
        exchange = kombu.Exchange("s3", type="topic", durable=True)
        queue = kombu.Queue("test", exchange, routing_key="told")

        def take(body: Any, message: Any) -> None:
            told = json.loads(body) if isinstance(body, str | bytes) else body
            messages.append(told)
            message.ack()

        with connection.Consumer(queue, callbacks=[take], accept=["json"]):
            s3.put_object(Bucket="brokered", Key="after", Body=b"x")

            def has_all() -> bool:
                with suppress(TimeoutError):
                    connection.drain_events(timeout=0.2)
                return len(events_of(messages, "brokered")) >= 2

            wait_for(has_all, "the messages", WAIT_SECONDS)
    assert events_of(messages, "brokered") == [
        ("ObjectCreated:Put", "before"),
        ("ObjectCreated:Put", "after"),
    ]


def test_targets_that_nobody_set_up(s3: Any) -> None:
    s3.create_bucket(Bucket="refused")
    with pytest.raises(ClientError) as error:
        configure(s3, "refused", "nobody", "ObjectCreated:*")
    assert error.value.response["Error"]["Code"] == "InvalidArgument"
