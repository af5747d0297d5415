"""The checksums that S3 knows: computed, compared, combined.

``FULL_OBJECT`` is the checksum of all bytes; ``COMPOSITE`` that of the parts'
checksums with the number of parts behind a dash.  CRCs of parts can be combined
into that of the whole without reading it again; hashes cannot.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import anycrc
import xxhash
from crc32c import crc32c

from objectstore.s3 import sysmeta
from objectstore.s3.errors import S3Error

FULL_OBJECT = "FULL_OBJECT"
COMPOSITE = "COMPOSITE"
# The parameter of a listed ETag that tells of one: ``CRC32``, ``CRC32:COMPOSITE``.
LISTED = "s3_checksum"

_CRC64 = anycrc.Model("CRC64-NVME")
_COMBINERS = {
    "CRC32": anycrc.Model("CRC32-ISO-HDLC"),
    "CRC32C": anycrc.Model("CRC32-ISCSI"),
    "CRC64NVME": _CRC64,
}


class Crc:
    """A CRC with the interface of a hash."""

    __slots__ = ("_function", "_size", "_value")

    def __init__(self, function: Callable[[Any, int], int], size: int) -> None:
        self._function = function
        self._size = size
        self._value = 0

    def update(self, data: bytes | memoryview) -> None:
        """Take more bytes in."""
        self._value = self._function(data, self._value)

    def digest(self) -> bytes:
        """Big-endian, as S3 shows it."""
        return self._value.to_bytes(self._size, "big")


@dataclass(frozen=True, slots=True)
class Algorithm:
    """One checksum algorithm."""

    name: str
    size: int
    make: Callable[[], Any]
    is_crc: bool

    @property
    def header(self) -> str:
        """The header that carries it."""
        return f"x-amz-checksum-{self.name.lower()}"

    @property
    def element(self) -> str:
        """The XML element that carries it."""
        return f"Checksum{self.name}"

    def of(self, data: bytes) -> str:
        """The base64 checksum of some bytes."""
        summer = self.make()
        summer.update(data)
        return base64.b64encode(summer.digest()).decode()

    def is_valid(self, text: str) -> bool:
        """Whether the text is base64 of the right length."""
        try:
            digest = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            return False
        # Bits that say nothing must be zero.
        return len(digest) == self.size and base64.b64encode(digest).decode() == text


ALGORITHMS: dict[str, Algorithm] = {
    algorithm.name: algorithm
    for algorithm in (
        Algorithm("CRC32", 4, lambda: Crc(zlib.crc32, 4), True),
        Algorithm("CRC32C", 4, lambda: Crc(crc32c, 4), True),
        Algorithm("CRC64NVME", 8, lambda: Crc(_CRC64.calc, 8), True),
        Algorithm("SHA1", 20, hashlib.sha1, False),
        Algorithm("SHA256", 32, hashlib.sha256, False),
        Algorithm("SHA512", 64, hashlib.sha512, False),
        Algorithm("MD5", 16, partial(hashlib.md5, usedforsecurity=False), False),
        # Their digests are in the canonical form, big-endian like those of CRCs.
        Algorithm("XXHASH64", 8, xxhash.xxh64, False),
        Algorithm("XXHASH3", 8, xxhash.xxh3_64, False),
        Algorithm("XXHASH128", 16, xxhash.xxh3_128, False),
    )
}
BY_HEADER = {algorithm.header: algorithm for algorithm in ALGORITHMS.values()}
_ENVIRON_KEYS = tuple(
    ("HTTP_" + header.upper().replace("-", "_"), algorithm)
    for header, algorithm in BY_HEADER.items()
)
_ABOUT_TRAILERS = frozenset({"HTTP_X_AMZ_TRAILER", "HTTP_X_AMZ_SDK_CHECKSUM_ALGORITHM"})
_ANNOUNCING = frozenset({*(key for key, _ in _ENVIRON_KEYS), *_ABOUT_TRAILERS})


@dataclass(frozen=True, slots=True)
class Expected:
    """A checksum that a request announces: its value, or the trailer it comes in."""

    algorithm: Algorithm
    value: str = ""  # base64; "" when it comes in the trailer
    in_trailer: bool = False


def announced(environ: dict[str, Any]) -> Expected | None:
    """The checksum in a request's headers; raises when there are two or a bad one."""
    found: Expected | None = None
    present = _ANNOUNCING.intersection(environ)
    if not present:
        return None
    if not _ABOUT_TRAILERS.issuperset(present):
        found = _in_headers(environ)
    trailer = environ.get("HTTP_X_AMZ_TRAILER")
    if trailer is not None:
        algorithm_in_trailer = _in_trailer(trailer)
        if found is not None:
            raise S3Error("InvalidRequest", "Expecting a single x-amz-checksum- header")
        found = Expected(algorithm_in_trailer, in_trailer=True)
    stated = environ.get("HTTP_X_AMZ_SDK_CHECKSUM_ALGORITHM")
    if stated is not None:
        algorithm = by_name(stated)
        if found is None:
            # Of chunks that are signed each, SDKs say so and send none.
            if environ.get("HTTP_X_AMZ_CONTENT_SHA256", "").startswith("STREAMING-"):
                return None
            raise S3Error(
                "InvalidRequest",
                "x-amz-sdk-checksum-algorithm specified, but no corresponding "
                "x-amz-checksum-* or x-amz-trailer headers were found.",
            )
        if found.algorithm is not algorithm:
            raise S3Error(
                "InvalidRequest",
                "Value for x-amz-sdk-checksum-algorithm header is invalid.",
            )
    return found


