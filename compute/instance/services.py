"""The room's services, made once: handlers and loops take from here what they need."""

from __future__ import annotations

from dataclasses import dataclass

from compute.instance.parts import Parts
from compute.instance.service.actions import ServerActions
from compute.instance.service.consoles import Consoles
from compute.instance.service.create import ServerCreation
from compute.instance.service.finishing import Finishing
from compute.instance.service.host_reports import HostReports
from compute.instance.service.job_desk import JobDesk
from compute.instance.service.lifecycle import Lifecycle
from compute.instance.service.move_ends import MoveEnds
from compute.instance.service.moving import Moving
from compute.instance.service.moving_volumes import MovingVolumes
from compute.instance.service.ordering import Ordering
from compute.instance.service.questions import Questions
from compute.instance.service.quotas import Quotas
from compute.instance.service.resizing import Resizing
from compute.instance.service.server_desk import ServerDesk
from compute.instance.service.snapshots import Snapshots
from compute.instance.service.stray_places import StrayPlaces
from compute.instance.service.unshelving import Unshelving
from compute.instance.service.volumes import ServerVolumes
from compute.instance.settings import InstanceSettings


@dataclass(frozen=True, slots=True)
class Services:
    """One of each."""

    # What users ask for.
    quotas: Quotas
    actions: ServerActions
    ordering: Ordering
    creation: ServerCreation
    lifecycle: Lifecycle
    snapshots: Snapshots
    moving: Moving
    resizing: Resizing
    unshelving: Unshelving
    volumes: ServerVolumes
    moving_volumes: MovingVolumes
    consoles: Consoles
    questions: Questions
    # What agents and the doctor ask and tell.
    host_reports: HostReports
    job_desk: JobDesk
    server_desk: ServerDesk
    finishing: Finishing
    move_ends: MoveEnds
    stray_places: StrayPlaces


def make_services(parts: Parts, settings: InstanceSettings) -> Services:
    """All of them."""
    stores = parts.stores
    quotas = Quotas(settings.quotas(), stores.quotas, stores.servers)
    actions = ServerActions(parts)
    ordering = Ordering(parts, quotas)
    snapshots = Snapshots(parts, actions, ordering)
    moving = Moving(parts, actions)
    return Services(
        quotas=quotas,
        actions=actions,
        ordering=ordering,
        creation=ServerCreation(parts, quotas),
        lifecycle=Lifecycle(parts, actions, ordering, snapshots),
        snapshots=snapshots,
        moving=moving,
        resizing=Resizing(parts, actions, ordering, quotas, moving),
        unshelving=Unshelving(parts, actions, ordering),
        volumes=ServerVolumes(parts, actions),
        moving_volumes=MovingVolumes(parts, actions),
        consoles=Consoles(parts),
        questions=Questions(parts),
        host_reports=HostReports(parts),
        job_desk=JobDesk(parts),
        server_desk=ServerDesk(parts),
        finishing=Finishing(parts),
        move_ends=MoveEnds(parts),
        stray_places=StrayPlaces(parts),
    )
