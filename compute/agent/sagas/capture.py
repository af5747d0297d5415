"""A guest's root disk as an image: createImage, and the first half of shelving.

The image's record was made by the API; what is done here fills it, or removes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from compute.agent.disks.port import Captured
from compute.agent.host import Work
from compute.agent.sagas.delete import forget_image
from compute.agent.sagas.parts import (
    is_active,
    start_guest,
    stop_guest,
    was_running,
)
from compute.core.jobs.saga import Saga, Step, TryAgain
from objectstore.kernel.errors import Rejected

_ROOT = "vda"
PIECE_BYTES = 1 << 20
# An upload that a killed process left counts as under way until its lease has run out
# (45 s by default; operators may choose more): looks, and seconds between them.
UPLOAD_LOOKS_MAX = 120
UPLOAD_LOOK_SECONDS = 5.0
_LOOKS = "upload_looks"


def _image_id(work: Work) -> str:
    return str(work.arguments["image_id"])


def _copy(work: Work) -> None:
    if not _image_id(work):
        return  # a volume-backed server is its volumes: nothing to keep beside them
    disks, label = work.kit.disks, _image_id(work)
    if is_active(work):
        path = disks.capture_path(work.uuid, label)
        work.kit.hypervisor.copy_disk(work.uuid, _ROOT, path)
    else:
        disks.capture_idle(work.uuid, label)


def _drop(work: Work) -> None:
    if label := _image_id(work):
        work.kit.disks.drop_capture(work.uuid, label)


def _upload(work: Work) -> None:
    """The copy becomes the image's bytes; begun anew when it was broken off."""
    images, image_id = work.neighbours.images, _image_id(work)
    if not image_id:
        return
    status = images.get(image_id).status
    if status == "active":
        return  # it was uploaded, and nobody lived to say so
    if status == "saving":
        _wait_for_the_other(work)
    captured = work.kit.disks.captured(work.uuid, image_id)
    images.upload(image_id, _pieces(work, captured))


def _wait_for_the_other(work: Work) -> None:
    """Bytes are on their way to the image: from an agent that was killed, which the
    image room will notice and take the image back to where it waits for bytes."""
    looks = int(work.progress.get(_LOOKS, 0)) + 1
    work.progress[_LOOKS] = looks
    if looks > UPLOAD_LOOKS_MAX:
        raise TimeoutError("an upload that was broken off has never ended")
    raise TryAgain("an earlier upload has not ended yet", UPLOAD_LOOK_SECONDS)


def _pieces(work: Work, captured: Captured) -> Iterator[bytes]:
    offset = 0
    while offset < captured.size_bytes:
        length = min(PIECE_BYTES, captured.size_bytes - offset)
        piece = work.kit.disks.read_captured(captured, offset, length)
        if not piece:
            return
        yield piece
        offset += len(piece)


def _rotate(work: Work) -> None:
    """After a backup: the newest of its kind stay, as many as its order says."""
    if "rotation" not in work.arguments:
        return
    images = work.neighbours.images
    wanted = {
        "instance_uuid": work.uuid,
        "image_type": "backup",
        "backup_type": str(work.arguments["backup_type"]),
    }
    found = sorted(
        (image for image in images.list(wanted) if not image.protected),
        key=lambda image: (image.created_at, image.id == _image_id(work)),
        reverse=True,
    )
    for image in found[int(work.arguments["rotation"]) :]:
        # One that was protected this very moment stays; the new backup does too.
        with suppress(Rejected):
            images.delete(image.id)


def _forget(work: Work) -> None:
    forget_image(work, _image_id(work))


def _remember(work: Work) -> None:
    was_running(work)


def _start_again(work: Work) -> None:
    if was_running(work):
        start_guest(work)


_CAPTURE = (
    Step("copy", _copy, undo=_drop),
    Step("upload", _upload),
    Step("drop", _drop),
)

SNAPSHOT: Saga[Work] = Saga(
    "snapshot",
    (Step("begin", _remember, _forget), *_CAPTURE, Step("rotate", _rotate)),
)
SHELVE: Saga[Work] = Saga(
    "shelve",
    (
        Step("begin", _remember, _forget),
        Step("stop", stop_guest, undo=_start_again),
        *_CAPTURE,
    ),
)
