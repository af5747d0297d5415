"""The end of a guest: nothing of it stays on the host, nor any port."""

from __future__ import annotations

from compute.agent.host import Work
from compute.agent.sagas.parts import destroy_guest, remove_disks
from compute.agent.sagas.volumes import close_relays
from compute.core.jobs.saga import Saga, Step
from compute.instance.client import release_ports, release_volumes
from objectstore.kernel.errors import Rejected


def _ports(work: Work) -> None:
    release_ports(work.neighbours.network, work.server)


def _volumes(work: Work) -> None:
    close_relays(work)
    release_volumes(work.neighbours.volumes, work.server)


def _shelved_image(work: Work) -> None:
    forget_image(work, work.server.shelved_image_id)


def forget_image(work: Work, image_id: str) -> None:
    """Delete an image of ours; one that somebody protected is theirs by now."""
    if not image_id:
        return
    try:
        work.neighbours.images.delete(image_id)
    except Rejected as error:
        if error.status not in (403, 404, 409):
            raise


DELETE: Saga[Work] = Saga(
    "delete",
    (
        Step("guest", destroy_guest),
        Step("ports", _ports),
        Step("volumes", _volumes),
        Step("disks", remove_disks),
        Step("image", _shelved_image),
    ),
    cancellable=False,
)
