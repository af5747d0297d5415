"""Wake-up calls over AMQP, for a cloud of more than one machine.

One topic exchange; a listener's queue is its process' own and goes with it.  kombu
blocks, so it lives on two native threads, one that sends and one that receives;
each reconnects for ever.  Messages are neither durable nor acknowledged: what they
hint at stands in the database.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
import time
from collections.abc import Mapping
from typing import Any

from kombu import Connection, Exchange, Queue

from compute.core.bus import InProcessBus, Listener, Message, Unsubscribe
from objectstore.kernel.native import Mailbox, start_thread

EXCHANGE = "ringstack"
# Hints wait for a broker that is away this many long; more are lost.
OUTBOX_MAX = 1000
DRAIN_SECONDS = 1.0
HEARTBEAT_SECONDS = 10.0
BEATS_READ_SECONDS = 0.01
RECONNECT_SECONDS = 0.2
RECONNECT_SECONDS_MAX = 5.0
MESSAGE_SECONDS = 60.0  # nobody wants an older hint

_log = logging.getLogger("compute.bus")


class AmqpBus:
    """A ``Bus`` by an AMQP URL: ``amqp://user:password@host:5672//``."""

    def __init__(self, url: str) -> None:
        """Connects in the background; until then hints wait or are lost."""
        self._url = url
        self._local = InProcessBus()
        self._inbox: Mailbox[tuple[str, Message]] = Mailbox(self._deliver)
        self._outbox: queue.Queue[tuple[str, Message] | None] = queue.Queue(OUTBOX_MAX)
        self._stopping = threading.Event()
        self.connected = threading.Event()
        self._threads = [
            start_thread("bus sender", lambda: self._stay_connected(self._send)),
            start_thread("bus receiver", lambda: self._stay_connected(self._receive)),
        ]

    def publish(self, topic: str, message: Message | None = None) -> None:
        """See ``Bus.publish``."""
        try:
            self._outbox.put_nowait((topic, message or {}))
        except queue.Full:
            _log.warning("the broker is away: a message on %s is lost", topic)

    def subscribe(self, topic: str, listener: Listener) -> Unsubscribe:
        """See ``Bus.subscribe``."""
        return self._local.subscribe(topic, listener)

    def close(self) -> None:
        """See ``Bus.close``."""
        self._stopping.set()
        self._inbox.close()
        self._local.close()

    def _deliver(self, item: tuple[str, Message]) -> None:
        self._local.publish(*item)

    # ---- on native threads -----------------------------------------------------

    def _stay_connected(self, work: Any) -> None:
        pause = RECONNECT_SECONDS
        while not self._stopping.is_set():
            try:
                with Connection(
                    self._url, heartbeat=HEARTBEAT_SECONDS, connect_timeout=5
                ) as connection:
                    connection.connect()
                    pause = RECONNECT_SECONDS
                    work(connection)
            except Exception as error:  # noqa: BLE001  (whatever it was: again)
                self.connected.clear()
                # The URL holds a password: only the kind of error is told.
                _log.warning("the message broker: %s", type(error).__name__)
            self._stopping.wait(pause)
            pause = min(2 * pause, RECONNECT_SECONDS_MAX)

    def _exchange(self) -> Exchange:
        return Exchange(EXCHANGE, "topic", durable=False, delivery_mode=1)

    def _send(self, connection: Connection) -> None:
        producer = connection.Producer(exchange=self._exchange(), serializer="json")
        beat = time.monotonic()
        while not self._stopping.is_set():
            if time.monotonic() - beat > HEARTBEAT_SECONDS / 2:
                # The broker's own beats count only once they are read.
                with contextlib.suppress(TimeoutError):
                    connection.drain_events(timeout=BEATS_READ_SECONDS)
                connection.heartbeat_check()
                beat = time.monotonic()
            try:
                item = self._outbox.get(timeout=DRAIN_SECONDS)
            except queue.Empty:
                continue
            if item is not None:
                topic, message = item
                producer.publish(
                    dict(message), routing_key=topic, expiration=MESSAGE_SECONDS
                )

    def _receive(self, connection: Connection) -> None:
        own = Queue(
            "", self._exchange(), routing_key="#", exclusive=True, auto_delete=True
        )

        def take(body: Any, message: Any) -> None:
            if isinstance(body, Mapping):
                self._inbox.put((message.delivery_info["routing_key"], body))

        with connection.Consumer([own], callbacks=[take], no_ack=True, accept=["json"]):
            self.connected.set()
            beat = time.monotonic()
            while not self._stopping.is_set():
                with contextlib.suppress(TimeoutError):
                    connection.drain_events(timeout=DRAIN_SECONDS)
                if time.monotonic() - beat > HEARTBEAT_SECONDS / 2:
                    connection.heartbeat_check()
                    beat = time.monotonic()
