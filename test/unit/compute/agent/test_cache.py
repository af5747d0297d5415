from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from compute.agent.disks.cache import ImageCache
from compute.agent.disks.port import ImageFacts
from objectstore.kernel import concurrency
from objectstore.kernel.errors import Corrupt, Rejected, Unavailable
from test.fakes.image_files import ImageFiles
from test.fakes.stepped_clock import SteppedClock

SIZE = 100_000


class Scene:
    def __init__(self, directory: Path, bytes_max: int = 10 * SIZE) -> None:
        self.directory = directory / "cache"
        self.sources = directory
        self.images = ImageFiles()
        self.clock = SteppedClock()
        self.used: set[str] = set()
        self.bytes_max = bytes_max
        self.cache = self.new_cache()

    def new_cache(self) -> ImageCache:
        return ImageCache(
            str(self.directory),
            self.images,
            bytes_max=self.bytes_max,
            clock=self.clock,
            in_use=lambda: frozenset(self.used),
        )

    def add(self, image_id: str, content: bytes = b"") -> bytes:
        content = content or os.urandom(SIZE)
        path = self.sources / f"source-{image_id}"
        path.write_bytes(content)
        self.images.add(image_id, path, "raw")
        return content

    def get(self, image_id: str) -> str:
        with self.cache.hold(image_id) as entry:
            return entry.path


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_an_image_is_fetched_once_by_many(scene: Scene) -> None:
    content = scene.add("one")
    tasks = [concurrency.spawn(scene.get, "one") for _ in range(10)]
    paths = {concurrency.wait_task(task) for task in tasks}
    assert len(paths) == 1
    assert Path(paths.pop()).read_bytes() == content
    assert scene.images.reads == 1
    scene.cache = scene.new_cache()  # and is there after a restart
    scene.get("one")
    assert scene.images.reads == 1


def test_the_first_asker_may_be_killed(scene: Scene) -> None:
    scene.add("one")
    first = concurrency.spawn(scene.get, "one")
    second = concurrency.spawn(scene.get, "one")
    concurrency.sleep(0)
    concurrency.kill_task(first)
    assert Path(concurrency.wait_task(second)).exists()


def test_zeros_take_no_room(scene: Scene) -> None:
    content = bytes(4 << 20) + b"end"
    scene.add("one", content)
    path = Path(scene.get("one"))
    assert path.read_bytes() == content
    assert path.stat().st_blocks * 512 < 1 << 20


def test_what_does_not_match_its_hash_is_not_kept(scene: Scene) -> None:
    scene.add("one")
    (scene.sources / "source-one").write_bytes(os.urandom(SIZE))
    with pytest.raises(Corrupt):
        scene.get("one")
    assert os.listdir(scene.directory) == []


def test_what_is_shorter_than_said_is_not_kept(scene: Scene) -> None:
    scene.add("one")
    os.truncate(scene.sources / "source-one", SIZE - 1)
    with pytest.raises(Corrupt):
        scene.get("one")
    assert os.listdir(scene.directory) == []


def test_a_store_that_is_away_is_asked_again(scene: Scene) -> None:
    content = scene.add("one")
    scene.images.is_away = True
    with pytest.raises(Unavailable):
        scene.get("one")
    scene.images.is_away = False
    assert Path(scene.get("one")).read_bytes() == content


def test_the_longest_unused_goes_first(tmp_path: Path) -> None:
    scene = Scene(tmp_path, bytes_max=2 * SIZE)
    for image_id in ("one", "two"):
        scene.add(image_id)
        scene.get(image_id)
        scene.clock.advance(1000)
    scene.get("one")
    scene.clock.advance(1000)
    scene.add("three")
    scene.get("three")
    assert {entry.image_id for entry in scene.cache.entries()} == {"one", "three"}


def test_what_is_in_use_stays_whatever_the_bound(tmp_path: Path) -> None:
    scene = Scene(tmp_path, bytes_max=0)
    scene.add("one")
    with scene.cache.hold("one") as held:
        assert scene.cache.evict() == []
        scene.used.add(held.path)
    assert scene.cache.evict() == []
    scene.used.clear()
    assert scene.cache.evict() == ["one"]
    assert os.listdir(scene.directory) == []


def test_what_a_crash_left_is_swept(scene: Scene) -> None:
    scene.add("one")
    kept = scene.get("one")
    for name in (".new-two.raw", "three.raw", ".new-one.json"):
        (scene.directory / name).write_bytes(b"half")
    (scene.directory / "used.raw").write_bytes(b"a guest stands on it")
    scene.used.add(str(scene.directory / "used.raw"))
    assert len(scene.cache.leftovers()) == 4
    assert len(scene.cache.sweep()) == 3
    assert sorted(os.listdir(scene.directory)) == ["one.json", "one.raw", "used.raw"]
    assert Path(kept).exists()


def test_a_damaged_record_means_another_fetch(scene: Scene) -> None:
    content = scene.add("one")
    scene.get("one")
    (scene.directory / "one.json").write_text('{"format": "/etc/shadow"}')
    assert scene.cache.find("one") is None
    assert Path(scene.get("one")).read_bytes() == content


@pytest.mark.parametrize("name", ["", "../one", "a/b", "x" * 65, ".hidden", "a\0b"])
def test_ids_are_no_paths(scene: Scene, name: str) -> None:
    with pytest.raises(Rejected):
        scene.get(name)


def test_a_format_that_nobody_boots(tmp_path: Path) -> None:
    class Odd(ImageFiles):
        def facts(self, image_id: str) -> ImageFacts:
            return ImageFacts(image_id, "ploop", 10)

    refuse: Callable[[], frozenset[str]] = frozenset
    cache = ImageCache(
        str(tmp_path), Odd(), bytes_max=1, clock=SteppedClock(), in_use=refuse
    )
    with pytest.raises(Rejected), cache.hold("one"):
        pass
