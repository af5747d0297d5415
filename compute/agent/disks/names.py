"""What disks are called in guests: targets and labels."""

from __future__ import annotations

ROOT_NAME = "vda"
SWAP_NAME = "vdz"
"""Swap is last, so that it never takes the letter of a disk with data."""
# vdb .. vdi are ephemeral disks; volumes come after.
EPHEMERAL_DISKS_MAX = 8


def ephemeral_name(number: int) -> str:
    """The target of extra disk ``number`` (from 0)."""
    if not 0 <= number < EPHEMERAL_DISKS_MAX:
        raise ValueError(f"no ephemeral disk has number {number}")
    return f"vd{chr(ord('b') + number)}"


def ephemeral_label(number: int) -> str:
    """The label of its file system, for fstab."""
    return f"ephemeral{number}"
