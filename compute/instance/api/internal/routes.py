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
from compute.instance.services import Services
from compute.instance.wiring import Wiring


def internal_routes(
    wiring: Wiring, services: Services, presenter: Presenter
) -> list[Route]:
    """For agents, metadata services, console proxies and the doctor."""
    desk = services.server_desk
    return [
        *HostsApi(wiring, services.host_reports, desk).routes(),
        *JobsApi(wiring, services.job_desk, services.finishing).routes(),
        *KnownServersApi(wiring, desk, presenter).routes(),
        *KnownVolumesApi(
            wiring, desk, services.volumes, services.moving_volumes
        ).routes(),
        *TokensApi(wiring, services.consoles, services.move_ends).routes(),
        *DoctorApi(wiring, services.stray_places).routes(),
    ]
