"""Where instances can be, of what size, and how many: regions, zones, types, limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.ec2.call import Call
from compute.ec2.frame.api import Action, Document
from compute.ec2.frame.errors import Ec2Error, invalid
from compute.ec2.frame.filters import Accessor, asked_filters, chosen
from compute.ec2.frame.pages import page
from compute.ec2.interface_addresses import ADDRESSES_MAX
from compute.ec2.inventory import Thing

# As many as tools may plan with; a port's quota is what counts.
_INTERFACES_MAX = 15
# The same for every type: a type says nothing of networks here.
_NETWORK: Mapping[str, Any] = {
    "networkPerformance": "As the host's",
    "maximumNetworkInterfaces": _INTERFACES_MAX,
    "maximumNetworkCards": 1,
    "defaultNetworkCardIndex": 0,
    "networkCards": [
        {
            "networkCardIndex": 0,
            "networkPerformance": "As the host's",
            "maximumNetworkInterfaces": _INTERFACES_MAX,
        }
    ],
    "ipv4AddressesPerInterface": ADDRESSES_MAX,
    "ipv6AddressesPerInterface": 0,
    "ipv6Supported": False,
    "enaSupport": "unsupported",
    "efaSupported": False,
}


def describe_regions(call: Call) -> Document:
    """``DescribeRegions``: this one."""
    shown = [
        {
            "regionName": call.region,
            "regionEndpoint": call.endpoint,
            "optInStatus": "opt-in-not-required",
        }
    ]
    if wanted := call.parameters.texts("RegionName"):
        for name in wanted:
            if name != call.region:
                raise invalid("RegionName", name)
    accessors: Mapping[str, Accessor] = {
        "endpoint": lambda each: each["regionEndpoint"],
        "region-name": lambda each: each["regionName"],
        "opt-in-status": lambda each: each["optInStatus"],
    }
    return {"regionInfo": chosen(shown, asked_filters(call.parameters), accessors)}


def describe_zones(call: Call) -> Document:
    """``DescribeAvailabilityZones``."""
    shown = [
        {
            "zoneName": zone["zoneName"],
            "zoneId": zone["zoneName"],
            "zoneState": (
                "available" if zone["zoneState"]["available"] else "unavailable"
            ),
            "regionName": call.region,
            "messageSet": [],
            "optInStatus": "opt-in-not-required",
            "groupName": call.region,
            "zoneType": "availability-zone",
        }
        for zone in call.inventory.zones
    ]
    for name in ("ZoneName", "ZoneId"):
        if wanted := call.parameters.texts(name):
            there = {each["zoneName"] for each in shown}
            for each in wanted:
                if each not in there:
                    raise invalid(name, each)
            shown = [each for each in shown if each["zoneName"] in wanted]
    accessors: Mapping[str, Accessor] = {
        "region-name": lambda each: each["regionName"],
        "state": lambda each: each["zoneState"],
        "zone-name": lambda each: each["zoneName"],
        "zone-id": lambda each: each["zoneId"],
        "zone-type": lambda each: each["zoneType"],
        "group-name": lambda each: each["groupName"],
        "opt-in-status": lambda each: each["optInStatus"],
    }
    found = chosen(shown, asked_filters(call.parameters), accessors)
    return {"availabilityZoneInfo": found}


# ---- instance types ----------------------------------------------------------------


def describe_types(call: Call) -> Document:
    """``DescribeInstanceTypes``: the flavors, by their names."""
    shown = [_type(flavor) for flavor in _flavors(call)]
    accessors: Mapping[str, Accessor] = {
        "instance-type": lambda each: each["instanceType"],
        "memory-info.size-in-mib": lambda each: each["memoryInfo"]["sizeInMiB"],
        "vcpu-info.default-vcpus": lambda each: each["vCpuInfo"]["defaultVCpus"],
        "current-generation": lambda each: each["currentGeneration"],
        "hypervisor": lambda each: each["hypervisor"],
        "processor-info.supported-architecture": lambda each: each["processorInfo"][
            "supportedArchitectures"
        ],
    }
    found = chosen(shown, asked_filters(call.parameters), accessors)
    found, token = page(call.parameters, found, lambda each: str(each["instanceType"]))
    return {"instanceTypeSet": found, "nextToken": token}


def _flavors(call: Call) -> list[Thing]:
    flavors = {flavor["name"]: flavor for flavor in call.inventory.flavors}
    wanted = call.parameters.texts("InstanceType")
    for name in wanted:
        if name not in flavors:
            text = f"The following supplied instance types do not exist: [{name}]"
            raise Ec2Error("InvalidInstanceType", text)
    return [flavors[name] for name in dict.fromkeys(wanted or flavors)]


def _type(flavor: Thing) -> dict[str, Any]:
    disk = flavor["disk"]
    cores = flavor["vcpus"]
    return {
        "instanceType": flavor["name"],
        "currentGeneration": True,
        "freeTierEligible": False,
        "supportedUsageClasses": ["on-demand"],
        "supportedRootDeviceTypes": ["ebs", "instance-store"],
        "supportedVirtualizationTypes": ["hvm"],
        "bareMetal": False,
        "hypervisor": "kvm",
        "processorInfo": {"supportedArchitectures": ["x86_64"]},
        "vCpuInfo": {
            "defaultVCpus": cores,
            "defaultCores": cores,
            "defaultThreadsPerCore": 1,
        },
        "memoryInfo": {"sizeInMiB": flavor["ram"]},
        "instanceStorageSupported": disk > 0,
        "instanceStorageInfo": {
            "totalSizeInGB": disk,
            "disks": [{"sizeInGB": disk, "count": 1, "type": "ssd"}],
            "nvmeSupport": "unsupported",
            "encryptionSupport": "unsupported",
        }
        if disk
        else None,
        "ebsInfo": {
            "ebsOptimizedSupport": "unsupported",
            "encryptionSupport": "unsupported",
            "nvmeSupport": "unsupported",
        },
        "networkInfo": _NETWORK,
        "placementGroupInfo": {"supportedStrategies": []},
        "autoRecoverySupported": False,
        "dedicatedHostsSupported": False,
        "nitroEnclavesSupport": "unsupported",
        "supportedBootModes": ["legacy-bios", "uefi"],
        "hibernationSupported": False,
        "burstablePerformanceSupported": False,
    }


def describe_offerings(call: Call) -> Document:
    """``DescribeInstanceTypeOfferings``: every type in every zone."""
    kind = call.parameters.text("LocationType", "region")
    if kind == "region":
        locations = [call.region]
    elif kind in ("availability-zone", "availability-zone-id"):
        locations = [zone["zoneName"] for zone in call.inventory.zones]
    else:
        raise invalid("LocationType", kind)
    shown = [
        {"instanceType": flavor["name"], "locationType": kind, "location": location}
        for flavor in call.inventory.flavors
        for location in locations
    ]
    accessors: Mapping[str, Accessor] = {
        "instance-type": lambda each: each["instanceType"],
        "location": lambda each: each["location"],
    }
    found = chosen(shown, asked_filters(call.parameters), accessors)
    found, token = page(
        call.parameters,
        found,
        lambda each: f"{each['instanceType']} {each['location']}",
    )
    return {"instanceTypeOfferingSet": found, "nextToken": token}


# ---- limits ------------------------------------------------------------------------


def describe_account(call: Call) -> Document:
    """``DescribeAccountAttributes``."""
    limits = call.rooms.get("compute", "limits")["limits"]["absolute"]
    quota = call.rooms.get("network", "quotas", call.signer.project_id)["quota"]
    values = {
        "supported-platforms": "VPC",
        "default-vpc": call.inventory.layout.default,
        "max-instances": str(limits["maxTotalInstances"]),
        "vpc-max-security-groups-per-interface": str(quota["security_group"]),
        "max-elastic-ips": str(quota["floatingip"]),
        "vpc-max-elastic-ips": str(quota["floatingip"]),
    }
    wanted = call.parameters.texts("AttributeName") or list(values)
    for name in wanted:
        if name not in values:
            raise invalid("AttributeName", name)
    return {
        "accountAttributeSet": [
            {
                "attributeName": name,
                "attributeValueSet": [{"attributeValue": values[name]}],
            }
            for name in wanted
        ]
    }


ACTIONS = {
    "DescribeRegions": Action(describe_regions, "RegionName Filter AllRegions"),
    "DescribeAvailabilityZones": Action(
        describe_zones, "ZoneName ZoneId Filter AllAvailabilityZones"
    ),
    "DescribeInstanceTypes": Action(
        describe_types, "InstanceType Filter MaxResults NextToken"
    ),
    "DescribeInstanceTypeOfferings": Action(
        describe_offerings, "LocationType Filter MaxResults NextToken"
    ),
    "DescribeAccountAttributes": Action(describe_account, "AttributeName"),
}
