"""The image room, put together: API, services, stores, loops."""

from __future__ import annotations

from collections.abc import Mapping

from compute.core.api.dialects import image_dialect
from compute.core.api.frame import Api
from compute.core.jobs.store import JobStore
from compute.core.policy import Policy
from compute.core.rooms.room import Room, RoomParts
from compute.core.sql.event_log import EventLog
from compute.core.web.url_rules import UrlRules, parse_networks
from compute.image import tables
from compute.image.api.data import DataApi
from compute.image.api.discovery import DiscoveryApi
from compute.image.api.holds import HoldsApi
from compute.image.api.images import ImagesApi
from compute.image.api.imports import ImportsApi
from compute.image.api.members import MembersApi
from compute.image.api.metadefs import MetadefsApi
from compute.image.data.leases import RENEWALS_IN_A_LEASE, Leases
from compute.image.data.sweeper import Sweeper
from compute.image.data.transfer import TransferService
from compute.image.holds import HoldService
from compute.image.imports.requests import METHODS, ImportService
from compute.image.imports.web import Web
from compute.image.imports.worker import ImportWorker
from compute.image.metadefs.definitions import DefinitionService
from compute.image.metadefs.namespaces import NamespaceService
from compute.image.parts import Parts
from compute.image.policies import DEFAULTS
from compute.image.service import ImageService
from compute.image.settings import ImageSettings
from compute.image.sharing import SharingService
from compute.image.stores.choice import build_stores
from compute.image.stores.port import ImageStore
from objectstore.kernel.loop import Loop
from objectstore.kernel.settings import BadSettings, Mistake

SWEEP_SECONDS_MAX = 15.0
"""Leases run out by themselves; all else that makes work also wakes the sweeper."""
IMPORT_SECONDS = 5.0
"""Also how often the leases of running imports are renewed."""


class _Wakes:
    """Wakes loops that do not exist yet when their hint is handed out."""

    def __init__(self) -> None:
        self.loop: Loop | None = None

    def __call__(self) -> None:
        if self.loop is not None:
            self.loop.hint()


def build_room(parts: RoomParts, settings: ImageSettings) -> Room:
    """The room, ready to run.  ``BadRule``, ``BadSettings`` when it cannot be."""
    web = Web(_url_rules(settings), rate_min=settings.web_rate_min)
    stores = build_stores(parts, settings, web)
    sweeper_wake, imports_wake = _Wakes(), _Wakes()
    leases = Leases(parts.database, parts.clock, settings.upload_lease)
    image_parts = Parts(
        database=parts.database,
        clock=parts.clock,
        identifiers=parts.identifiers,
        policy=Policy(DEFAULTS, parts.policy_overrides),
        events=EventLog(tables.events),
        jobs=JobStore(tables.jobs, turns_by="owner"),
        leases=leases,
        stores=stores,
        settings=settings,
        wake_sweeper=sweeper_wake,
        wake_imports=imports_wake,
        region=parts.region,
    )
    imports = ImportService(image_parts, web)
    owner = f"image-{parts.identifiers.uuid()}"
    worker = ImportWorker(image_parts, web, owner)
    renew_seconds = settings.upload_lease / RENEWALS_IN_A_LEASE
    sweeper_wake.loop = Loop(
        Sweeper(image_parts), idle_seconds=min(SWEEP_SECONDS_MAX, renew_seconds)
    )
    imports_wake.loop = Loop(worker, idle_seconds=IMPORT_SECONDS)
    loops = (
        Loop(leases, idle_seconds=renew_seconds),
        sweeper_wake.loop,
        imports_wake.loop,
    )
    api = _api(parts, image_parts, imports, stores)
    return Room("image", api, loops)


def _api(
    parts: RoomParts,
    image_parts: Parts,
    imports: ImportService,
    stores: Mapping[str, ImageStore],
) -> Api:
    service = ImageService(image_parts)
    holds = HoldService(image_parts)
    settings = image_parts.settings
    routes = [
        *ImagesApi(service, settings, tuple(stores)).routes(),
        *DataApi(TransferService(image_parts), holds).routes(),
        *HoldsApi(holds).routes(),
        *MembersApi(SharingService(image_parts)).routes(),
        *ImportsApi(imports).routes(),
        *MetadefsApi(
            NamespaceService(image_parts), DefinitionService(image_parts)
        ).routes(),
        *DiscoveryApi(stores, settings, image_parts.policy, service).routes(),
    ]
    return Api(
        routes,
        dialect=image_dialect,
        service_type="image",
        tokens=parts.tokens,
        identifiers=parts.identifiers,
        has_strict_paths=True,
    )


def _url_rules(settings: ImageSettings) -> UrlRules:
    """``BadSettings`` when a network is none, or a way of import unknown."""
    unknown = set(settings.import_methods) - set(METHODS)
    if unknown:
        raise _mistake("import_methods", f"unknown: {', '.join(sorted(unknown))}")
    try:
        networks = parse_networks(settings.web_networks_allowed)
    except ValueError as error:
        raise _mistake("web_networks_allowed", str(error)) from None
    return UrlRules(
        frozenset(settings.web_schemes),
        frozenset(settings.web_ports),
        frozenset(host.lower() for host in settings.web_hosts),
        frozenset(host.lower() for host in settings.web_hosts_refused),
        networks,
    )


def _mistake(option: str, text: str) -> BadSettings:
    return BadSettings([Mistake("", "image", option, text)])
