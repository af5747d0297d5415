"""Keys that root rotates stay those of whom the cloud runs as."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from compute.core.keys.repository import create_keys
from test.scratch import scratch_directory

# Any that is not root.
SOMEBODY = 65534
IS_ROOT = os.geteuid() == 0


def rotate(settings: Path) -> subprocess.CompletedProcess[str]:
    words = ["-m", "compute.cli", "identity", "rotate-token-keys", str(settings)]
    return subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, check=False
    )


@pytest.mark.skipif(not IS_ROOT, reason="only root can be whom he likes")
def test_root_rotates_as_whom_the_state_belongs_to() -> None:
    with scratch_directory() as directory:
        directory.chmod(0o755)
        state, settings = directory / "state", directory / "cloud.conf"
        keys = state / "identity" / "token-keys"
        create_keys(keys)
        for path in (state, *state.rglob("*")):
            os.chown(path, SOMEBODY, SOMEBODY)
        settings.write_text(f"[cloud]\nstate = {state}\n", "utf-8")
        settings.chmod(0o600)
        said = rotate(settings)
        assert said.returncode == 0, said.stderr
        assert {path.name for path in keys.iterdir()} == {".lock", "0", "1", "2"}
        assert {path.stat().st_uid for path in keys.iterdir()} == {SOMEBODY}


def test_where_no_cloud_is_no_keys_are_made(tmp_path: Path) -> None:
    settings = tmp_path / "cloud.conf"
    settings.write_text(f"[cloud]\nstate = {tmp_path}/nowhere\n", "utf-8")
    said = rotate(settings)
    assert said.returncode == 2
    assert "does the cloud keep its state elsewhere?" in said.stderr
    assert not (tmp_path / "nowhere").exists()
