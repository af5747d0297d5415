"""Whether a release can take the place of a newer one: tables are not changed back.

A control plane ends at once when its database has been through migrations that it does
not know, and with one control host that would be the cloud's end.
"""

from __future__ import annotations

import re
import tarfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

from compute.deploy.model import Part
from compute.deploy.site import Site
from compute.deploy.survey import Survey

_PROJECT = "ringstack-"
_MIGRATION = re.compile(r"compute/(\w+/migrations/\d\w*)\.py\Z")
SHOWN_MAX = 3


def why_not_back(site: Site, before: str, found: Survey) -> str:
    """Why control hosts cannot run the release ``before`` again; "": they can."""
    running = {
        each.found["services"].get("cloud", {}).get("release", "")
        for host, each in found.hosts.items()
        if host.plays(Part.CONTROL)
    }
    files = [site.release_file(name) for name in running if name]
    unknown = unknown_migrations(site.release_file(before), files)
    if not unknown:
        return ""
    shown = ", ".join(unknown[:SHOWN_MAX])
    return (
        f"release {before} does not know the database's tables any more: the one that "
        f"runs has changed them ({len(unknown)} migrations: {shown}).  Mend what is "
        "wrong, and upgrade; or restore the database as it was before"
    )


def unknown_migrations(before: Path, running: Iterable[Path]) -> list[str]:
    """Those of the releases that run which the one before lacks; of files that are
    gone nothing is known."""
    if not before.exists():
        return []
    ran = {each for path in running if path.exists() for each in migrations_in(path)}
    return sorted(ran - migrations_in(before))


def migrations_in(release: Path) -> set[str]:
    """The migrations in a release's file, by room and name."""
    found: set[str] = set()
    with tarfile.open(release) as tar:
        for member in tar:
            wheel = tar.extractfile(member)
            if member.name.startswith(_PROJECT) and wheel is not None:
                names = zipfile.ZipFile(wheel).namelist()
                found |= {each[1] for each in map(_MIGRATION.match, names) if each}
    return found
