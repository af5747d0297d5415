"""Ring and builder files: both formats, both ways, and what damage does.

The files in `data/` were written by Swift 2.38.3, from a ring of part power 4 with 2.25
replicas and six devices with a gap in their ids, using its RingBuilder, RingData.save
with format_version 1 and 2, and for the lookups its Ring with the hash path prefix
"prefix" and suffix "suffix".
"""

from __future__ import annotations

import gzip
import json
import os
import pickle
import random
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies

from ring.builder_format import decode_builder, encode_builder
from ring.errors import Damaged, Refused
from ring.file import RingFile, load_builder, load_ring, save_builder, save_ring
from ring.hashing import hash_path
from ring.ring_format import decode_ring, encode_ring, format_version_of

from .clusters import HOUR, NOW, builder, builders, rebalanced, seeds

DATA = Path(__file__).parent / "data"


@pytest.mark.parametrize("version", [1, 2])
def test_rings_written_by_swift_give_swifts_answers(version):
    expected = json.loads((DATA / "swift_lookups.json").read_text())
    ring = load_ring(DATA / f"swift_v{version}.ring.gz")
    assert ring.part_power == expected["part_power"]
    assert ring.replica_count == expected["replica_count"]
    assert ring.version == expected["version"]
    found = [[d.id for d in ring.primaries(part)] for part in range(16)]
    assert found == expected["primaries"]
    for *names, partition in expected["names"]:
        key = hash_path(*names, prefix=b"prefix", suffix=b"suffix")
        assert ring.partition(key) == partition
    assert ring.devices[0].meta == "rack é"
    assert ring.devices[0].replication_address == ("10.1.0.0", 6300)
    assert ring.devices[2] is None


def test_both_formats_of_one_swift_ring_have_one_digest():
    first, second = (load_ring(DATA / f"swift_v{v}.ring.gz") for v in (1, 2))
    assert first.digest == second.digest


@settings(max_examples=60, deadline=None)
@given(builders(), seeds, strategies.sampled_from([(1, 0), (2, 0), (2, 2), (2, 4)]))
def test_a_ring_survives_its_file(built, seed, form):
    ring = rebalanced(built, seed).ring()
    version, id_bytes = form
    data = encode_ring(ring, version, id_bytes)
    again = decode_ring(data)
    assert again.digest == ring.digest
    assert (again.part_power, again.version) == (ring.part_power, ring.version)
    assert format_version_of(data) == version
    # Standard gzip tools must be able to read it too.
    assert gzip.decompress(data)[:6] == b"R1NG" + version.to_bytes(2, "big")


@pytest.mark.parametrize("version", [1, 2])
def test_a_ring_without_assignment_can_be_written(version):
    again = decode_ring(encode_ring(builder().ring(), version))
    assert again.rows == ()
    assert len(again.devices) == 12


def test_the_same_ring_gives_the_same_bytes():
    built = rebalanced(builder())
    assert encode_ring(built.ring(), 2) == encode_ring(built.ring(), 2)


def test_format_2_sections_can_be_read_from_their_positions():
    """The index is found from the end, and each section unpacks on its own."""
    data = encode_ring(rebalanced(builder()).ring(), 2)

    def unpack(position: int) -> bytes:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(data[position:])

    index_start = int.from_bytes(unpack(len(data) - 31)[:8], "big")
    blob = unpack(index_start)
    index = json.loads(blob[8 : 8 + int.from_bytes(blob[:8], "big")])
    for start, _, end, _, _, _ in index.values():
        section = unpack(start)
        length = int.from_bytes(section[:8], "big")
        assert len(section[8 : 8 + length]) == length
        assert start < end <= index_start


def test_a_recompressed_format_2_ring_is_still_read():
    ring = rebalanced(builder()).ring()
    recompressed = gzip.compress(gzip.decompress(encode_ring(ring, 2)))
    assert decode_ring(recompressed).digest == ring.digest


def test_format_1_has_no_room_for_wide_ids():
    ring = builder().ring()
    with pytest.raises(Refused, match="format 2"):
        encode_ring(ring, 1, 4)
    with pytest.raises(Refused, match="1 or 2"):
        encode_ring(ring, 3)
    with pytest.raises(Refused, match="2 or 4"):
        encode_ring(ring, 2, 3)


@settings(max_examples=60, deadline=None)
@given(strategies.sampled_from([1, 2]), strategies.data())
def test_a_damaged_ring_file_is_noticed(version, data):
    sound = (DATA / f"swift_v{version}.ring.gz").read_bytes()
    content = bytearray(sound)
    place = data.draw(strategies.integers(0, len(content) - 1))
    content[place] ^= data.draw(strategies.integers(1, 255))
    try:
        ring = decode_ring(bytes(content))
    except Damaged:
        return
    # A few bits mean nothing: the time in the gzip header, padding between blocks.
    assert ring.digest == decode_ring(sound).digest


