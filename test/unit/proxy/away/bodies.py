"""What these tests ask for, and what they upload."""

from __future__ import annotations

DEVICES = range(4)
BOX = "/AUTH_test/box"
SMALL, LARGE = b"small", b"large" * 240_000
UPLOADS = [("put", b"x", {}), ("put", b"x", {"If_None_Match": "*"})]
UPLOADS += [("commit", LARGE, {}), ("commit", LARGE, {"If_None_Match": "*"})]
