"""The command line clients: a tree goes up and comes back."""

from __future__ import annotations

import filecmp
import os
import shutil
import sys
from pathlib import Path

import pytest

from test.functional.harness.store import Store
from test.functional.harness.tools import run
from test.functional.harness.users import TESTER

BIN = Path(sys.executable).parent


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    (root / "deep" / "er").mkdir(parents=True)
    (root / "a.txt").write_text("text")
    (root / "ü b.txt").write_text("unicode and space")
    (root / "deep" / "empty").write_bytes(b"")
    (root / "deep" / "er" / "large").write_bytes(bytes(range(256)) * 40_000)
    # What is younger than the second in which it is uploaded, aws would send again.
    for path in root.rglob("*"):
        os.utime(path, (1_700_000_000, 1_700_000_000))
    return root


def same(left: Path, right: Path) -> bool:
    compared = filecmp.dircmp(left, right)
    if compared.left_only or compared.right_only or compared.diff_files:
        return False
    return all(same(left / name, right / name) for name in compared.common_dirs)


def test_aws(s3_store: Store, bucket_name: str, tree: Path, tmp_path: Path) -> None:
    environment = {
        "AWS_ACCESS_KEY_ID": TESTER.login,
        "AWS_SECRET_ACCESS_KEY": TESTER.key,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
        # A reply that it waits for in vain fails the test, not only delays it.
        "AWS_MAX_ATTEMPTS": "1",
    }

    def aws(*words: str) -> str:
        command = [str(BIN / "aws"), "--endpoint-url", s3_store.endpoint(), *words]
        return run(command, environment=environment).text

    aws("s3", "mb", f"s3://{bucket_name}")
    aws("s3", "sync", str(tree), f"s3://{bucket_name}/p", "--no-progress")
    assert aws("s3", "sync", str(tree), f"s3://{bucket_name}/p", "--no-progress") == ""
    back = tmp_path / "back"
    aws("s3", "sync", f"s3://{bucket_name}/p", str(back), "--no-progress")
    assert same(tree, back)
    assert "deep/er/large" in aws("s3", "ls", "--recursive", f"s3://{bucket_name}/")
    aws("s3", "rb", "--force", f"s3://{bucket_name}")


@pytest.mark.parametrize("extra", [[], ["--signature-v2"]])
def test_s3cmd(
    s3_store: Store, bucket_name: str, tree: Path, tmp_path: Path, extra: list[str]
) -> None:
    address = s3_store.endpoint().removeprefix("http://")

    def s3cmd(*words: str) -> str:
        command = [
            str(BIN / "s3cmd"),
            "--config=/dev/null",
            "--no-ssl",
            f"--host={address}",
            f"--host-bucket={address}",
            f"--access_key={TESTER.login}",
            f"--secret_key={TESTER.key}",
            "--region=us-east-1",
            "--multipart-chunk-size-mb=5",
            *extra,
            *words,
        ]
        return run(command).text

    s3cmd("mb", f"s3://{bucket_name}")
    s3cmd("put", "-r", f"{tree}/", f"s3://{bucket_name}/p/")
    back = tmp_path / "back"
    back.mkdir()
    s3cmd("get", "-r", f"s3://{bucket_name}/p/", f"{back}/")
    assert same(tree, back)
    s3cmd("setacl", "-P", f"s3://{bucket_name}/p/a.txt")
    assert "*anon*: READ" in s3cmd("info", f"s3://{bucket_name}/p/a.txt")
    s3cmd("rm", "-r", "-f", f"s3://{bucket_name}")
    s3cmd("rb", f"s3://{bucket_name}")


@pytest.mark.skipif(shutil.which("rclone") is None, reason="rclone is not installed")
def test_rclone(s3_store: Store, bucket_name: str, tree: Path, tmp_path: Path) -> None:
    environment = {
        "RCLONE_CONFIG": str(tmp_path / "none"),
        "RCLONE_CONFIG_R_TYPE": "s3",
        "RCLONE_CONFIG_R_PROVIDER": "Other",
        "RCLONE_CONFIG_R_ENDPOINT": s3_store.endpoint(),
        "RCLONE_CONFIG_R_ACCESS_KEY_ID": TESTER.login,
        "RCLONE_CONFIG_R_SECRET_ACCESS_KEY": TESTER.key,
        "RCLONE_CONFIG_R_REGION": "us-east-1",
        "RCLONE_S3_UPLOAD_CUTOFF": "6M",
        "RCLONE_S3_CHUNK_SIZE": "5M",
        # rclone cannot have a certificate bundle of the environment's here.
        "AWS_CA_BUNDLE": "",
    }

    def rclone(*words: str) -> str:
        return run(["rclone", *words], environment=environment).text

    rclone("mkdir", f"R:{bucket_name}")
    rclone("copy", str(tree), f"R:{bucket_name}/p")
    rclone("check", str(tree), f"R:{bucket_name}/p")
    back = tmp_path / "back"
    rclone("copy", f"R:{bucket_name}/p", str(back))
    assert same(tree, back)
    rclone("moveto", f"R:{bucket_name}/p/a.txt", f"R:{bucket_name}/q/b.txt")
    assert "q/b.txt" in rclone("lsf", "-R", f"R:{bucket_name}")
    rclone("purge", f"R:{bucket_name}")


@pytest.mark.skipif(shutil.which("restic") is None, reason="restic is not installed")
def test_restic(s3_store: Store, bucket_name: str, tree: Path, tmp_path: Path) -> None:
    environment = {
        "AWS_ACCESS_KEY_ID": TESTER.login,
        "AWS_SECRET_ACCESS_KEY": TESTER.key,
        "RESTIC_REPOSITORY": f"s3:{s3_store.endpoint()}/{bucket_name}/backups",
        "RESTIC_PASSWORD": "of the backups",
        "RESTIC_CACHE_DIR": str(tmp_path / "cache"),
    }

    def restic(*words: str) -> None:
        run(["restic", *words], environment=environment, directory=tmp_path)

    restic("init")
    restic("backup", tree.name)
    (tree / "a.txt").write_text("another text")
    restic("backup", tree.name)
    restic("restore", "latest", "--target", "back")
    assert same(tree, tmp_path / "back" / tree.name)
    wrong = {**environment, "AWS_SECRET_ACCESS_KEY": "wrong"}
    refused = run(["restic", "snapshots"], environment=wrong, expected=1)
    assert "signature" in refused.errors