@settings(max_examples=60, deadline=None)
@given(strategies.sampled_from([1, 2]), strategies.data())
def test_nonsense_inside_a_sound_gzip_is_noticed(version, data):
    content = bytearray(
        gzip.decompress((DATA / f"swift_v{version}.ring.gz").read_bytes())
    )
    place = data.draw(strategies.integers(0, len(content) - 1))
    content[place] ^= data.draw(strategies.integers(1, 255))
    try:
        ring = decode_ring(gzip.compress(bytes(content), 1))
    except Damaged:
        return
    # Format 1 has no checksums inside; what is read must then at least be usable.
    for partition in range(ring.partition_count):
        list(ring.handoffs(partition))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not gzip",
        gzip.compress(b""),
        gzip.compress(b"R1NG"),
        gzip.compress(pickle.dumps({"devs": []})),
        gzip.compress(b"R1NG\x00\x03and more"),
        gzip.compress(b"R1NG\x00\x01\x00\x00\x00\x02[]"),
        gzip.compress(b"R1NG\x00\x02" + bytes(16)),
    ],
    # Compressed bytes hold the time: as names they would differ between processes.
    ids=["empty", "text", "void", "magic", "pickle", "newer", "v1-list", "v2-zeros"],
)
def test_files_that_are_not_rings_are_refused(content):
    with pytest.raises(Damaged):
        decode_ring(content)


def test_a_file_that_is_cut_short_is_refused(tmp_path):
    path = tmp_path / "object.ring.gz"
    data = encode_ring(rebalanced(builder()).ring())
    path.write_bytes(data[:-20])
    with pytest.raises(Damaged, match=r"object\.ring\.gz.*cut short"):
        load_ring(path)


def test_saving_replaces_the_file_and_leaves_nothing_behind(tmp_path):
    path = tmp_path / "object.ring.gz"
    save_ring(rebalanced(builder()).ring(), path)
    save_ring(rebalanced(builder(), 2).ring(), path, format_version=2)
    assert os.listdir(tmp_path) == ["object.ring.gz"]
    assert format_version_of(path.read_bytes()) == 2
    assert path.stat().st_mode & 0o777 == 0o644


def test_a_failed_save_leaves_the_old_file(tmp_path):
    target = tmp_path / "taken"
    target.mkdir()
    with pytest.raises(OSError):
        save_ring(builder().ring(), target)
    assert os.listdir(tmp_path) == ["taken"]


@settings(max_examples=30, deadline=None)
@given(builders(), seeds)
def test_a_builder_survives_its_file(built, seed):
    rebalanced(built, seed)
    built.set_overload(0.25)
    built.add(next(built.known_devices()).__class__(-1, 1, 1, "h", 1, "new", 1))
    built.remove(0)
    again = decode_builder(encode_builder(built))
    assert encode_builder(again) == encode_builder(built)
    # The future of both is the same, not only their present.
    for one in (built, again):
        one.set_replicas(1)
        one.rebalance(random.Random(seed), NOW + 2 * HOUR)
    assert again.ring().digest == built.ring().digest


def test_a_builder_file_is_json_and_checked(tmp_path):
    path = tmp_path / "object.builder"
    save_builder(rebalanced(builder()), path)
    content = json.loads(path.read_text())
    assert content["format_version"] == 1
    assert load_builder(path).id == content["body"]["id"] != ""
    content["body"]["overload"] = 9
    path.write_text(json.dumps(content))
    with pytest.raises(Damaged, match="checksum"):
        load_builder(path)
    content["format_version"] = 2
    path.write_text(json.dumps(content))
    with pytest.raises(Damaged, match="version 2 is not known"):
        load_builder(path)


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", pickle.dumps({}), b"[" * 99999])
def test_files_that_are_not_builders_are_refused(content):
    with pytest.raises(Damaged, match="not a builder"):
        decode_builder(content)


class Clock:
    """A clock that moves when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_ring_file_follows_its_file(tmp_path):
    path = tmp_path / "object.ring.gz"
    first, second = rebalanced(builder(), 1).ring(), rebalanced(builder(), 2).ring()
    save_ring(first, path)
    clock = Clock()
    watched = RingFile(path, check_seconds=15.0, clock=clock)
    before = watched.ring
    assert before.digest == first.digest
    save_ring(second, path)
    clock.now += 14
    assert watched.ring is before
    clock.now += 2
    assert watched.ring.digest == second.digest
    assert watched.ring is watched.ring


def test_a_bad_or_missing_file_leaves_the_last_good_ring(tmp_path):
    path = tmp_path / "object.ring.gz"
    save_ring(rebalanced(builder(), 1).ring(), path)
    clock = Clock()
    watched = RingFile(path, clock=clock)
    good = watched.ring
    path.write_bytes(b"damage")
    clock.now += 16
    assert watched.ring is good
    path.unlink()
    clock.now += 16
    assert watched.ring is good
    replacement = rebalanced(builder(), 3).ring()
    save_ring(replacement, path)
    clock.now += 16
    assert watched.ring.digest == replacement.digest


def test_the_first_reading_must_succeed(tmp_path):
    with pytest.raises(FileNotFoundError):
        RingFile(tmp_path / "none.ring.gz")
