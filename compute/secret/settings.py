"""What an operator can choose of the key manager."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from compute.secret.model import CONSUMERS, CONTAINERS, ORDERS, SECRETS
from objectstore.kernel.settings import option


@dataclass(frozen=True, slots=True)
class SecretSettings:
    """The key manager."""

    quota_secrets: int = option(
        1000, "Secrets of a project; -1: any number", minimum=-1
    )
    quota_containers: int = option(
        500, "Containers of a project; -1: any number", minimum=-1
    )
    quota_orders: int = option(500, "Orders of a project; -1: any number", minimum=-1)
    quota_consumers: int = option(
        2000, "Consumers of what a project has; -1: any number", minimum=-1
    )
    keys_at_once: int = option(
        2, "Asymmetric keys that one process makes at the same time", minimum=1
    )

    def quotas(self) -> Mapping[str, int]:
        """The usual limits, by the API's names."""
        return {
            SECRETS: self.quota_secrets,
            ORDERS: self.quota_orders,
            CONTAINERS: self.quota_containers,
            CONSUMERS: self.quota_consumers,
        }
