"""Orders: keys that are made here.

The key is made before the order is there, so no order is ever pending, none is lost
by a crash, and a key that nobody was told of is nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from compute.core.context import RequestContext
from compute.core.sql.database import Connection
from compute.secret.definitions import NewContainer, NewSecret
from compute.secret.keys import KeyPair, key_pair, symmetric_key
from compute.secret.model import (
    BYTES,
    CONTAINERS,
    KEY,
    KEY_PASSPHRASE,
    ORDERS,
    PASSPHRASE,
    PRIVATE,
    PRIVATE_KEY,
    PUBLIC,
    PUBLIC_KEY,
    RSA,
    SECRETS,
    SYMMETRIC,
    TEXT,
    Container,
    Member,
    Order,
    Payload,
    Secret,
)
from compute.secret.parts import Parts
from compute.secret.service.containers import new_container
from compute.secret.service.finding import find_order
from compute.secret.service.quotas import check_quota
from compute.secret.service.secrets import new_secret
from objectstore.kernel import concurrency
from objectstore.kernel.errors import Unavailable

# Pairs of keys that one project waits for at the same time: quotas count only what was
# made, and others want their turn, too.
AWAITED_MAX = 16


@dataclass(frozen=True, slots=True)
class NewOrder:
    """What is ordered.  ``meta``: as it is shown again, without the passphrase."""

    type: str
    name: str
    algorithm: str
    bit_length: int
    mode: str
    expires_at: float | None
    meta: Mapping[str, Any]
    passphrase: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Made:
    """What an order comes to."""

    secrets: list[tuple[Secret, Payload]]
    container: Container | None = None


class OrderService:
    """One for each process."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def create(self, context: RequestContext, wanted: NewOrder) -> Order:
        """A new one, and what it makes.  ``QuotaExceeded``."""
        parts = self._parts
        # Asked first as well: a key that may not be kept is not worth its second.
        parts.read(lambda it: self._check_quotas(it, context, wanted))
        made = self._made(context, wanted)
        order = Order(
            id=parts.identifiers.uuid(),
            project_id=context.project_id,
            creator_id=context.user_id,
            type=wanted.type,
            meta=wanted.meta,
            secret_id="" if made.container else made.secrets[0][0].id,
            container_id=made.container.id if made.container else "",
            created_at=parts.now(),
        )

        def write(connection: Connection) -> None:
            self._check_quotas(connection, context, wanted)
            for secret, payload in made.secrets:
                parts.stores.insert_secret(connection, secret, payload)
            if made.container:
                parts.stores.insert_container(connection, made.container)
            parts.stores.orders.insert(connection, order)

        parts.run(write)
        return order

    def find(self, context: RequestContext, order_id: str) -> Order:
        """One of the project's."""
        return self._parts.read(
            lambda it: find_order(it, self._parts, context, order_id, "order:get")
        )

    def delete(self, context: RequestContext, order_id: str) -> None:
        """Forget it; what it made stays."""

        def write(connection: Connection) -> None:
            rule = "order:delete"
            found = find_order(connection, self._parts, context, order_id, rule)
            self._parts.stores.orders.delete(connection, found.id)

        self._parts.run(write)

    def _check_quotas(
        self, connection: Connection, context: RequestContext, wanted: NewOrder
    ) -> None:
        parts, project_id = self._parts, context.project_id
        check_quota(connection, parts, project_id, ORDERS)
        if wanted.type == KEY:
            check_quota(connection, parts, project_id, SECRETS)
            return
        more = 3 if wanted.passphrase else 2
        check_quota(connection, parts, project_id, SECRETS, more)
        check_quota(connection, parts, project_id, CONTAINERS)

    def _made(self, context: RequestContext, wanted: NewOrder) -> Made:
        if wanted.type == KEY:
            payload = Payload(BYTES, symmetric_key(wanted.bit_length))
            return Made([self._secret(context, wanted, SYMMETRIC, payload)])
        pair = self._pair(context.project_id, wanted)
        kept = {
            PRIVATE_KEY: (PRIVATE, Payload(BYTES, pair.private)),
            PUBLIC_KEY: (PUBLIC, Payload(BYTES, pair.public)),
        }
        if wanted.passphrase:
            phrase = Payload(TEXT, wanted.passphrase.encode())
            kept[KEY_PASSPHRASE] = (PASSPHRASE, phrase)
        secrets = {
            name: self._secret(context, wanted, kind, payload)
            for name, (kind, payload) in kept.items()
        }
        members = tuple(Member(name, it[0].id) for name, it in secrets.items())
        container = new_container(
            self._parts, context, NewContainer(wanted.name, RSA, members)
        )
        return Made(list(secrets.values()), container)

    def _pair(self, project_id: str, wanted: NewOrder) -> KeyPair:
        awaited = self._parts.keys_awaited
        if awaited[project_id] >= AWAITED_MAX:
            raise Unavailable(f"project {project_id} waits for {AWAITED_MAX} keys")
        awaited[project_id] += 1
        try:
            with self._parts.key_turns:
                bits, passphrase = wanted.bit_length, wanted.passphrase
                found: KeyPair = concurrency.offload(key_pair, bits, passphrase)
                return found
        finally:
            awaited[project_id] -= 1
            if not awaited[project_id]:
                del awaited[project_id]

    def _secret(
        self, context: RequestContext, wanted: NewOrder, kind: str, payload: Payload
    ) -> tuple[Secret, Payload]:
        is_key = kind != PASSPHRASE
        asked = NewSecret(
            name=wanted.name,
            secret_type=kind,
            algorithm=wanted.algorithm if is_key else "",
            bit_length=wanted.bit_length if is_key else None,
            mode=wanted.mode if is_key else "",
            expires_at=wanted.expires_at,
            payload=payload,
        )
        return new_secret(self._parts, context, asked), payload
