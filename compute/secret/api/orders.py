"""``/v1/orders``: keys that are made here."""

from __future__ import annotations

from typing import Any

from compute.core.api.frame import ApiCall, Route, empty_reply, json_reply
from compute.core.api.schema import Schema
from compute.core.errors import BadRequest
from compute.core.sql.database import Connection
from compute.secret.api.frame import Frame, document_of
from compute.secret.api.pages import page_of, paged
from compute.secret.definitions import NAME_CHARACTERS_MAX, moment_of
from compute.secret.documents import order_document
from compute.secret.keys import (
    ASYMMETRIC_BITS,
    PASSPHRASE_CHARACTERS_MAX,
    SYMMETRIC_BITS,
    check_bits,
)
from compute.secret.model import BYTES, KEY, ORDER_TYPES, ORDERS, Order
from compute.secret.payloads import normal_type
from compute.secret.questions import orders_select
from compute.secret.references import reference
from compute.secret.service.orders import NewOrder, OrderService
from compute.secret.store import count
from objectstore.kernel.reply import Reply

_ONE = "/orders/{order_id}"
_NAME = {"type": ["string", "null"], "maxLength": NAME_CHARACTERS_MAX}
# The latter is what python-barbicanclient calls it.
_PASSPHRASES = ("passphrase", "pass_phrase")
_ORDER = Schema(
    {
        "type": "object",
        "properties": {
            "type": {"enum": list(ORDER_TYPES)},
            "meta": {
                "type": "object",
                "properties": {
                    "name": _NAME,
                    "algorithm": {"type": "string", "minLength": 1, "maxLength": 255},
                    "bit_length": {"type": "integer", "minimum": 1},
                    "mode": _NAME,
                    "expiration": _NAME,
                    "payload_content_type": _NAME,
                },
                "required": ["algorithm", "bit_length"],
            },
        },
        "required": ["type", "meta"],
    }
)
# What is shown again of what was ordered.
_SHOWN = (
    "name",
    "algorithm",
    "bit_length",
    "mode",
    "expiration",
    "payload_content_type",
)


class OrdersApi:
    """The operations."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._parts = frame.parts
        self._service = OrderService(frame.parts)

    def routes(self) -> list[Route]:
        """Where they are."""
        route = self._frame.route
        return [
            route("GET", "/orders", self.orders, "orders:get"),
            route("POST", "/orders", self.create, "orders:post"),
            route("GET", _ONE, self.show),
            route("DELETE", _ONE, self.delete, any_type=True),
        ]

    def orders(self, call: ApiCall) -> Reply:
        """A page of the project's, the oldest first."""
        page, stores = page_of(call), self._parts.stores
        select = orders_select(call.context)

        def read(connection: Connection) -> tuple[list[Order], int]:
            part = page.of(connection, select)
            return stores.orders.select(connection, part), count(connection, select)

        found, total = self._parts.read(read)
        shown = [order_document(call.base_url, each) for each in found]
        return json_reply(200, paged(call, ORDERS, shown, total))

    def create(self, call: ApiCall) -> Reply:
        """A new one; it has come true when this is answered."""
        wanted = _order_of(document_of(call), self._parts.now())
        made = self._service.create(call.context, wanted)
        place = reference(call.base_url, ORDERS, made.id)
        return json_reply(202, {"order_ref": place}, [("Location", place)])

    def show(self, call: ApiCall) -> Reply:
        """One of them."""
        found = self._service.find(call.context, call.parameters["order_id"])
        return json_reply(200, order_document(call.base_url, found))

    def delete(self, call: ApiCall) -> Reply:
        """Forget it."""
        self._service.delete(call.context, call.parameters["order_id"])
        return empty_reply(204)


def _order_of(body: dict[str, Any], now: float) -> NewOrder:
    # What is wrong with an order is told with what was written, and stacks note it
    # down: not so passphrases.
    given, passphrase = _parted(body.get("meta"))
    _ORDER.check({**body, "meta": given})
    kind, meta = body["type"], given
    bits = SYMMETRIC_BITS if kind == KEY else ASYMMETRIC_BITS
    check_bits(bits, meta["algorithm"], meta["bit_length"])
    if normal_type(meta.get("payload_content_type") or BYTES) != BYTES:
        raise BadRequest(f"payload_content_type of a key is {BYTES}")
    if passphrase and kind == KEY:
        raise BadRequest("A symmetric key has no passphrase")
    return NewOrder(
        type=kind,
        name=meta.get("name") or "",
        algorithm=meta["algorithm"],
        bit_length=meta["bit_length"],
        mode=meta.get("mode") or "",
        expires_at=moment_of(meta.get("expiration"), now),
        meta={name: meta[name] for name in _SHOWN if name in meta},
        passphrase=passphrase,
    )


def _parted(meta: Any) -> tuple[Any, str]:
    """What is ordered, without its passphrase, and that ("": there is none)."""
    if not isinstance(meta, dict):
        return meta, ""
    rest = {name: value for name, value in meta.items() if name not in _PASSPHRASES}
    given = [meta[name] for name in _PASSPHRASES if meta.get(name) is not None]
    for each in given:
        if not isinstance(each, str) or len(each) > PASSPHRASE_CHARACTERS_MAX:
            most = PASSPHRASE_CHARACTERS_MAX
            raise BadRequest(f"A passphrase is a text of at most {most} characters")
    return rest, next(filter(None, given), "")
