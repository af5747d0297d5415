"""Releases: this checkout and all it needs, as wheels in a tar file.

Hosts install from the file alone, so what runs was chosen here, once.  A release's name
has the version and a digest of all sources: the same content has the same name.
"""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from pathlib import Path

from compute.deploy.wheels import needed, pack, pack_project

DATABASES = ("mysql", "postgresql")
# The library's wheel.
CODES = "pyeclib-"
CHECKOUT = Path(__file__).resolve().parents[2]


def build_release(
    directory: Path,
    database: str,
    checkout: Path = CHECKOUT,
    *,
    with_codes: bool = False,
) -> str:
    """Make the tar file in ``directory``; its name.  ``database``: the URL of what the
    cloud keeps its tables in, for which there are drivers.  ``with_codes``: with what
    storage policies of fragments need.  Raises ``CannotPack``."""
    ours = pack_project(checkout)
    # Extras of the project are named like what their drivers speak to.
    extras = [name for name in DATABASES if database.startswith(name)]
    extras += ["ec"] if with_codes else []
    wheels = sorted([ours, *map(pack, needed(extras))], key=lambda wheel: wheel.name)
    sources = "".join(wheel.digest for wheel in wheels)
    digest = hashlib.sha256(sources.encode()).hexdigest()[:12]
    release = f"{ours.name.split('-')[1]}-{digest}"
    target = directory / f"{release}.tar"
    if not target.exists():
        _write({wheel.name: wheel.content for wheel in wheels}, target)
    return release


def lacks_codes(file: Path) -> bool:
    """Whether a release has not got what storage policies of fragments need: a store
    that runs it would not start.  Of one whose file is gone nothing is known."""
    if not file.exists():
        return False
    with tarfile.open(file) as tar:
        return not any(name.lower().startswith(CODES) for name in tar.getnames())


def _write(files: dict[str, bytes], target: Path) -> None:
    """Whole or not at all."""
    fresh = target.with_suffix(".new")
    with fresh.open("wb") as file:
        with tarfile.open(fileobj=file, mode="w") as tar:
            for name, content in sorted(files.items()):
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(target)
