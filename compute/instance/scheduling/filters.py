"""The filters: each says whether a host will do for a request.

``FILTERS`` is their order, the cheap and telling ones first.  A filter is a pair:
whether it has anything to say about this request at all, and its rule for one
host.  So an ordinary request pays only for the filters that it needs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from compute.instance.scheduling.extra_specs import matches
from compute.instance.scheduling.state import HostState, Request
from compute.instance.scheduling.traits import fits, traits_of, wishes

Rule = Callable[[Request, HostState], bool]
Applies = Callable[[Request], bool]

EXTRA_SPECS_SCOPE = "aggregate_instance_extra_specs:"
AFFINITY, ANTI_AFFINITY = "affinity", "anti-affinity"
SOFT_AFFINITY, SOFT_ANTI_AFFINITY = "soft-affinity", "soft-anti-affinity"


@dataclass(frozen=True, slots=True)
class Filter:
    """``text``: what a refusal is told with."""

    name: str
    passes: Rule
    applies: Applies
    text: str


def _always(request: Request) -> bool:
    return True


def _has_memory(request: Request, host: HostState) -> bool:
    return host.memory_used_mib + request.memory_mib <= host.memory_mib


def _has_vcpus(request: Request, host: HostState) -> bool:
    return host.vcpus_used + request.vcpus <= host.vcpus


def _has_disk(request: Request, host: HostState) -> bool:
    return host.disk_used_gib + request.disk_gib <= host.disk_gib


def _in_zone(request: Request, host: HostState) -> bool:
    return host.zone == request.zone


def _image_fits(request: Request, host: HostState) -> bool:
    properties = request.image_properties
    architecture = properties.get("hw_architecture") or properties.get("architecture")
    emulated = properties.get("hw_emulation_architecture")
    if architecture and architecture not in (host.architecture, emulated):
        return False
    wanted = properties.get("img_hv_type") or properties.get("hypervisor_type")
    # A simulated host plays any hypervisor.
    kinds = {host.hypervisor_type.lower(), "sim"}
    if host.hypervisor_type.lower() in ("qemu", "kvm"):
        kinds |= {"qemu", "kvm"}
    return not wanted or str(wanted).lower() in kinds or host.hypervisor_type == "sim"


def _describes_hypervisor(request: Request) -> bool:
    properties = request.image_properties
    names = ("hw_architecture", "architecture", "img_hv_type", "hypervisor_type")
    return any(properties.get(name) for name in names)


def _traits_fit(request: Request, host: HostState) -> bool:
    traits = traits_of(host.architecture, host.lacks)
    return fits(traits, request.extra_specs, request.image_properties)


def _specs_fit(request: Request, host: HostState) -> bool:
    for key, wanted in _aggregate_specs(request).items():
        found = host.traits.get(key)
        if found is None or not any(matches(each, wanted) for each in found):
            return False
    return True


def _aggregate_specs(request: Request) -> dict[str, str]:
    """Extra specs that speak of aggregates: scoped so, or without any scope."""
    found = {}
    for key, value in request.extra_specs.items():
        if key.startswith(EXTRA_SPECS_SCOPE):
            found[key.removeprefix(EXTRA_SPECS_SCOPE)] = value
        elif ":" not in key:
            found[key] = value
    return found


def group_allows(
    policy: str, rules: Mapping[str, Any], members: Mapping[str, int], host: str
) -> bool:
    """Whether one more of a server group may be on the host: ``members`` says how many
    each host has.  A soft rule allows everything."""
    if policy == AFFINITY:
        return not any(members.values()) or bool(members.get(host))
    if policy == ANTI_AFFINITY:
        return members.get(host, 0) < int(rules.get("max_server_per_host", 1))
    return True


def _group_allows(request: Request, host: HostState) -> bool:
    return group_allows(
        request.group_policy, request.group_rules, request.group_hosts, host.host
    )


FILTERS: tuple[Filter, ...] = (
    Filter(
        "ForcedHostFilter",
        lambda request, host: host.host == request.forced_host,
        lambda request: bool(request.forced_host),
        "is not the host that was asked for",
    ),
    Filter(
        "ComputeFilter",
        lambda request, host: host.enabled and host.up,
        lambda request: not request.forced_host,
        "is disabled, or its agent is silent",
    ),
    Filter(
        "RetryFilter",
        lambda request, host: host.host not in request.tried,
        lambda request: bool(request.tried),
        "has failed with this server before",
    ),
    Filter("RamFilter", _has_memory, _always, "has not enough memory"),
    Filter("CoreFilter", _has_vcpus, _always, "has not enough virtual processors"),
    Filter("DiskFilter", _has_disk, _always, "has not enough disk"),
    Filter(
        "AvailabilityZoneFilter",
        _in_zone,
        lambda request: bool(request.zone) and not request.forced_host,
        "is in another availability zone",
    ),
    Filter(
        "ImagePropertiesFilter",
        _image_fits,
        _describes_hypervisor,
        "cannot run what the image needs",
    ),
    Filter(
        "AbilitiesFilter",
        lambda request, host: not request.needs & host.lacks,
        lambda request: bool(request.needs),
        "cannot give its guests the disks, firmware, TPM or processor of this one",
    ),
    Filter(
        "TraitsFilter",
        _traits_fit,
        lambda request: any(wishes(request.extra_specs, request.image_properties)),
        "has not the traits that flavor or image ask for",
    ),
    Filter(
        "AggregateInstanceExtraSpecsFilter",
        _specs_fit,
        lambda request: bool(_aggregate_specs(request)),
        "is in no aggregate that the flavor asks for",
    ),
    Filter(
        "ServerGroupAffinityFilter",
        _group_allows,
        lambda request: request.group_policy == AFFINITY,
        "is not where the group is",
    ),
    Filter(
        "ServerGroupAntiAffinityFilter",
        _group_allows,
        lambda request: request.group_policy == ANTI_AFFINITY,
        "has members of the group already",
    ),
    Filter(
        "SameHostFilter",
        lambda request, host: host.host in (request.same_hosts or ()),
        lambda request: request.same_hosts is not None,
        "is none of the hosts that it shall share",
    ),
    Filter(
        "DifferentHostFilter",
        lambda request, host: host.host not in request.different_hosts,
        lambda request: bool(request.different_hosts),
        "is one of the hosts that it shall avoid",
    ),
)
