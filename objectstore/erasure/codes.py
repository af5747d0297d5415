"""The one door to PyECLib: segments to pieces, and back.

Optional (the extra ``ec``): only stores with an erasure-coded policy need it.  Calls
hold the interpreter, for well under a millisecond a segment.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from objectstore.kernel.errors import Corrupt, Unavailable
from objectstore.wire.layouts import WORD_BYTES

# In order of preference.  Of ISA-L's matrices Cauchy's can be inverted whichever
# fragments are lost; the last one needs no assembler, and is twenty times slower.
CODES = ("isa_l_rs_cauchy", "liberasurecode_rs_vand")
NOT_INSTALLED = (
    "an erasure-coded storage policy needs PyECLib: python -m pip install pyeclib"
)


class Codec:
    """Encodes into ``data`` + ``parity`` pieces.  The greenlet does not wait."""

    def __init__(self, code: str, data: int, parity: int) -> None:
        """``Unavailable`` when the library does not know the code."""
        try:
            from pyeclib.ec_iface import ECDriver, ECDriverError
        except ImportError:
            raise Unavailable(NOT_INSTALLED) from None
        self._data = data
        self._failure = ECDriverError
        try:
            self._driver = ECDriver(k=data, m=parity, ec_type=code, chksum_type="none")
        except ECDriverError as error:
            raise Unavailable(f"erasure code {code}: {error}") from None

    def encode(self, segment: bytes) -> list[bytes]:
        """The pieces of a segment, by index."""
        odd = len(segment) % (self._data * WORD_BYTES)
        if odd:
            segment += bytes(self._data * WORD_BYTES - odd)
        return list(self._driver.encode(segment))

    def decode(self, pieces: Sequence[bytes], length: int) -> bytes:
        """The segment of any ``data`` different pieces."""
        try:
            segment: bytes = self._driver.decode(list(pieces))
        except self._failure as error:
            raise Corrupt(f"fragments that do not fit together: {error}") from None
        if len(segment) < length:
            raise Corrupt("fragments of another segment")
        return segment[:length]

    def rebuild(self, pieces: Sequence[bytes], index: int) -> bytes:
        """The piece of that index, of any ``data`` others."""
        try:
            (piece,) = self._driver.reconstruct(list(pieces), [index])
        except self._failure as error:
            raise Corrupt(f"fragments that do not fit together: {error}") from None
        return bytes(piece)


@lru_cache(maxsize=64)
def codec(code: str, data: int, parity: int) -> Codec:
    """One for each kind of layout: making it computes tables."""
    return Codec(code, data, parity)


@lru_cache(maxsize=1)
def best_code() -> str:
    """The code that new objects get here.  ``Unavailable`` without the library."""
    try:
        from pyeclib.ec_iface import VALID_EC_TYPES
    except ImportError:
        raise Unavailable(NOT_INSTALLED) from None
    for code in CODES:
        if code in VALID_EC_TYPES:
            return code
    raise Unavailable("PyECLib has none of the codes: " + ", ".join(CODES))
