"""Write an ISO 9660 image of a few small files (the config drive), and read one.

Joliet and Rock Ridge names beside the plain ones, so that every guest sees the
names as they are given.  Made in memory: config drives are a few hundred KiB.
"""

from __future__ import annotations

import io
from collections.abc import Mapping

import pycdlib

from objectstore.kernel.errors import Rejected

# User data is at most 64 KiB, metadata of like size: this is ten times as much.
ISO_BYTES_MAX = 4 << 20
_LEVEL = 4  # plain names may be long and in lower case


def make_iso(label: str, files: Mapping[str, bytes]) -> bytes:
    """The image.  ``files``: path with slashes (no leading one) -> content."""
    if sum(map(len, files.values())) > ISO_BYTES_MAX:
        raise Rejected(400, "The config drive would be too large")
    iso = pycdlib.PyCdlib()
    iso.new(interchange_level=_LEVEL, joliet=3, rock_ridge="1.09", vol_ident=label)
    made: set[str] = set()
    for path, content in sorted(files.items()):
        _make_parents(iso, path, made)
        name = path.rsplit("/", 1)[-1]
        iso.add_fp(
            io.BytesIO(content),
            len(content),
            iso_path=f"/{path}",
            rr_name=name,
            joliet_path=f"/{path}",
        )
    image = io.BytesIO()
    iso.write_fp(image)
    iso.close()
    return image.getvalue()


def _make_parents(iso: pycdlib.PyCdlib, path: str, made: set[str]) -> None:
    parts = path.split("/")[:-1]
    for depth in range(1, len(parts) + 1):
        folder = "/" + "/".join(parts[:depth])
        if folder not in made:
            made.add(folder)
            iso.add_directory(
                iso_path=folder, rr_name=parts[depth - 1], joliet_path=folder
            )


def read_iso(image: bytes) -> dict[str, bytes]:
    """The files of an image that ``make_iso`` made."""
    iso = pycdlib.PyCdlib()
    iso.open_fp(io.BytesIO(image))
    found: dict[str, bytes] = {}
    for folder, _, names in iso.walk(joliet_path="/"):
        for name in names:
            path = f"{folder.rstrip('/')}/{name}"
            content = io.BytesIO()
            iso.get_file_from_iso_fp(content, joliet_path=path)
            found[path.lstrip("/")] = content.getvalue()
    iso.close()
    return found
