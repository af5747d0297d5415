"""Networks, asked of the network service."""

from __future__ import annotations

from compute.core.api.frame import ApiCall
from compute.instance.api.proxies.frame import proxied
from compute.instance.api.proxies.network_service import NetworkService
from compute.instance.frame.replies import ok
from compute.instance.frame.routes import Verb
from compute.instance.views.proxies import NETWORK, TENANT_NETWORK, Shape, shaped
from objectstore.kernel.reply import Reply


class NetworkProxiesApi:
    """Handlers."""

    def __init__(self, service: NetworkService) -> None:
        self._service = service

    def verbs(self) -> list[Verb]:
        """The routes."""
        return proxied(
            [
                ("GET", "/os-networks", self.networks),
                ("GET", "/os-networks/{key}", self.network),
                ("GET", "/os-tenant-networks", self.tenant_networks),
                ("GET", "/os-tenant-networks/{key}", self.tenant_network),
            ]
        )

    def networks(self, call: ApiCall) -> Reply:
        """GET /os-networks."""
        return self._all(call, NETWORK)

    def network(self, call: ApiCall) -> Reply:
        """GET /os-networks/{id}."""
        return self._one(call, NETWORK)

    def tenant_networks(self, call: ApiCall) -> Reply:
        """GET /os-tenant-networks."""
        return self._all(call, TENANT_NETWORK)

    def tenant_network(self, call: ApiCall) -> Reply:
        """GET /os-tenant-networks/{id}."""
        return self._one(call, TENANT_NETWORK)

    def _all(self, call: ApiCall, shape: Shape) -> Reply:
        found = self._service.listed(call, "networks")
        return ok({"networks": [shaped(shape, each) for each in found]})

    def _one(self, call: ApiCall, shape: Shape) -> Reply:
        found = self._service.one(call, "networks", "network")
        return ok({"network": shaped(shape, found)})
