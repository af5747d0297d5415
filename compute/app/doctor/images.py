"""Bytes of images in the ring that no image has, and snapshots nobody finishes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from compute.app.doctor.finding import Finding
from compute.image.client import ImageClient
from objectstore.client.swift import SwiftAccount

CONTAINER_PREFIX = "images-"


def stray_segments(account: SwiftAccount, images: ImageClient) -> Iterator[Finding]:
    """Segments in the hidden account of images that are not there.

    The ring is looked at before the images are asked for: an image that is being
    uploaded meanwhile is then known.
    """
    segments: Counter[str] = Counter()
    places: dict[str, list[tuple[str, str]]] = {}
    for container in account.containers(CONTAINER_PREFIX):
        for listed in account.list_objects(container):
            image_id = listed.name.partition("/")[0]
            segments[image_id] += 1
            places.setdefault(image_id, []).append((container, listed.name))
    known = {image.id for image in images.list()}
    # Hidden ones are not in the ordinary list.
    known |= {image.id for image in images.list({"os_hidden": "true"})}
    # Deleted ones whose bytes disks still read.
    known |= images.held()
    for image_id, count in sorted(segments.items()):
        if image_id not in known:
            yield Finding(
                "ring",
                image_id,
                f"{count} segments of an image that is not there",
                _Removal(account, places[image_id]),
            )


class _Removal:
    """Deletes the objects; those that are gone already are no error."""

    def __init__(self, account: SwiftAccount, names: list[tuple[str, str]]) -> None:
        self._account = account
        self._names = names

    def __call__(self) -> None:
        for container, name in self._names:
            self._account.delete(container, name)
