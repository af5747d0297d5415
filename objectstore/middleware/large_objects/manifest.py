"""Manifests of static large objects, as clients send them.  Pure.

A manifest is a JSON list.  An entry names a segment (``path``, and optionally the
``etag``, ``size_bytes`` and a ``range`` of it) or holds ``data`` in base64.  All
mistakes are told together, each with its place in the list.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any

import orjson

from objectstore.kernel.byte_ranges import RangeSpec, parse_range, resolve
from objectstore.kernel.errors import Rejected

_PATH_KEYS = frozenset({"path", "etag", "size_bytes", "range"})
_DATA_KEYS = frozenset({"data"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """One entry: a segment at ``path`` (``/container/object``), or ``data``."""

    path: str = ""
    etag: str | None = None
    size: int | None = None
    range: RangeSpec | None = None
    data: bytes = b""


def parse_manifest(body: bytes, own_path: str, least: int) -> list[Wanted]:
    """The entries; Rejected 400 with every mistake.

    ``own_path`` is the manifest's own ``/container/object``; ``least`` bytes must
    every segment but the last have.
    """
    try:
        entries = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Rejected(400, "Manifest must be valid JSON.\n") from None
    if not isinstance(entries, list):
        raise Rejected(400, "Manifest must be a list.\n")
    wanted: list[Wanted] = []
    mistakes: list[str] = []
    last = len(entries) - 1
    for index, entry in enumerate(entries):
        try:
            wanted.append(_parsed(entry, own_path, 0 if index == last else least))
        except ValueError as mistake:
            mistakes.append(f"Index {index}: {mistake}")
    if entries and all(isinstance(one, dict) and "data" in one for one in entries):
        mistakes.append(
            "Inline data segments require at least one object-backed segment."
        )
    if mistakes:
        raise Rejected(400, "".join(f"{mistake}\n" for mistake in mistakes))
    return wanted


def _parsed(entry: Any, own_path: str, least: int) -> Wanted:
    """One entry; ``ValueError`` says what is wrong with it."""
    if not isinstance(entry, dict):
        raise ValueError("not a JSON object")
    if "data" in entry:
        allowed = _DATA_KEYS
    elif "path" in entry:
        allowed = _PATH_KEYS
    else:
        raise ValueError("expected keys to include one of 'data' or 'path'")
    extra = sorted(set(entry) - allowed)
    if extra:
        named = ", ".join(orjson.dumps(key).decode() for key in extra)
        raise ValueError(f"extraneous keys {named}")
    if "data" in entry:
        return Wanted(data=_data(entry["data"]))
    path = _path(entry["path"], own_path)
    etag = entry.get("etag")
    if etag is not None and not isinstance(etag, str):
        raise ValueError('"etag" must be a string or null (if provided)')
    size = _size(entry.get("size_bytes"), least)
    return Wanted(path, etag, size, _range(entry.get("range"), size))


def _data(text: Any) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError, TypeError):
        raise ValueError("data must be valid base64") from None
    if not data:
        raise ValueError("too small; each segment must be at least 1 byte.")
    return data


def _path(sent: Any, own_path: str) -> str:
    if not isinstance(sent, str):
        raise ValueError('"path" must be a string')
    path: str = sent
    if "/" not in path.strip("/"):
        raise ValueError(
            "path does not refer to an object. Path must be of the form "
            "/container/object."
        )
    path = "/" + path.lstrip("/")
    if path == own_path:
        raise ValueError("manifest must not include itself as a segment")
    return path


def _size(value: Any, least: int) -> int | None:
    if value is None:
        return None
    try:
        # Clients send numbers as text too.
        size = int(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError("invalid size_bytes") from None
    if size < 0:
        raise ValueError("invalid size_bytes")
    if size < least:
        raise ValueError(
            f"too small; each segment must be at least {bytes_text(least)}."
        )
    return size


def _range(text: Any, size: int | None) -> RangeSpec | None:
    if not text:
        return None
    specs = parse_range(f"bytes={text}") if isinstance(text, str) else None
    if not specs:
        raise ValueError("invalid range")
    if len(specs) > 1:
        raise ValueError("multiple ranges (only one allowed)")
    if size is not None and not resolve(specs, size):
        raise ValueError("unsatisfiable range")
    return specs[0]


def bytes_text(count: int) -> str:
    """``1 byte``, ``2 bytes``."""
    return "1 byte" if count == 1 else f"{count} bytes"
