"""What keeps a cloud's process from beginning anew keeps the old one alive."""

from __future__ import annotations

from pathlib import Path

from compute.app.rooms import SETTINGS
from compute.app.run import find_obstacles
from compute.settings import CloudSettings, load_cloud_settings
from objectstore.cli.samples import cluster_sample


def told(directory: Path, text: str) -> list[str]:
    path = directory / "cloud.conf"
    path.write_text(text, "utf-8")

    def read() -> CloudSettings:
        return load_cloud_settings(path, SETTINGS)

    return [str(mistake) for mistake in find_obstacles(read)]


def test_mistakes_of_all_files_are_found(tmp_path: Path) -> None:
    assert told(tmp_path, "[cloud]\n") == []
    (misspelt,) = told(tmp_path, "[cloud]\nreggion = a\n")
    assert "did you mean" in misspelt
    (absent,) = told(tmp_path, f"[tls]\ncertificate = {tmp_path}/none.pem\n")
    assert "no certificate and key" in absent
    providers = tmp_path / "federation.conf"
    providers.write_text("[example]\nissuer = http://example.org\nclient_id = x\n")
    (wrong,) = told(tmp_path, f"[identity]\nfederation_file = {providers}\n")
    assert "must be an https URL" in wrong
    assert told(tmp_path, "[cloud]\nroles = agent\n") == []
    store = tmp_path / "store.conf"
    store.write_text("[server]\nrings = /nowhere\n")
    (tmp_path / "cluster.conf").write_text(cluster_sample(fresh=True))
    found = told(tmp_path, f"[cloud]\nobject_store = {store}\n")
    assert len(found) == 3 and all("no ring" in each for each in found)
