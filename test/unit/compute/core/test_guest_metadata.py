"""How a server's metadata say that its metadata service answers."""

from __future__ import annotations

import pytest

from compute.core.guest_metadata import HOPS, MetadataOptions, options_of


def test_what_is_said_and_what_is_not() -> None:
    assert options_of({}) == MetadataOptions(False, True, 1, False)
    said = {
        "ec2:http-tokens": "required",
        "ec2:http-endpoint": "disabled",
        "ec2:http-hops": "3",
        "ec2:metadata-tags": "enabled",
    }
    assert options_of(said) == MetadataOptions(True, False, 3, True)


@pytest.mark.parametrize(
    ("hops", "meant"),
    [("", 1), ("0", 1), ("99", 64), ("-1", 1), ("x", 1), ("9" * 99, 1), ("\u0662", 1)],
)
def test_hops_that_make_no_sense(hops: str, meant: int) -> None:
    assert options_of({HOPS: hops}).hops == meant
