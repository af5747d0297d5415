"""A release before is not started on tables that it does not know."""

from __future__ import annotations

import io
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from compute.deploy.going_back import unknown_migrations, why_not_back
from compute.deploy.site import Site
from compute.deploy.survey import Survey, Surveyed
from compute.deploy.wish import wish_for
from test.unit.compute.deploy.inventories import PAPERS, SECRETS, inventory

FIRST = "compute/image/migrations/0001_image.py"
SECOND = "compute/image/migrations/0002_more.py"


def pack(path: Path, *names: str) -> Path:
    wheel = io.BytesIO()
    with zipfile.ZipFile(wheel, "w") as file:
        for name in ("compute/image/migrations/__init__.py", *names):
            file.writestr(name, "")
    with tarfile.open(path, "w") as tar:
        for name in ("click-8-py3-none-any.whl", "ringstack-1-py3-none-any.whl"):
            entry = tarfile.TarInfo(name)
            entry.size = len(wheel.getvalue())
            tar.addfile(entry, io.BytesIO(wheel.getvalue()))
    return path


def test_what_the_newer_one_added_is_named(tmp_path: Path) -> None:
    old = pack(tmp_path / "old.tar", FIRST)
    new = pack(tmp_path / "new.tar", FIRST, SECOND)
    assert unknown_migrations(old, [new]) == ["image/migrations/0002_more"]
    assert unknown_migrations(new, [old]) == unknown_migrations(old, [old]) == []
    assert unknown_migrations(old, [tmp_path / "gone.tar"]) == []
    assert unknown_migrations(tmp_path / "gone.tar", [new]) == []


def test_it_is_asked_of_control_hosts_that_run(tmp_path: Path) -> None:
    site, wished = Site(tmp_path), inventory()
    site.make()
    pack(site.release_file("1-a"), FIRST)
    pack(site.release_file("1-b"), FIRST, SECOND)
    gamma = wished.hosts[2]
    wishes = wish_for(wished, gamma, SECRETS, {}, "1-b", PAPERS)

    def why(release: str) -> str:
        services: dict[str, Any] = {"cloud": {"release": release}}
        here = Surveyed(wishes, {"services": services}, 0.0)
        found = Survey({gamma: here}, {}, SECRETS, PAPERS, None, {})
        gone = replace(found, hosts={gamma: replace(here, found={"services": {}})})
        assert why_not_back(site, "1-a", gone) == ""
        return why_not_back(site, "1-a", found)

    assert "1 migrations: image/migrations/0002_more" in why("1-b")
    # An upgrade that stopped before it came to the cloud.
    assert why("1-a") == why("") == ""
