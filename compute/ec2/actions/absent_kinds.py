"""Kinds of things of which this cloud has none: what tools look for on their way is
answered with none of them, and one that is named is not there."""

from __future__ import annotations

from dataclasses import dataclass

from compute.ec2.call import Call
from compute.ec2.frame.api import Action, Document, Handler
from compute.ec2.frame.errors import Ec2Error
from compute.ec2.frame.filters import asked_filters
from compute.ec2.frame.pages import page

_PAGED = "MaxResults NextToken"


@dataclass(frozen=True, slots=True)
class Absent:
    """``elements``: the lists that are empty; ``names``: the parameter that says which
    are wanted, and ``code`` the error for one; ``more``: what else may be said."""

    elements: str
    names: str = ""
    code: str = ""
    more: str = f"Filter {_PAGED}"


def _handler(kind: Absent) -> Handler:
    def describe(call: Call) -> Document:
        for name in call.parameters.texts(kind.names) if kind.names else ():
            raise Ec2Error(kind.code, f"The ID '{name}' does not exist")
        asked_filters(call.parameters)
        if _PAGED in kind.more:
            page(call.parameters, [], lambda each: "", least=1)
        return {element: [] for element in kind.elements.split()}

    return describe


def _found(prefix: str) -> str:
    return f"{prefix}.NotFound"


