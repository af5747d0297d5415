"""Every verb of the public API.  Several handlers answer actions of servers, which come
by one route: each adds its own to ``ActionsApi``."""

from __future__ import annotations

from collections.abc import Mapping

from compute.instance.api.actions import ActionsApi
from compute.instance.api.aggregates import AggregatesApi
from compute.instance.api.attributes import AttributesApi
from compute.instance.api.audit_log import AuditLogApi
from compute.instance.api.consoles import ConsolesApi
from compute.instance.api.extensions import ExtensionsApi
from compute.instance.api.fixed_addresses import FixedAddressesApi
from compute.instance.api.flavor_access import FlavorAccessApi
from compute.instance.api.flavor_specs import FlavorSpecsApi
from compute.instance.api.flavors import FlavorsApi
from compute.instance.api.groups import GroupsApi
from compute.instance.api.guest_questions import GuestQuestionsApi
from compute.instance.api.history import HistoryApi
from compute.instance.api.hypervisors import HypervisorsApi
from compute.instance.api.interfaces import InterfacesApi
from compute.instance.api.keypairs import KeypairsApi
from compute.instance.api.migrations import MigrationsApi
from compute.instance.api.moves import MovesApi
from compute.instance.api.not_here import NotHereApi
from compute.instance.api.older_hosts import OlderHostsApi
from compute.instance.api.presenting import Presenter
from compute.instance.api.proxies.floating_ips import FloatingIpProxiesApi
from compute.instance.api.proxies.image_metadata import ImageMetadataApi
from compute.instance.api.proxies.images import ImageProxiesApi
from compute.instance.api.proxies.network_service import NetworkService
from compute.instance.api.proxies.networks import NetworkProxiesApi
from compute.instance.api.proxies.security_groups import SecurityGroupProxiesApi
from compute.instance.api.proxies.volumes import VolumeProxiesApi
from compute.instance.api.quotas import QuotasApi
from compute.instance.api.removed import removed_verbs
from compute.instance.api.servers import ServersApi
from compute.instance.api.services import ServicesApi
from compute.instance.api.surroundings import SurroundingsApi
from compute.instance.api.topology import TopologyApi
from compute.instance.api.usage import UsageApi
from compute.instance.api.user_data import UserDataApi
from compute.instance.api.volume_attachments import VolumeAttachmentsApi
from compute.instance.api.zones import ZonesApi
from compute.instance.frame.routes import Verb
from compute.instance.parts import Parts
from compute.instance.services import Services
from objectstore.client.caller import Caller


def public_verbs(
    parts: Parts,
    services: Services,
    presenter: Presenter,
    callers: Mapping[str, Caller],
) -> list[Verb]:
    """``callers``: the ways to image, network and volume, for the proxies."""
    actions, lifecycle = services.actions, services.lifecycle
    quotas = services.quotas
    servers = ServersApi(
        parts, services.ordering, services.creation, actions, presenter
    )
    action_api = ActionsApi(parts, services, servers)
    networks = NetworkService(callers["network"])
    return [
        *GuestQuestionsApi(actions, lifecycle, services.questions, action_api).verbs(),
        *ConsolesApi(parts, lifecycle, services.consoles, action_api).verbs(),
        *removed_verbs(),
        *ExtensionsApi().verbs(),
        *AuditLogApi(parts).verbs(),
        *FixedAddressesApi(parts, lifecycle, action_api).verbs(),
        *NotHereApi(parts).verbs(),
        *OlderHostsApi(parts).verbs(),
        *ImageMetadataApi(callers["image"]).verbs(),
        *ImageProxiesApi(callers["image"]).verbs(),
        *NetworkProxiesApi(networks).verbs(),
        *SecurityGroupProxiesApi(networks, lifecycle).verbs(),
        *FloatingIpProxiesApi(networks, lifecycle, action_api).verbs(),
        *servers.verbs(),
        *action_api.verbs(),
        *AttributesApi(parts, services.ordering).verbs(),
        *UserDataApi(parts, actions).verbs(),
        *InterfacesApi(parts, actions, presenter).verbs(),
        *VolumeAttachmentsApi(services.volumes).verbs(),
        *VolumeProxiesApi(callers["volume"]).verbs(),
        *HistoryApi(parts).verbs(),
        *FlavorsApi(parts).verbs(),
        *FlavorSpecsApi(parts).verbs(),
        *FlavorAccessApi(parts).verbs(),
        *KeypairsApi(parts, quotas).verbs(),
        *GroupsApi(parts, quotas).verbs(),
        *HypervisorsApi(parts).verbs(),
        *ServicesApi(parts, services.host_reports).verbs(),
        *ZonesApi(parts).verbs(),
        *AggregatesApi(parts).verbs(),
        *QuotasApi(parts, quotas).verbs(),
        *UsageApi(parts).verbs(),
        *TopologyApi(parts).verbs(),
        *SurroundingsApi(parts, services.volumes).verbs(),
        *MovesApi(parts, services.moving, action_api).verbs(),
        *MigrationsApi(parts).verbs(),
    ]
