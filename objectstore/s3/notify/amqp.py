"""A broker that speaks AMQP: persistent messages, confirmed by the broker.

Needs kombu (the extra ``s3events``), which is imported when a target is made.
"""

from __future__ import annotations

import importlib
from typing import Any

from objectstore.s3.notify.targets import Target

TIMEOUT_SECONDS = 10.0
CONNECT_SECONDS = 5.0
PERSISTENT = 2


class AmqpPublisher:
    """A ``courier.Transport``; keeps its connection."""

    def __init__(self, target: Target) -> None:
        """Raises ``ImportError`` without kombu."""
        # By name: the package hides its types behind a lazy module.
        self._kombu: Any = importlib.import_module("kombu")
        self._target = target
        self._connection: Any = None
        self._producer: Any = None

    def send(self, body: bytes) -> None:
        """See ``Transport``: returns when the broker has confirmed."""
        if self._producer is None:
            self._connect()
        self._producer.publish(
            body,
            exchange=self._target.exchange,
            routing_key=self._target.routing_key,
            content_type="application/json",
            content_encoding="utf-8",
            delivery_mode=PERSISTENT,
            timeout=TIMEOUT_SECONDS,
        )

    def close(self) -> None:
        """See ``Transport``."""
        connection, self._connection, self._producer = self._connection, None, None
        if connection is not None:
            # Without a word: the broker may be what is gone.
            connection.collect(socket_timeout=CONNECT_SECONDS)

    def _connect(self) -> None:
        target = self._target
        self._connection = self._kombu.Connection(
            target.url,
            ssl=target.url.startswith("amqps"),
            connect_timeout=CONNECT_SECONDS,
            transport_options={
                "confirm_publish": True,
                "read_timeout": TIMEOUT_SECONDS,
                "write_timeout": TIMEOUT_SECONDS,
            },
        )
        channel = self._connection.channel()
        exchange = self._kombu.Exchange(
            target.exchange, type=target.exchange_type, durable=True
        )
        if target.exchange:
            exchange(channel).declare()
        if target.queue:
            self._kombu.Queue(
                target.queue,
                exchange if target.exchange else None,
                routing_key=target.routing_key,
                durable=True,
            )(channel).declare()
        self._producer = self._kombu.Producer(channel)
