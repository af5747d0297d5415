"""The other files that a cloud's settings name: a process cannot start without them."""

from __future__ import annotations

from compute.identity.federation.operator_file import known_providers
from compute.settings import CloudSettings, Role


def check_other_files(settings: CloudSettings) -> None:
    """``BadSettings`` with the mistakes of files that rooms of this process read."""
    identity = settings.rooms.get("identity")
    if settings.plays(Role.IDENTITY) and identity is not None:
        state = settings.cloud.state / Role.IDENTITY.value
        known_providers(identity.federation_file, state)
