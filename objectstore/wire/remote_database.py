"""What remote accounts and containers have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from objectstore.kernel.concurrency import Promise
from objectstore.wire import codec, row_codec
from objectstore.wire.codec import Timed
from objectstore.wire.peer import Peer
from objectstore.wire.records import DatabaseInfo, ListingQuery, Receipt, RowsPage


class RemoteDatabaseNode:
    """One device's accounts or containers, behind ``peer``."""

    def __init__(self, peer: Peer, prefix: str) -> None:
        self._peer = peer
        self._prefix = prefix

    def info(self, key: bytes) -> Promise[DatabaseInfo | None]:
        """See ``DatabaseNode``."""
        return self._peer.call("GET", self._prefix + key.hex(), None, _decode_info)

    def list(self, key: bytes, query: ListingQuery) -> Promise[list[Any]]:
        """See ``DatabaseNode``."""
        return self._ask(key, "/list", query, _decode_listing)

    def rows(self, key: bytes, query: ListingQuery) -> Promise[RowsPage]:
        """See ``DatabaseNode``."""
        return self._ask(key, "/rows", query, _decode_page)

    def post(self, key: bytes, metadata: Timed) -> Promise[Receipt]:
        """See ``DatabaseNode``."""
        return self._change("POST", key, "", codec.encode_timed(metadata))

    def delete(self, key: bytes, timestamp: int) -> Promise[Receipt]:
        """See ``DatabaseNode``."""
        return self._change("DELETE", key, "", timestamp)

    def _ask(
        self,
        key: bytes,
        verb: str,
        query: ListingQuery,
        decode: Callable[[bytes], Any],
    ) -> Promise[Any]:
        return self._peer.call(
            "POST",
            self._prefix + key.hex() + verb,
            lambda: codec.pack(codec.encode_query(query)),
            decode,
        )

    def _change(
        self, method: str, key: bytes, verb: str, value: object
    ) -> Promise[Receipt]:
        return self._peer.call(
            method,
            self._prefix + key.hex() + verb,
            lambda: codec.pack(value),
            _decode_receipt,
        )


def _decode_info(message: bytes) -> DatabaseInfo | None:
    value = codec.unpack(message)
    return None if value is None else codec.decode_info(value)


def _decode_listing(message: bytes) -> list[Any]:
    return row_codec.decode_entries(codec.unpack(message))


def _decode_page(message: bytes) -> RowsPage:
    return row_codec.decode_page(codec.unpack(message))


def _decode_receipt(message: bytes) -> Receipt:
    return codec.decode_receipt(codec.unpack(message))