KINDS = {
    "DescribeBundleTasks": Absent(
        "bundleInstanceTasksSet", "BundleId", _found("InvalidBundleID"), "Filter"
    ),
    "DescribeCapacityReservations": Absent(
        "capacityReservationSet",
        "CapacityReservationId",
        _found("InvalidCapacityReservationId"),
    ),
    "DescribeCarrierGateways": Absent(
        "carrierGatewaySet", "CarrierGatewayId", _found("InvalidCarrierGatewayID")
    ),
    "DescribeClassicLinkInstances": Absent(
        "instancesSet", "InstanceId", _found("InvalidInstanceID")
    ),
    "DescribeClientVpnEndpoints": Absent(
        "clientVpnEndpoint",
        "ClientVpnEndpointId",
        _found("InvalidClientVpnEndpointId"),
    ),
    "DescribeConversionTasks": Absent(
        "conversionTasks", "ConversionTaskId", _found("InvalidConversionTaskId"), ""
    ),
    "DescribeCustomerGateways": Absent(
        "customerGatewaySet",
        "CustomerGatewayId",
        _found("InvalidCustomerGatewayID"),
        "Filter",
    ),
    "DescribeEgressOnlyInternetGateways": Absent(
        "egressOnlyInternetGatewaySet",
        "EgressOnlyInternetGatewayId",
        _found("InvalidEgressOnlyInternetGatewayId"),
    ),
    "DescribeExportImageTasks": Absent(
        "exportImageTaskSet", "ExportImageTaskId", _found("InvalidExportImageTaskId")
    ),
    "DescribeExportTasks": Absent(
        "exportTaskSet", "ExportTaskId", _found("InvalidExportTaskID"), "Filter"
    ),
    "DescribeFastLaunchImages": Absent(
        "fastLaunchImageSet", "ImageId", _found("InvalidAMIID")
    ),
    "DescribeFastSnapshotRestores": Absent("fastSnapshotRestoreSet"),
    "DescribeFleets": Absent("fleetSet", "FleetId", _found("InvalidFleetId")),
    "DescribeFlowLogs": Absent("flowLogSet", "FlowLogId", _found("InvalidFlowLogId")),
    "DescribeHostReservations": Absent("hostReservationSet"),
    "DescribeHosts": Absent("hostSet", "HostId", _found("InvalidHostID")),
    "DescribeIamInstanceProfileAssociations": Absent(
        "iamInstanceProfileAssociationSet",
        "AssociationId",
        _found("InvalidAssociationID"),
    ),
    "DescribeImportImageTasks": Absent(
        "importImageTaskSet",
        "ImportTaskId",
        _found("InvalidConversionTaskId"),
        f"Filters {_PAGED}",
    ),
    "DescribeImportSnapshotTasks": Absent(
        "importSnapshotTaskSet",
        "ImportTaskId",
        _found("InvalidConversionTaskId"),
        f"Filters {_PAGED}",
    ),
    "DescribeInstanceConnectEndpoints": Absent(
        "instanceConnectEndpointSet",
        "InstanceConnectEndpointId",
        _found("InvalidInstanceConnectEndpointId"),
    ),
    # A type of instance that has credits is none of ours.
    "DescribeInstanceCreditSpecifications": Absent(
        "instanceCreditSpecificationSet", "InstanceId", "UnsupportedOperation"
    ),
    "DescribeInstanceEventWindows": Absent(
        "instanceEventWindowSet",
        "InstanceEventWindowId",
        _found("InvalidInstanceEventWindowID"),
    ),
    "DescribeIpamPools": Absent(
        "ipamPoolSet", "IpamPoolId", _found("InvalidIpamPoolId")
    ),
    "DescribeIpams": Absent("ipamSet", "IpamId", _found("InvalidIpamId")),
    "DescribeIpv6Pools": Absent("ipv6PoolSet", "PoolId", _found("InvalidPoolID")),
    "DescribeLocalGateways": Absent(
        "localGatewaySet", "LocalGatewayId", _found("InvalidLocalGatewayID")
    ),
    "DescribeLockedSnapshots": Absent(
        "snapshotSet", "SnapshotId", _found("InvalidSnapshot")
    ),
    "DescribeMovingAddresses": Absent(
        "movingAddressStatusSet", "PublicIp", _found("InvalidAddress")
    ),
    "DescribeNetworkInterfacePermissions": Absent(
        "networkInterfacePermissions",
        "NetworkInterfacePermissionId",
        _found("InvalidPermissionID"),
    ),
    "DescribePrefixLists": Absent(
        "prefixListSet", "PrefixListId", _found("InvalidPrefixListId")
    ),
    "DescribePublicIpv4Pools": Absent(
        "publicIpv4PoolSet", "PoolId", _found("InvalidPublicIpv4PoolID")
    ),
    "DescribeReservedInstances": Absent(
        "reservedInstancesSet",
        "ReservedInstancesId",
        _found("InvalidReservedInstancesId"),
        "Filter OfferingClass OfferingType",
    ),
    "DescribeScheduledInstances": Absent("scheduledInstanceSet"),
    "DescribeSnapshotTierStatus": Absent("snapshotTierStatusSet"),
    "DescribeSpotFleetRequests": Absent(
        "spotFleetRequestConfigSet",
        "SpotFleetRequestId",
        _found("InvalidSpotFleetRequestId"),
        _PAGED,
    ),
    "DescribeSpotInstanceRequests": Absent(
        "spotInstanceRequestSet",
        "SpotInstanceRequestId",
        _found("InvalidSpotInstanceRequestID"),
    ),
    "DescribeSpotPriceHistory": Absent(
        "spotPriceHistorySet",
        more=f"Filter {_PAGED} AvailabilityZone StartTime EndTime InstanceType"
        " ProductDescription",
    ),
    "DescribeStoreImageTasks": Absent(
        "storeImageTaskResultSet", "ImageId", _found("InvalidAMIID")
    ),
    "DescribeTransitGatewayAttachments": Absent(
        "transitGatewayAttachments",
        "TransitGatewayAttachmentIds",
        _found("InvalidTransitGatewayAttachmentID"),
    ),
    "DescribeTransitGatewayPeeringAttachments": Absent(
        "transitGatewayPeeringAttachments",
        "TransitGatewayAttachmentIds",
        _found("InvalidTransitGatewayAttachmentID"),
    ),
    "DescribeTransitGatewayRouteTables": Absent(
        "transitGatewayRouteTables",
        "TransitGatewayRouteTableIds",
        _found("InvalidRouteTableID"),
    ),
    "DescribeTransitGatewayVpcAttachments": Absent(
        "transitGatewayVpcAttachments",
        "TransitGatewayAttachmentIds",
        _found("InvalidTransitGatewayAttachmentID"),
    ),
    "DescribeTransitGateways": Absent(
        "transitGatewaySet", "TransitGatewayIds", _found("InvalidTransitGatewayID")
    ),
    "DescribeVpcEndpointConnections": Absent("vpcEndpointConnectionSet"),
    "DescribeVpcEndpointServiceConfigurations": Absent(
        "serviceConfigurationSet", "ServiceId", _found("InvalidVpcEndpointServiceId")
    ),
    "DescribeVpcEndpointServices": Absent(
        "serviceNameSet serviceDetailSet", "ServiceName", "InvalidServiceName"
    ),
    "DescribeVpcEndpoints": Absent(
        "vpcEndpointSet", "VpcEndpointId", _found("InvalidVpcEndpointId")
    ),
    "DescribeVpcPeeringConnections": Absent(
        "vpcPeeringConnectionSet",
        "VpcPeeringConnectionId",
        _found("InvalidVpcPeeringConnectionID"),
    ),
    "DescribeVpnConnections": Absent(
        "vpnConnectionSet",
        "VpnConnectionId",
        _found("InvalidVpnConnectionID"),
        "Filter",
    ),
    "DescribeVpnGateways": Absent(
        "vpnGatewaySet", "VpnGatewayId", _found("InvalidVpnGatewayID"), "Filter"
    ),
}

ACTIONS = {
    action: Action(_handler(kind), f"{kind.names} {kind.more}")
    for action, kind in KINDS.items()
}
