"""What remote accounts and containers have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from objectstore.kernel.concurrency import Promise
from objectstore.wire import codec, row_codec
from objectstore.wire.codec import Timed
from objectstore.wire.listing_forms import Form
from objectstore.wire.partition_codec import (
    DIGEST_BYTES,
)
from objectstore.wire.records import (
    ContainerRow,
    DatabaseCopy,
    DatabaseInfo,
    ListingQuery,
    ObjectRow,
    Receipt,
    RowsPage,
)
from objectstore.wire.remote_node import RemoteNode


class RemoteDatabaseNode(RemoteNode):
    """One device's accounts or containers, behind ``peer``."""

    def info(self, key: bytes) -> Promise[DatabaseInfo | None]:
        """See ``DatabaseNode``."""
        return self._peer.call("GET", self._prefix + key.hex(), None, _decode_info)

    def list(self, key: bytes, query: ListingQuery) -> Promise[list[Any]]:
        """See ``DatabaseNode``."""
        return self._ask(key, "/list", query, _decode_listing)

    def shown(self, key: bytes, query: ListingQuery, form: Form) -> Promise[bytes]:
        """See ``DatabaseNode``."""
        return self._peer.call(
            "POST",
            f"{self._prefix}{key.hex()}/shown",
            lambda: codec.pack((form, codec.encode_query(query))),
            _decode_shown,
        )

    def rows(self, key: bytes, query: ListingQuery) -> Promise[RowsPage]:
        """See ``DatabaseNode``."""
        return self._ask(key, "/rows", query, _decode_page)

    def post(self, key: bytes, metadata: Timed) -> Promise[Receipt]:
        """See ``DatabaseNode``."""
        return self._change("POST", key, "", codec.encode_timed(metadata))

    def delete(self, key: bytes, timestamp: int) -> Promise[Receipt]:
        """See ``DatabaseNode``."""
        return self._change("DELETE", key, "", timestamp)

    def copy_of(self, key: bytes) -> Promise[DatabaseCopy | None]:
        """See ``DatabaseNode``."""
        target = f"{self._prefix}{key.hex()}/copy"
        return self._peer.call("GET", target, None, _decode_copy)

    def row_digests(
        self, key: bytes, ranges: Sequence[tuple[str, str]]
    ) -> Promise[Sequence[tuple[int, bytes]]]:
        """See ``DatabaseNode``."""
        return self._peer.call(
            "POST",
            f"{self._prefix}{key.hex()}/row_digests",
            lambda: codec.pack(tuple(ranges)),
            lambda reply: _decode_row_digests(reply, len(ranges)),
        )

    def merge_copy(
        self, key: bytes, copy: DatabaseCopy, rows: Sequence[ObjectRow | ContainerRow]
    ) -> Promise[Receipt]:
        """See ``DatabaseNode``."""
        value = (codec.encode_copy(copy), tuple(rows))
        return self._change("PUT", key, "/copy", value)

    def forget(self, key: bytes, digest: int) -> Promise[Receipt]:
        """See ``DatabaseNode``."""
        return self._change("POST", key, "/forget", digest)

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


def _decode_copy(message: bytes) -> DatabaseCopy | None:
    value = codec.unpack(message)
    return None if value is None else codec.decode_copy(value)


def _decode_row_digests(message: bytes, count: int) -> list[tuple[int, bytes]]:
    pairs = codec.array(codec.unpack(message))
    if len(pairs) != count:
        raise codec.Malformed("not one digest for each range")
    found: list[tuple[int, bytes]] = []
    for pair in pairs:
        rows, digest = codec.fields(pair, int, bytes)
        if len(digest) != DIGEST_BYTES:
            raise codec.Malformed("not a digest")
        found.append((codec.integer(rows), digest))
    return found


def _decode_listing(message: bytes) -> list[Any]:
    return row_codec.decode_entries(codec.unpack(message))


def _decode_shown(message: bytes) -> bytes:
    value = codec.unpack(message)
    if type(value) is not bytes:
        raise codec.Malformed("not a page")
    return value


def _decode_page(message: bytes) -> RowsPage:
    return row_codec.decode_page(codec.unpack(message))


def _decode_receipt(message: bytes) -> Receipt:
    return codec.decode_receipt(codec.unpack(message))
