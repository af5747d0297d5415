"""The file of identity providers and its secrets, on their way to control hosts."""

from __future__ import annotations

from pathlib import Path

import pytest

from compute.deploy.identity_providers import handed_out
from compute.deploy.settings_files import PROVIDERS, cloud_conf
from compute.deploy.wish import HostWishes, wish_for
from compute.identity.federation.operator_file import read_providers
from objectstore.kernel.settings import BadSettings
from test.unit.compute.deploy.inventories import PAPERS, SECRETS, inventory

TEXT = """
[DEFAULT]
protocol = oidc
[example]
issuer = https://login.example.com/realms/staff
client_id = ringstack
client_secret_file = example-secret
label = Example
[open]
issuer = https://open.example.com
client_id = public
"""
SECRET_PATH = "/etc/ringstack/federation-example.secret"


def written(tmp_path: Path, text: str = TEXT, secret: str = "s3cret\n") -> Path:
    (tmp_path / "example-secret").write_text(secret, "utf-8")
    file = tmp_path / "federation.conf"
    file.write_text(text, "utf-8")
    return file


def wishes(file: Path, name: str = "gamma") -> HostWishes:
    found = inventory({"cloud": {"federation": str(file)}})
    host = next(host for host in found.hosts if host.name == name)
    providers = handed_out(found.cloud.federation)
    return wish_for(found, host, SECRETS, {}, "1-a", PAPERS, providers)


def test_control_hosts_get_the_file_and_read_its_secrets_where_they_are(
    tmp_path: Path,
) -> None:
    wish = wishes(written(tmp_path))
    assert wish.files[SECRET_PATH].content == b"s3cret\n"
    assert wish.files[SECRET_PATH].mode == 0o600
    assert wish.files[SECRET_PATH].owner == "ringstack:ringstack"
    assert not wish.files[SECRET_PATH].is_text
    on_host = tmp_path / "on-host.conf"
    on_host.write_bytes(wish.files[PROVIDERS].content)
    read = read_providers(on_host, must_exist=True)
    assert read["example", "oidc"].client_secret_file == Path(SECRET_PATH)
    assert read["example", "oidc"].label == "Example"
    assert read["open", "oidc"].client_secret_file is None
    text = wish.files["/etc/ringstack/cloud.conf"].content.decode()
    assert f"[identity]\nfederation_file = {PROVIDERS}\n" in text


def test_nobody_else_gets_them(tmp_path: Path) -> None:
    file = written(tmp_path)
    assert not {PROVIDERS, SECRET_PATH} & set(wishes(file, "alpha").files)
    found = inventory()
    assert "federation_file" not in cloud_conf(found, found.hosts[2])
    assert handed_out(None) is None


def test_another_provider_restarts_the_cloud_and_a_secret_does_not(
    tmp_path: Path,
) -> None:
    before = wishes(written(tmp_path)).services["cloud"].digest
    secret = wishes(written(tmp_path, secret="another")).services["cloud"].digest
    label = TEXT.replace("label = Example", "label = Another")
    assert secret == before
    assert wishes(written(tmp_path, label)).services["cloud"].digest != before


def test_secrets_are_never_shown(tmp_path: Path) -> None:
    found = handed_out(written(tmp_path))
    assert found is not None and found.hidden() == ("s3cret",)
    assert "s3cret" not in found.text
    assert "s3cret" not in repr(found)


@pytest.mark.parametrize(
    ("text", "secret", "words"),
    [
        (TEXT, "", "example-secret is empty"),
        (TEXT, "x" * 5000, "is too long for a secret"),
        (TEXT.replace("example-secret", "nowhere"), "s", "nowhere: No such file"),
        (TEXT.replace("https://login", "http://login"), "s", "must be an https URL"),
    ],
)
def test_mistakes_are_told_before_any_host_is_asked(
    tmp_path: Path, text: str, secret: str, words: str
) -> None:
    with pytest.raises(BadSettings, match=words):
        handed_out(written(tmp_path, text, secret))
