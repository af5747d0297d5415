"""For each room a body that is right, by method and path, to be spoiled from there.

``ID`` in a value is replaced by the id of a thing that is there.
"""

from __future__ import annotations

from typing import Any

UUID = "11111111-2222-4333-8444-555555555555"
HEX = "1" * 32

Bodies = dict[tuple[str, str], list[Any]]
