"""``etc/cloud.conf``: as the definitions have it, and good as it is."""

from __future__ import annotations

import re
from pathlib import Path

from click.testing import CliRunner

from compute.app.rooms import SETTINGS
from compute.cli.samples import SAMPLE_NAME, cloud_sample, settings
from compute.settings import load_cloud_settings

ETC = Path(__file__).resolve().parents[4] / "etc"
# An option at its default, as the sample shows it.
SHOWN_DEFAULT = re.compile(r"^# (\w+ = .*\S)$", re.MULTILINE)


def test_etc_is_up_to_date() -> None:
    found = (ETC / SAMPLE_NAME).read_text("utf-8")
    assert found == cloud_sample(), (
        "run: python -m compute.cli settings sample > etc/cloud.conf"
    )


def test_the_sample_is_good_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / SAMPLE_NAME
    path.write_text(cloud_sample(), "utf-8")
    checked = CliRunner().invoke(settings, ["check", str(path)])
    assert checked.output == "no mistakes\n"


def test_what_it_shows_is_the_default(tmp_path: Path) -> None:
    path = tmp_path / SAMPLE_NAME
    path.write_text(cloud_sample(), "utf-8")
    before = load_cloud_settings(path, SETTINGS)
    path.write_text(SHOWN_DEFAULT.sub(r"\1", cloud_sample()), "utf-8")
    assert load_cloud_settings(path, SETTINGS) == before


def test_files_that_it_names_are_looked_at(tmp_path: Path) -> None:
    path, providers = tmp_path / SAMPLE_NAME, tmp_path / "identity/federation.conf"
    providers.parent.mkdir()
    providers.write_text("[example]\nissuer = http://example.org\nclient_id = x\n")
    path.write_text(f"[cloud]\nstate = {tmp_path}\n", "utf-8")
    checked = CliRunner().invoke(settings, ["check", str(path)])
    assert checked.exit_code == 2 and "must be an https URL" in checked.output


def test_every_mistake_is_told(tmp_path: Path) -> None:
    path = tmp_path / SAMPLE_NAME
    path.write_text(
        "[cloud]\nroles = everything\npublic_address = here\n[nonsense]\na = b\n",
        "utf-8",
    )
    checked = CliRunner().invoke(settings, ["check", str(path)])
    assert checked.exit_code == 2
    for name in ("roles", "public_address", "nonsense"):
        assert name in checked.output
