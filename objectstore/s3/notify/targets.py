"""The places that notifications can go to: named in the settings file.  Pure.

Only operators name targets: were URLs the users' choice, a bucket's owner could make
the store send requests to machines that only it can reach.  Users name a target by
an ARN that ends in its name (``arn:aws:sqs:REGION:ACCOUNT:NAME``, also for ``sns``),
or in its name and kind (``arn:minio:sqs:REGION:NAME:webhook``).
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_AMQP_OPTIONS = frozenset({"exchange", "exchange_type", "routing_key", "queue"})


class Kind(enum.Enum):
    """How a target is spoken to."""

    WEBHOOK = "webhook"
    AMQP = "amqp"


@dataclass(frozen=True, slots=True)
class Target:
    """One place.  The URL may hold a password, so it is not shown."""

    name: str
    kind: Kind
    url: str = field(repr=False)
    # Of AMQP: where messages are published, and a queue to make and bind.
    exchange: str = ""
    exchange_type: str = "topic"
    routing_key: str = ""
    queue: str = ""


Targets = dict[str, Target]


def parse_targets(entries: Iterable[str]) -> Targets:
    """Targets from entries ``NAME=URL``.  ``ValueError`` names what is wrong."""
    found: Targets = {}
    for entry in entries:
        name, equals, url = entry.partition("=")
        name = name.strip()
        if not equals or not _NAME.match(name):
            raise ValueError("a target is NAME=URL, its name letters, digits, - and _")
        if name in found:
            raise ValueError(f"{name} is there twice")
        found[name] = _target(name, url.strip())
    return found


def _target(name: str, url: str) -> Target:
    parts = urlsplit(url)
    if not parts.hostname:
        raise ValueError(f"{name}: the URL has no host")
    if parts.scheme in ("http", "https"):
        return Target(name, Kind.WEBHOOK, url)
    if parts.scheme not in ("amqp", "amqps"):
        raise ValueError(f"{name}: neither http(s) nor amqp(s)")
    return _amqp(name, parts)


def _amqp(name: str, parts: SplitResult) -> Target:
    options = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    unknown = sorted(set(options) - _AMQP_OPTIONS)
    if unknown:
        raise ValueError(f"{name}: unknown option {unknown[0]}")
    exchange, queue = options.get("exchange", ""), options.get("queue", "")
    if not exchange and not queue:
        raise ValueError(f"{name}: an AMQP target needs an exchange or a queue")
    return Target(
        name,
        Kind.AMQP,
        parts._replace(query="").geturl(),
        exchange,
        options.get("exchange_type", "topic"),
        options.get("routing_key", "" if exchange else queue),
        queue,
    )


def named_by(arn: str) -> str:
    """The name of the target that an ARN means; "" for what is no such ARN."""
    parts = arn.split(":")
    if len(parts) != 6 or parts[0] != "arn" or parts[2] not in ("sns", "sqs"):
        return ""
    if parts[1] in ("minio", "ringstack") and parts[4]:
        return parts[4] if parts[5] in {kind.value for kind in Kind} else ""
    return unquote(parts[5])
