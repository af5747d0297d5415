"""What disks are called in guests: targets, labels and serial numbers."""

from __future__ import annotations

ROOT_NAME = "vda"
SWAP_NAME = "vdz"
"""Swap is last, so that it never takes the letter of a disk with data."""
# vdb .. vdi are ephemeral disks; volumes come after.
EPHEMERAL_DISKS_MAX = 8
# What virtio hands to a guest of a disk's serial number.
SERIAL_LENGTH_MAX = 20


def ephemeral_name(number: int) -> str:
    """The target of extra disk ``number`` (from 0)."""
    if not 0 <= number < EPHEMERAL_DISKS_MAX:
        raise ValueError(f"no ephemeral disk has number {number}")
    return f"vd{chr(ord('b') + number)}"


def ephemeral_label(number: int) -> str:
    """The label of its file system, for fstab."""
    return f"ephemeral{number}"
