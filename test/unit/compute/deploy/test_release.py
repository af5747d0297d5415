"""Releases: wheels of what is installed here, named by what is in them."""

from __future__ import annotations

import hashlib
import io
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from compute.deploy.release import build_release
from compute.deploy.remote import releases
from compute.deploy.remote.body import Body
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


def test_what_is_needed_is_followed_through() -> None:
    names = {found.name.lower() for found in needed()}
    assert {"click", "sqlalchemy", "markupsafe", "netifaces"} <= names
    assert not names & {"pytest", "ringstack", "libvirt-python", "pip"}
    assert not names & {"psycopg2-binary", "pymysql"}


@pytest.mark.parametrize(
    ("extra", "driver"), [("postgresql", "psycopg2-binary"), ("mysql", "pymysql")]
)
def test_a_database_has_its_driver(extra: str, driver: str) -> None:
    assert driver in {found.name.lower() for found in needed([extra])}


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


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("releases")
    return directory / f"{build_release(directory, '')}.tar"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A host's /opt/ringstack."""
    monkeypatch.setattr(releases, "RELEASES", str(tmp_path / "releases"))
    monkeypatch.setattr(releases, "INCOMING", str(tmp_path / "incoming"))
    return tmp_path


def receive(content: bytes, body: Body) -> str:
    request = {
        "name": "1-a",
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "libvirt": False,
    }
    body.begin(len(content))
    return releases.receive_release(request, body)


def test_a_release_runs_where_it_was_received(release: Path, home: Path) -> None:
    content = release.read_bytes()
    # What one left that was killed in the middle.
    (home / "incoming").mkdir()
    (home / "releases/1-a/lib").mkdir(parents=True)
    assert receive(content, Body(io.BytesIO(content))) == "installed"
    assert sorted(path.name for path in home.iterdir()) == ["releases"]
    place = home / "releases" / "1-a"
    assert (place / ".complete").exists()
    said = subprocess.run(
        [place / "bin" / "objectstore", "--help"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "recon" in said.stdout, said.stderr
    assert (place / "bin" / "ringstack").read_text().startswith(f"#!{place}/bin/python")


def test_half_a_release_leaves_nothing(release: Path, home: Path) -> None:
    content = release.read_bytes()
    with pytest.raises(OSError, match="ended early"):
        receive(content, Body(io.BytesIO(content[:-100])))
    with pytest.raises(OSError, match="damaged"):
        receive(content, Body(io.BytesIO(content[:-100] + bytes(99) + b"x")))
    assert list((home / "releases").iterdir()) == []
    assert not (home / "incoming").exists()


def test_what_is_no_checkout_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotPack, match="no checkout"):
        build_release(tmp_path, "", tmp_path)
