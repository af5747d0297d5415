"""What a new cloud begins with: its users' passwords, and what its catalogue says."""

from __future__ import annotations

from compute.app.secret_files import secret_in
from compute.identity.bootstrap import Beginnings, CatalogueEntry
from compute.settings import CloudSettings

ADMIN_PASSWORD = "admin-password"
SERVICE_PASSWORD = "service-password"


def beginnings(settings: CloudSettings) -> Beginnings:
    """The administrator's and the service user's passwords are made at the first
    start, each in a file that only we may read."""
    return Beginnings(
        admin_password=secret_in(settings.secret_file(ADMIN_PASSWORD)),
        service_password=secret_in(settings.secret_file(SERVICE_PASSWORD)),
        region=settings.cloud.region,
        catalogue=catalogue(settings),
    )


def catalogue(settings: CloudSettings) -> tuple[CatalogueEntry, ...]:
    """Where clients find each service.  Some look for it by the name that it has in
    most clouds, not by its type alone."""
    store = settings.cloud.object_store_url.rstrip("/")
    volumes = f"{settings.url_of('volume')}/v3/$(project_id)s"
    return (
        CatalogueEntry("identity", "keystone", settings.url_of("identity")),
        CatalogueEntry("image", "glance", settings.url_of("image")),
        CatalogueEntry("network", "neutron", settings.url_of("network")),
        CatalogueEntry("compute", "nova", f"{settings.url_of('compute')}/v2.1"),
        # Clients of the field look for either type.
        CatalogueEntry("block-storage", "cinder", volumes),
        CatalogueEntry("volumev3", "cinderv3", volumes),
        CatalogueEntry("object-store", "swift", f"{store}/v1/AUTH_$(project_id)s"),
        CatalogueEntry("s3", "s3", store),
        CatalogueEntry("ec2", "ec2", settings.url_of("ec2")),
        CatalogueEntry("load-balancer", "octavia", settings.url_of("load-balancer")),
        CatalogueEntry(
            "orchestration",
            "heat",
            f"{settings.url_of('orchestration')}/v1/$(project_id)s",
        ),
        CatalogueEntry("alarming", "aodh", settings.url_of("alarming")),
        CatalogueEntry("metric", "gnocchi", settings.url_of("metric")),
        CatalogueEntry("key-manager", "barbican", settings.url_of("key-manager")),
    )