def _in_trailer(text: str) -> Algorithm:
    """The algorithm of the one trailer that x-amz-trailer announces."""
    names = [name for part in text.split(",") if (name := part.strip().lower())]
    known = [BY_HEADER[name] for name in names if name in BY_HEADER]
    if len(known) > 1:
        raise _several()
    if not known or len(names) > 1:
        raise S3Error(
            "InvalidRequest",
            "The value specified in the x-amz-trailer header is not supported",
        )
    return known[0]


def _several() -> S3Error:
    return S3Error(
        "InvalidRequest",
        "Expecting a single x-amz-checksum- header. Multiple checksum Types are not "
        "allowed.",
    )


def _in_headers(environ: dict[str, Any]) -> Expected | None:
    found: Expected | None = None
    for key, algorithm in _ENVIRON_KEYS:
        value = environ.get(key)
        if value is not None:
            if found is not None:
                raise _several()
            if not algorithm.is_valid(value):
                raise _bad_value(algorithm)
            found = Expected(algorithm, value)
    return found


def _bad_value(algorithm: Algorithm) -> S3Error:
    return S3Error("InvalidRequest", f"Value for {algorithm.header} header is invalid.")


def by_name(name: str) -> Algorithm:
    """The algorithm of that (any-case) name."""
    algorithm = ALGORITHMS.get(name.upper())
    if algorithm is None:
        raise S3Error(
            "InvalidRequest",
            "Checksum algorithm provided is unsupported. Please try again with any of "
            f"the valid types: [{', '.join(ALGORITHMS)}]",
        )
    return algorithm


# As a body's footers have to be spelt (``kernel.request.footers_of``).
STORED_IN = sysmeta.CHECKSUM.title()
LISTED_IN = sysmeta.LISTING_ETAG.title()


def to_store(algorithm: str, value: str) -> dict[str, str]:
    """Headers that keep the checksum of a whole object, and tell its listing of which
    kind it is."""
    stored = f"{algorithm}:{FULL_OBJECT}:{value}"
    return {STORED_IN: stored, LISTED_IN: listed_as(stored)}


def listed_as(stored: str) -> str:
    """The parameter of a listed ETag that tells of a stored checksum; "" of none."""
    if not stored:
        return ""
    algorithm, kind, _ = stored.split(":", 2)
    told = algorithm if kind == FULL_OBJECT else f"{algorithm}:{kind}"
    return f"; {LISTED}={told}"


def composite(algorithm: Algorithm, parts: Iterable[str]) -> str:
    """The checksum of the parts' checksums, and how many there are."""
    summer = algorithm.make()
    count = 0
    for part in parts:
        summer.update(base64.b64decode(part))
        count += 1
    return f"{base64.b64encode(summer.digest()).decode()}-{count}"


def combined(algorithm: Algorithm, parts: Iterable[tuple[str, int]]) -> str:
    """The full-object CRC from (CRC, size) of each part."""
    model = _COMBINERS[algorithm.name]
    value = 0
    for text, size in parts:
        part = int.from_bytes(base64.b64decode(text), "big")
        value = model.combine(value, part, size) if size else value
    return base64.b64encode(value.to_bytes(algorithm.size, "big")).decode()


def take_announced(environ: dict[str, Any]) -> dict[str, str]:
    """Checksums in the headers, by algorithm; no longer there, nor is the algorithm's
    name: of a completion they are the object's, and not the body's."""
    if "HTTP_X_AMZ_TRAILER" not in environ:
        environ.pop("HTTP_X_AMZ_SDK_CHECKSUM_ALGORITHM", None)
    found: dict[str, str] = {}
    for key, algorithm in _ENVIRON_KEYS:
        if key in environ:
            found[algorithm.name] = environ.pop(key)
            value, dash, count = found[algorithm.name].partition("-")
            if not algorithm.is_valid(value) or (dash and not count.isdigit()):
                raise _bad_value(algorithm)
    return found


def check_stated(checksum: str, stated: Mapping[str, str]) -> None:
    """Raise ``BadDigest`` when a client says otherwise than what an object has
    (``ALGORITHM:TYPE:base64``, or "")."""
    name, _, rest = checksum.partition(":")
    value = rest.partition(":")[2]
    if name in stated and stated[name] not in (value, value.partition("-")[0]):
        raise S3Error(
            "BadDigest",
            f"The {name} you specified did not match the calculated checksum.",
        )
