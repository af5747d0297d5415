"""Encrypted disks in files: LUKS, made by qemu-img and opened by guests' emulators."""

from __future__ import annotations

from pathlib import Path

from compute.core.disks import qemu_luks
from compute.volume.encryption import DiskKey


def make(path: Path, size_bytes: int, key: DiskKey) -> None:
    """A new one, which holds so many bytes."""
    cipher = (key.cipher.algorithm, key.cipher.mode, key.cipher.vectors)
    qemu_luks.create(str(path), size_bytes, cipher, key.passphrase)
    path.chmod(0o600)


def write_over(image: Path, image_format: str, path: Path, key: DiskKey) -> None:
    """Let it begin with what the image reads as."""
    target = qemu_luks.file_options(str(path))
    qemu_luks.write_over(str(image), image_format, target, key.passphrase)
