"""A text as a QR code, for the camera of a telephone.  Pure."""

from __future__ import annotations

from dataclasses import dataclass

import segno

# Light modules around it, without which cameras do not find it (ISO/IEC 18004).
QUIET_MODULES = 4


@dataclass(frozen=True, slots=True)
class QrCode:
    """``width`` in modules, quiet zone included; ``path``: the dark ones, as the data
    of an SVG path."""

    width: int
    path: str


def qr_code(text: str) -> QrCode:
    """The smallest code of the text that bears some dirt (error correction M)."""
    made = segno.make_qr(text, error="m")
    path = "".join(
        f"M{x + QUIET_MODULES} {y + QUIET_MODULES}h1v1h-1z"
        for y, row in enumerate(made.matrix)
        for x, is_dark in enumerate(row)
        if is_dark
    )
    return QrCode(len(made.matrix) + 2 * QUIET_MODULES, path)
