"""Devices for passcodes: what authenticators scan, and which passcodes are right."""

from __future__ import annotations

import re

import pytest

from compute.dashboard.pages.account.devices import shows
from compute.dashboard.pages.account.qr_code import QUIET_MODULES, qr_code

# RFC 6238's own secret and moments, of which six digits are shown.
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


@pytest.mark.parametrize(
    ("moment", "passcode", "is_right"),
    [
        (59, "287082", True),
        (1111111109, "081804", True),
        (89, "287082", True),  # half a minute ago
        (119, "287082", False),
        (29, "287082", False),  # not yet
        (59, "28708", False),
        (59, "", False),
        (59, "28708\u0662", False),
        (0, "755224", True),
    ],
)
def test_passcodes(moment: float, passcode: str, is_right: bool) -> None:
    assert shows(SECRET, passcode, moment) is is_right


def test_a_code_lies_within_its_quiet_zone() -> None:
    code = qr_code("otpauth://totp/Ringstack%3Aann?secret=GEZDGNBV&issuer=Ringstack")
    places = [
        (int(x), int(y)) for x, y in re.findall(r"M(\d+) (\d+)h1v1h-1z", code.path)
    ]
    inside = range(QUIET_MODULES, code.width - QUIET_MODULES)
    assert places and all(x in inside and y in inside for x, y in places)
    # The corner that finders look for: seven dark modules in a row.
    assert {(QUIET_MODULES + x, QUIET_MODULES) for x in range(7)} <= set(places)
