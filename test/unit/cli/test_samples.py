"""The sample files in etc/: as the definitions have it, and good as they are."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from objectstore.cli.samples import SERVERS, all_samples, cluster_sample, settings
from objectstore.kernel.settings import BadSettings
from objectstore.settings import NODE_ROLES, Role, load_settings

ETC = Path(__file__).resolve().parents[3] / "etc"
# An option at its default, as a sample shows it.
SHOWN_DEFAULT = re.compile(r"^# (\w+ = .*\S)$", re.MULTILINE)


def test_etc_is_up_to_date() -> None:
    # The cloud's own file is tried where its settings are.
    files = [path for path in ETC.glob("*.conf") if path.name != "cloud.conf"]
    found = {path.name: path.read_text("utf-8") for path in files}
    assert found == all_samples(), "run: bin/objectstore settings write-samples etc"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    for name, text in all_samples().items():
        (tmp_path / name).write_text(text, "utf-8")
    (tmp_path / "cluster.conf").write_text(cluster_sample(fresh=True), "utf-8")
    return tmp_path


@pytest.mark.parametrize("name", SERVERS)
def test_servers_samples_are_good_as_they_are(place: Path, name: str) -> None:
    loaded = load_settings(place / f"{name}.conf")
    expected = {name.partition("-")[0]} if name != "store" else set(map(_word, Role))
    assert {role.value for role in loaded.server.roles} == expected
    assert loaded.cluster.secret
    assert [policy.name for policy in loaded.policies] == ["Policy-0"]
    checked = CliRunner().invoke(settings, ["check", str(place / f"{name}.conf")])
    assert checked.output == "no mistakes\n"


@pytest.mark.parametrize("name", SERVERS)
def test_what_they_show_is_the_default(place: Path, name: str) -> None:
    path = place / f"{name}.conf"
    before = load_settings(path)
    text = path.read_text("utf-8")
    bare = re.sub(r"^# (?=(pipeline|user_\w+) = )", "## ", text, flags=re.MULTILINE)
    path.write_text(SHOWN_DEFAULT.sub(r"\1", bare), "utf-8")
    after = load_settings(path)
    # Policies are compared by what they are called.
    assert dataclasses.replace(after, policies=before.policies) == before


def test_servers_on_one_machine_do_not_meet(place: Path) -> None:
    names = [f"{role.value}-server" for role in NODE_ROLES]
    loaded = [load_settings(place / f"{name}.conf") for name in names]
    assert len({each.node_address for each in loaded}) == len(loaded)
    assert len({each.server.run for each in loaded}) == len(loaded)


def test_the_clusters_sample_asks_for_secrets(place: Path) -> None:
    (place / "cluster.conf").write_text(cluster_sample(), "utf-8")
    with pytest.raises(BadSettings) as caught:
        load_settings(place / "store.conf")
    options = [mistake.option for mistake in caught.value.mistakes]
    assert options == ["secret", "hash_suffix"]


def test_fresh_secrets_are_fresh() -> None:
    command = ["sample", "cluster", "--fresh"]
    first, second = (CliRunner().invoke(settings, command).output for _ in range(2))
    assert first != second
    assert "secret = " in first


def test_all_mistakes_are_told_together(place: Path) -> None:
    path = place / "store.conf"
    text = """
[server]
workers = none
ports = 8080
public_address = here
[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck nonsense tempauth slo proxy-server
[filter:tempauth]
use = egg:ringstack#tempauth
token_life = long
[filter:slo]
use = egg:ringstack#slo
max_manifest_sise = 8
"""
    path.write_text(text, "utf-8")
    (place / "cluster.conf").write_text("[cluster]\nsecret =\n", "utf-8")
    checked = CliRunner().invoke(settings, ["check", str(path)])
    assert checked.exit_code == 2
    lines = sorted(line.partition(": ")[2] for line in checked.output.splitlines())
    assert [line.partition(":")[0] for line in lines] == [
        "[cluster] hash_suffix",
        "[cluster] secret",
        "[filter",
        "[filter",
        "[server] ports",
        "[server] public_address",
        "[server] workers",
        "nonsense",
    ]


def _word(role: Role) -> str:
    return role.value
