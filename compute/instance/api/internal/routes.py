"""Every route of the internal API."""

from __future__ import annotations

from compute.core.api.frame import Route
from compute.instance.api.internal.doctor import DoctorApi
from compute.instance.api.internal.hosts import HostsApi
from compute.instance.api.internal.jobs import JobsApi
from compute.instance.api.internal.servers import KnownServersApi
from compute.instance.api.internal.tokens import TokensApi
from compute.instance.api.internal.volumes import KnownVolumesApi
from compute.instance.api.presenting import Presenter
from compute.instance.parts import Parts
from compute.instance.services import Services


def internal_routes(
    parts: Parts, services: Services, presenter: Presenter
) -> list[Route]:
    """For agents, metadata services, console proxies and the doctor."""
    desk = services.server_desk
    return [
        *HostsApi(parts, services.host_reports, desk).routes(),
        *JobsApi(parts, services.job_desk, services.finishing).routes(),
        *KnownServersApi(parts, desk, presenter).routes(),
        *KnownVolumesApi(
            parts, desk, services.volumes, services.moving_volumes
        ).routes(),
        *TokensApi(parts, services.consoles, services.move_ends).routes(),
        *DoctorApi(parts, services.stray_places).routes(),
    ]
