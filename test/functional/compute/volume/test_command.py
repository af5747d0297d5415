"""`openstack volume ...`, unmodified, over sockets, with files and QEMU's exports."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from test.functional.compute.house import RunningCloud

SECONDS_MAX = 120.0


def wait(cloud: RunningCloud, kind: tuple[str, ...], name: str, status: str) -> Any:
    """Until the thing has that status; "" means that it is gone."""
    until = time.monotonic() + SECONDS_MAX
    while True:
        words = (*kind, "show", name, "-f", "json")
        found = cloud.run_openstack(*words, expected=0 if status else None)
        if status:
            shown = json.loads(found.text)
            if shown["status"] == status:
                return shown
            assert not shown["status"].startswith("error"), shown
        elif found.status != 0:
            return None
        assert time.monotonic() < until, (kind, name, status, found.text)
        time.sleep(0.3)


def test_a_volumes_life(cloud: RunningCloud, tmp_path: Path) -> None:
    ask = cloud.openstack
    made = ask(
        *("volume", "create", "--size", "1", "--description", "d"),
        *("--property", "a=b", "life"),
    )
    assert made["status"] == "creating"
    wait(cloud, ("volume",), "life", "available")
    assert "life" in {each["Name"] for each in ask("volume", "list")}
    ask("volume", "set", "--name", "life2", "--property", "c=d", "life")
    ask("volume", "unset", "--property", "a", "life2")
    ask("volume", "set", "--bootable", "--size", "2", "life2")
    shown = wait(cloud, ("volume",), "life2", "available")
    assert (shown["size"], shown["bootable"]) == (2, True)
    assert shown["properties"] == {"c": "d"}
    ask("volume", "snapshot", "create", "--volume", "life2", "snap")
    wait(cloud, ("volume", "snapshot"), "snap", "available")
    ask("volume", "create", "--snapshot", "snap", "copy")
    wait(cloud, ("volume",), "copy", "available")
    ask("volume", "create", "--source", "copy", "--size", "3", "clone")
    wait(cloud, ("volume",), "clone", "available")
    ask("volume", "snapshot", "delete", "snap")
    wait(cloud, ("volume", "snapshot"), "snap", "")
    for name in ("life2", "copy", "clone"):
        ask("volume", "delete", name)
    for name in ("life2", "copy", "clone"):
        wait(cloud, ("volume",), name, "")


def test_images_and_backups(cloud: RunningCloud, tmp_path: Path) -> None:
    ask = cloud.openstack
    disk = tmp_path / "disk.raw"
    disk.write_bytes(b"boot" * 250_000)
    ask(
        *("image", "create", "--disk-format", "raw", "--container-format", "bare"),
        *("--file", str(disk), "cli-volume-image"),
    )
    ask("volume", "create", "--image", "cli-volume-image", "--size", "1", "root")
    shown = wait(cloud, ("volume",), "root", "available")
    assert shown["bootable"] is True
    ask("volume", "backup", "create", "--name", "full", "root")
    wait(cloud, ("volume", "backup"), "full", "available")
    ask("volume", "backup", "create", "--name", "more", "--incremental", "root")
    found = wait(cloud, ("volume", "backup"), "more", "available")
    assert found["is_incremental"] is True
    ask("volume", "backup", "restore", "more", "restored")
    wait(cloud, ("volume",), "restored", "available")
    # Its bytes, by way of another image.
    ask("image", "create", "--volume", "restored", "cli-volume-copy")
    until = time.monotonic() + SECONDS_MAX
    while (ask("image", "show", "cli-volume-copy"))["status"] != "active":
        assert time.monotonic() < until
        time.sleep(0.5)
    copy = tmp_path / "copy.raw"
    ask("image", "save", "--file", str(copy), "cli-volume-copy")
    with copy.open("rb") as content:
        assert content.read(1_000_000) == disk.read_bytes()
        assert content.read(100) == bytes(100)
    wait(cloud, ("volume",), "restored", "available")
    for name in ("more", "full"):
        ask("volume", "backup", "delete", name)
        wait(cloud, ("volume", "backup"), name, "")
    for name in ("root", "restored"):
        ask("volume", "delete", name)
        wait(cloud, ("volume",), name, "")
    ask("image", "delete", "cli-volume-image", "cli-volume-copy")


def test_what_administrators_do(cloud: RunningCloud) -> None:
    ask = cloud.openstack
    ask("volume", "type", "create", "--property", "a=b", "--private", "cli-type")
    assert ask("volume", "type", "show", "cli-type")["properties"] == {"a": "b"}
    ask("volume", "type", "set", "--property", "c=d", "cli-type")
    ask("volume", "qos", "create", "--consumer", "front-end", "cli-qos")
    ask("volume", "qos", "associate", "cli-qos", "cli-type")
    ask("volume", "qos", "disassociate", "cli-qos", "--volume-type", "cli-type")
    ask("volume", "qos", "delete", "cli-qos")
    ask("volume", "type", "delete", "cli-type")
    (service, *_) = ask("volume", "service", "list")
    assert service["State"] == "up"
    assert ask("availability", "zone", "list", "--volume")
    quota = ask("quota", "show", "--volume")
    assert quota
    ask("quota", "set", "--volumes", "20", "admin")
    ask("volume", "create", "--size", "1", "given")
    wait(cloud, ("volume",), "given", "available")
    offer = ask("volume", "transfer", "request", "create", "--name", "t", "given")
    ask(
        *("volume", "transfer", "request", "accept"),
        *("--auth-key", offer["auth_key"], offer["id"]),
    )
    ask("volume", "set", "--state", "error", "given")
    ask("volume", "delete", "--force", "given")
    wait(cloud, ("volume",), "given", "")


def test_disks_are_taken_over(cloud: RunningCloud) -> None:
    ask = cloud.openstack
    (folder,) = cloud.place.state.rglob("unmanaged")
    with (folder / "theirs").open("wb") as file:
        file.write(b"brought")
        file.truncate(2**30)
    (folder / "link").symlink_to("/etc/passwd")
    (pool,) = cloud.sdk().block_storage.backend_pools()
    version = ("--os-volume-api-version", "3.71")
    words = ("block", "storage", "volume", "manageable", "list", pool.name)
    found = {
        each["reference"]["source-name"]: each["safe_to_manage"]
        for each in ask(*version, *words)
    }
    assert (found["theirs"], found["link"]) == (True, False)
    remote = ("--remote-source", "source-name=theirs", "--host", pool.name)
    made = ask("volume", "create", *remote, "taken")
    wait(cloud, ("volume",), "taken", "available")
    assert not (folder / "theirs").exists()
    ask("volume", "delete", "--remote", "taken")
    wait(cloud, ("volume",), "taken", "")
    left = folder / f"volume-{made['id']}"
    with left.open("rb") as file:
        assert file.read(7) == b"brought"
    left.unlink()
    (folder / "link").unlink()
