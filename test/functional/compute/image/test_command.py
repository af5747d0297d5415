"""The unmodified ``openstack image`` command.

The command takes its time to start, so each test runs few of them; the same calls are
made more often through the SDK, which the command itself uses.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from test.functional.compute.house import RunningCloud
from test.functional.compute.image.people import Person, new_person
from test.unit.compute.core.disk_inspection import headers

CONTENT = bytes(range(256)) * 10_000 + b"end"  # three segments


@pytest.fixture(scope="module")
def ann(images: RunningCloud) -> Person:
    return new_person(images)


def ask(person: Person, *arguments: str) -> Any:
    return person.cloud.openstack("image", *arguments, as_user=person.environment)


def refusal(person: Person, *arguments: str) -> str:
    """What the command says when it fails."""
    ended = person.cloud.run_openstack(
        "image", *arguments, as_user=person.environment, expected=1
    )
    return str(ended.errors)


def test_an_image_from_file_to_file(ann: Person, tmp_path: Path) -> None:
    source, copy = tmp_path / "disk", tmp_path / "copy"
    source.write_bytes(CONTENT)
    made = ask(
        ann,
        "create",
        "--disk-format=raw",
        "--container-format=bare",
        f"--file={source}",
        "--min-disk=1",
        "--min-ram=64",
        "--property=hw_disk_bus=virtio",
        "--tag=blue",
        "disk",
    )
    assert made["name"] == "disk" and made["tags"] == ["blue"]
    shown = ask(ann, "show", "disk")
    assert shown["status"] == "active" and shown["size"] == len(CONTENT)
    assert shown["checksum"] == hashlib.md5(CONTENT).hexdigest()
    assert shown["properties"]["hw_disk_bus"] == "virtio"
    assert shown["properties"]["stores"] == "ring"
    assert shown["min_disk"] == 1 and shown["min_ram"] == 64
    assert [line["Name"] for line in ask(ann, "list")] == ["disk"]
    ask(ann, "save", f"--file={copy}", "disk")
    assert copy.read_bytes() == CONTENT
    ask(ann, "delete", "disk")
    assert ask(ann, "list") == []


def test_set_and_unset(ann: Person) -> None:
    image = ann.sdk.image.create_image(
        name="plain",
        disk_format="raw",
        container_format="bare",
        tags=["old"],
        wait=False,
    )
    options = ("--name=renamed", "--property=a=1", "--tag=new", "--protected")
    ask(ann, "set", *options, "--min-ram=32", "plain")
    shown = ask(ann, "show", "renamed")
    assert shown["protected"] and shown["min_ram"] == 32
    assert shown["properties"]["a"] == "1" and sorted(shown["tags"]) == ["new", "old"]
    assert "protected" in refusal(ann, "delete", "renamed")
    ask(ann, "unset", "--property=a", "--tag=old", "renamed")
    ask(ann, "set", "--unprotected", "--hidden", image.id)
    assert ask(ann, "list") == []
    assert len(ask(ann, "list", "--hidden")) == 1
    ask(ann, "delete", image.id)


def test_stage_import_and_stores(ann: Person, tmp_path: Path) -> None:
    source = tmp_path / "disk.qcow2"
    source.write_bytes(headers.qcow2())
    image = ann.sdk.image.create_image(
        name="staged", disk_format="qcow2", container_format="bare", wait=False
    )
    ask(ann, "stage", f"--file={source}", "staged")
    direct = ("--method=glance-direct", "--all-stores", "--wait")
    ask(ann, "import", *direct, "staged", "-f", "json")
    shown = ann.sdk.image.wait_for_status(image, "active", interval=0.2, wait=60)
    assert shown.virtual_size == headers.DISK
    found = {line["ID"] for line in ask(ann, "stores", "list")}
    assert found == {"ring", "file"}
    assert "web-download" in str(ask(ann, "import", "info", "-f", "json"))
    ask(ann, "delete", "staged")


def test_what_is_refused_says_why(ann: Person, tmp_path: Path) -> None:
    source = tmp_path / "disk"
    source.write_bytes(headers.qcow2(backing=b"/etc/shadow"))
    said = refusal(ann, "create", "--disk-format=qcow2", f"--file={source}", "evil")
    assert "backing file" in said
