"""Releases: wheels of what is installed here, named by what is in them."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from compute.deploy.release import REQUIREMENTS, build_release
from compute.deploy.wheels import CannotPack, needed, pack, pack_project


def test_the_project_is_packed_with_its_commands_and_pages() -> None:
    checkout = Path(__file__).parents[4]
    wheel = pack_project(checkout)
    assert pack_project(checkout).digest == wheel.digest
    assert re.fullmatch(r"ringstack-[^-]+-py3-none-any\.whl", wheel.name)
    files = zipfile.ZipFile(io.BytesIO(wheel.content)).namelist()
    assert "compute/deploy/remote/supervisor.py" in files
    assert any(each.startswith("compute/dashboard/templates/") for each in files)
    points = next(each for each in files if each.endswith("entry_points.txt"))
    assert b"ringstack = compute.cli:ringstack" in zipfile.ZipFile(
        io.BytesIO(wheel.content)
    ).read(points)
    assert not any(each.startswith("test") for each in files)


def test_what_is_needed_is_followed_through_and_has_pip() -> None:
    names = {found.name.lower() for found in needed()}
    assert {"pip", "click", "sqlalchemy", "markupsafe", "netifaces"} <= names
    assert not names & {"pytest", "ringstack", "libvirt-python"}


def test_a_distribution_is_packed_as_it_was(tmp_path: Path) -> None:
    found = next(each for each in needed() if each.name.lower() == "click")
    packed = pack(found)
    assert packed.name.startswith("click-")
    wheel = zipfile.ZipFile(io.BytesIO(packed.content))
    assert wheel.testzip() is None
    record = next(each for each in wheel.namelist() if each.endswith("RECORD"))
    listed = {line.split(",")[0] for line in wheel.read(record).decode().splitlines()}
    assert listed == set(wheel.namelist())
    # Compiled here, and used there though the source is newer.
    (tmp_path / "there").mkdir()
    wheel.extractall(tmp_path / "there")
    asked = "import click, sys; print(click.__cached__, click.core.__file__)"
    said = subprocess.run(
        [sys.executable, "-B", "-v", "-c", asked],
        env={"PYTHONPATH": str(tmp_path / "there")},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert f"code object from '{tmp_path}/there/click/__pycache__/core." in said.stderr


def test_a_release_has_a_hash_for_each_wheel(tmp_path: Path) -> None:
    release = build_release(tmp_path)
    with tarfile.open(tmp_path / f"{release}.tar") as tar:
        wheels = [name for name in tar.getnames() if name.endswith(".whl")]
        found = tar.extractfile(REQUIREMENTS)
        assert found is not None
        lines = found.read().decode().splitlines()
    assert len(lines) == len(wheels)
    assert all(re.search(r"==\S+ --hash=sha256:[0-9a-f]{64}$", line) for line in lines)


def test_what_is_no_checkout_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotPack, match="no checkout"):
        build_release(tmp_path, tmp_path)
