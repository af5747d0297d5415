"""Volumes: their types, copies, what fails."""

from __future__ import annotations

from typing import Any

import pytest

from compute.orchestration.errors import Invalid
from objectstore.kernel.errors import Rejected
from test.unit.compute.instance.house import House
from test.unit.compute.orchestration.resources.bench import Bench

VOLUME, KIND = "OS::Cinder::Volume", "OS::Cinder::VolumeType"
SEALED = "OS::Cinder::EncryptedVolumeType"


@pytest.mark.parametrize("step", range(1, 4))
def test_another_type_and_size(step: int, admin: Bench) -> None:
    for name in ("slow", "fast"):
        admin.make(KIND, name=name)
    work = admin.make(VOLUME, size=1, volume_type="slow")
    admin.change(
        VOLUME,
        work,
        size=3,
        volume_type="fast",
        description="grown",
        read_only=True,
        die_after=step,
    )
    shown = admin.kind(VOLUME).attribute(work, "show")
    assert (shown["size"], shown["volume_type"]) == (3, "fast")
    assert shown["description"] == "grown"


def test_a_type_is_for_some_projects(admin: Bench) -> None:
    work = admin.make(KIND, name="mine", is_public=False, metadata={"a": 1, "b": 2})
    admin.change(KIND, work, name="ours", metadata={"b": 3}, die_after=1)
    ask = admin.kind(KIND).attribute
    assert ask(work, "name") == "ours"
    assert ask(work, "extra_specs") == {"b": "3"}


@pytest.mark.parametrize("step", range(2))
def test_how_a_type_is_encrypted(step: int, admin: Bench) -> None:
    kind = admin.make(KIND, name="sealed")
    given: dict[str, Any] = {"volume_type": "sealed", "provider": "luks"}
    work = admin.make(SEALED, **given, key_size=128, die_after=step)
    assert work.physical_id == kind.physical_id
    shown = admin.kind(SEALED).attribute(work, "show")
    wanted = ("luks", "front-end", None, 128)
    names = ("provider", "control_location", "cipher", "key_size")
    assert tuple(shown[name] for name in names) == wanted
    admin.change(SEALED, work, key_size=256, cipher="aes-xts-plain64", die_after=step)
    shown = admin.kind(SEALED).attribute(work, "show")
    assert (shown["key_size"], shown["cipher"]) == (256, "aes-xts-plain64")
    admin.kind(SEALED).check(work)
    other = admin.work(SEALED, **given)
    with pytest.raises(Rejected):
        admin.kind(SEALED).create(other)
    admin.delete(SEALED, other)  # what is another one's stays
    admin.kind(SEALED).check(work)
    admin.delete(SEALED, work, die_after=step)
    assert admin.kind(SEALED).attribute(work, "show") == {}
    admin.delete(KIND, kind)
    admin.delete(SEALED, work)


def test_a_copy_and_a_smaller_one(bench: Bench, house: House) -> None:
    first = bench.make(VOLUME, name="first", size=2)
    copy = bench.make(VOLUME, source_volid="first", die_after=1)
    assert bench.kind(VOLUME).attribute(copy, "size") == 2
    change = bench.change(VOLUME, first, size=1)
    assert bench.kind(VOLUME).must_replace(change)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({}, "size"),
        ({"image": "tiny"}, "size"),
        ({"size": 1, "image": "a", "snapshot_id": "b"}, "only one"),
        ({"size": 1, "scheduler_hints": {"a": "b"}}, "does not have"),
    ],
)
def test_what_cannot_be(given: dict[str, Any], why: str, bench: Bench) -> None:
    with pytest.raises(Invalid, match=why):
        bench.work(VOLUME, **given)
