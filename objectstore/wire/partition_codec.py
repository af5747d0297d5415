"""Digests and states of partitions, to bytes and back: the same for every room."""

from __future__ import annotations

from typing import Any

from objectstore.wire import codec, paths

DIGEST_BYTES = 16
PART_POWER_MAX = 32


def decode_partitions(value: Any) -> tuple[list[int], int]:
    """(partitions, part power) of a question for digests."""
    raw, part_power = codec.fields(value, list, int)
    codec.integer(part_power, PART_POWER_MAX)
    largest = (1 << part_power) - 1
    return [codec.integer(each, largest) for each in raw], part_power


def decode_page_wanted(value: Any) -> tuple[int, int, bytes, int]:
    """(partition, part power, after, limit) of a question for states."""
    partition, part_power, after, limit = codec.fields(value, int, int, bytes, int)
    codec.integer(part_power, PART_POWER_MAX)
    codec.integer(partition, (1 << part_power) - 1)
    codec.integer(limit, codec.LIMIT_MAX)
    return partition, part_power, after, limit


def decode_digests(message: bytes, count: int) -> list[bytes]:
    """The answer: one digest for each of ``count`` partitions."""
    digests = codec.array(codec.unpack(message))
    if len(digests) != count:
        raise codec.Malformed("not one digest for each partition")
    for digest in digests:
        if type(digest) is not bytes or len(digest) != DIGEST_BYTES:
            raise codec.Malformed("not a digest")
    return digests


def decode_states(message: bytes) -> list[tuple[bytes, int]]:
    """The answer: keys and digests."""
    page = []
    for pair in codec.array(codec.unpack(message)):
        key, digest = codec.fields(pair, bytes, int)
        if len(key) != paths.KEY_BYTES or not 0 <= digest < 2**64:
            raise codec.Malformed("not a key and its digest")
        page.append((key, digest))
    return page
