"""A courier for each target of the settings."""

from __future__ import annotations

from objectstore.s3.notify.amqp import AmqpPublisher
from objectstore.s3.notify.courier import Courier, Transport
from objectstore.s3.notify.targets import Kind, Target
from objectstore.s3.notify.webhook import Webhook


def courier_to(target: Target) -> Courier:
    """Raises ``ImportError`` where a library for the target is missing."""
    is_amqp = target.kind is Kind.AMQP
    transport: Transport = AmqpPublisher(target) if is_amqp else Webhook(target)
    return Courier(target.name, transport)
