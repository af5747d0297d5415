"""The extensions of Neutron's API that work here, by the names that clients know.

An alias stands here only if everything that it promises is served.
"""

from __future__ import annotations

# alias -> (name, what it adds)
EXTENSIONS = {
    "aap-reject-multicast": (
        "Allowed address pairs reject multicast extension",
        "No multicast addresses among the addresses that a port may use",
    ),
    "address-group": ("Address group", "Addresses that rules name as one"),
    "address-scope": ("Address scope", "Where pools of subnets may not meet"),
    "agent": ("agent", "The agents of hosts"),
    "allowed-address-pairs": (
        "Allowed Address Pairs",
        "Addresses that a port may use besides its own",
    ),
    "allowed-address-pairs-atomic": (
        "Allowed Address Pairs Atomic",
        "Such addresses, added and taken away one by one",
    ),
    "auto-allocated-topology": (
        "Auto Allocated Topology Services",
        "A network with a way out, made for a project that has none",
    ),
    "availability_zone": ("Availability Zone", "Availability zones of the network"),
    "binding": ("Port Binding", "On which host a port is"),
    "default-subnetpools": ("Default Subnetpools", "Pools that need not be named"),
    "dns-domain-ports": ("dns_domain for ports", "Ports with a domain of their own"),
    "dns-integration": (
        "DNS Integration",
        "Names of ports and floating IPs, told by the resolvers of networks",
    ),
    "empty-string-filtering": (
        "Empty String Filtering Extension",
        "Things by what they do not have",
    ),
    "expose-port-forwarding-in-fip": (
        "Expose Port Forwarding in Floating IP",
        "What floating IPs forward, shown with them",
    ),
    "expose-l3-conntrack-helper": (
        "Expose CT helper in router",
        "Conntrack helpers of routers, shown with them",
    ),
    "external-net": ("Neutron external network", "Networks that routers lead to"),
    "ext-gw-mode": (
        "Neutron L3 Configurable external gateway mode",
        "Whether a router hides its networks",
    ),
    "extra_dhcp_opt": ("Neutron Extra DHCP options", "DHCP options of single ports"),
    "extraroute": ("Neutron Extra Route", "Static routes of routers"),
    "extraroute-atomic": (
        "Atomically add/remove extra routes",
        "Routes of routers, added and taken away one by one",
    ),
    "floating-ip-port-forwarding": (
        "Floating IP Port Forwarding",
        "Ports of floating IPs that lead to different guests",
    ),
    "floating-ip-port-forwarding-description": (
        "Floating IP Port Forwarding new field description",
        "Descriptions of port forwardings",
    ),
    "floating-ip-port-forwarding-port-ranges": (
        "Floating IP Port Forwarding support for port ranges",
        "Ranges of ports forwarded at once",
    ),
    "floating-ip-port-forwarding-detail": (
        "Floating IP Port Forwarding internal details",
        "Ids of what floating IPs forward, shown with them",
    ),
    "floatingip-pools": ("Floating IP Pools", "Where floating IPs come from"),
    "fip-port-details": (
        "Floating IP Port Details Extension",
        "What is to be known of a floating IP's port",
    ),
    "filter-validation": (
        "Filter parameters validation",
        "An unknown filter is refused",
    ),
    "ip-substring-filtering": (
        "IP address substring filtering",
        "Ports by a part of their address",
    ),
    "l3-conntrack-helper": (
        "Router conntrack helper",
        "Connections that agree upon others, let through by routers",
    ),
    "l2_adjacency": ("L2 Adjacency", "Whether all of a network is one segment"),
    "metering": ("Neutron Metering", "How much passes routers' ways out"),
    "metering_source_and_destination_fields": (
        "Source and destination IP prefixes for metering rules",
        "Rules of meters on both sides of what passes",
    ),
    "net-mtu": ("Network MTU", "The MTU of networks"),
    "net-mtu-writable": ("Network MTU (writable)", "MTUs that can be chosen"),
    "network-ip-availability": (
        "Network IP Availability",
        "How many addresses networks have left",
    ),
    "network_availability_zone": (
        "Network Availability Zone",
        "Availability zones of networks",
    ),
    "pagination": ("Pagination support", "Lists in pages"),
    "port-mac-address-regenerate": (
        "Port MAC address regenerate",
        "A new MAC address instead of a null one",
    ),
    "port-security-groups-filtering": (
        "Port filtering on security groups",
        "Ports by their security groups",
    ),
    "port-security": ("Port Security", "Whether a port's traffic is checked"),
    "project-id": ("project_id field enabled", "project_id beside tenant_id"),
    "provider": ("Provider Network", "How networks are joined to the world"),
    "qos": ("Quality of Service", "Policies on the speed of ports, and on their marks"),
    "qos-bw-limit-direction": (
        "Direction for QoS bandwidth limit rule",
        "Limits of what guests receive",
    ),
    "qos-default": ("QoS default policy", "A policy that a project's networks have"),
    "qos-fip": ("Floating IP QoS", "Policies of floating IPs"),
    "qos-fip-network-policy": (
        "QoS floating IP network policy ID",
        "The policy that a floating IP has by its network",
    ),
    "qos-gateway-ip": ("Router gateway IP QoS", "Policies of routers' gateways"),
    "qos-pps": (
        "QoS packet rate limit rule",
        "Limits of how many packets pass",
    ),
    "qos-rule-type-filter": (
        "Allow to filter the list of QoS rule types",
        "All types of rules, or those that all ports support",
    ),
    "qos-port-network-policy": (
        "QoS policy of the port's network",
        "The policy that a port has by its network",
    ),
    "qos-rule-type-details": (
        "Details of QoS rule types",
        "What rules of each type take",
    ),
    "qos-rules-alias": (
        "Ability to show, delete and update rules of QoS policies by alias",
        "Rules without their policy's id",
    ),
    "quotas": ("Quota management support", "How much a project may have"),
    "quota-check-limit": (
        "Quota engine limit check",
        "Limits below what a project has are refused when asked to",
    ),
    "quota-check-limit-default": (
        "Quota engine limit check by default",
        "Such limits are refused unless they are forced",
    ),
    "quota_details": ("Quota details management support", "How much a project has"),
    "rbac-policies": ("RBAC Policies", "Networks lent to other projects"),
    "rbac-address-group": (
        "Add address_group type to RBAC",
        "Address groups lent to other projects",
    ),
    "rbac-address-scope": (
        "Add address_scope type to RBAC",
        "Address scopes lent to other projects",
    ),
    "rbac-security-groups": (
        "Add security_group type to network RBAC",
        "Security groups lent to other projects",
    ),
    "rbac-subnetpool": (
        "Add subnetpool type to RBAC",
        "Subnet pools lent to other projects",
    ),
    "revision-if-match": (
        "If-Match constraints based on revision_number",
        "Changes on condition that nobody else made one",
    ),
    "router": ("Neutron L3 Router", "Routers and floating IPs"),
    "router-enable-snat": (
        'Exposes the router "enable_snat" read-only configuration flag',
        "Whether a router hides its networks, to filter by",
    ),
    "router_availability_zone": (
        "Router Availability Zone",
        "Availability zones of routers",
    ),
    "security-group": ("security-group", "Security groups and their rules"),
    "security-groups-default-rules": (
        "Default rules for security groups",
        "What new security groups begin with",
    ),
    "security-groups-remote-address-group": (
        "Remote address group id field for security group rules",
        "Rules that name an address group",
    ),
    "security-groups-shared-filtering": (
        "Security group filtering on the shared field",
        "Security groups by whether all may use them",
    ),
    "security-groups-normalized-cidr": (
        "Normalized CIDR field for security group rules",
        "Remote prefixes in canonical form",
    ),
    "service-type": ("Neutron Service Type Management", "Who provides services"),
    "sort-key-validation": (
        "Sort keys validation",
        "What nothing can be sorted by is refused",
    ),
    "sorting": ("Sorting support", "Lists in any order"),
    "stateful-security-group": (
        "Stateful security group",
        "Security groups that let no answers pass by themselves",
    ),
    "standard-attr-description": (
        "standard-attr-description",
        "Descriptions of everything",
    ),
    "standard-attr-revisions": (
        "Resource revision numbers",
        "A number that grows with each change",
    ),
    "standard-attr-tag": (
        "Tag support for resources with standard attribute",
        "Tags on everything",
    ),
    "standard-attr-timestamp": (
        "Resource timestamps",
        "When things were made and changed",
    ),
    "security-groups-rules-belongs-to-default-sg": (
        "Security group rule belongs to the project default security group",
        "Whether a rule is of a project's default group",
    ),
    "subnet-external-network": (
        "Subnet belongs to an external network",
        "Whether a subnet's network is external",
    ),
    "subnet-service-types": (
        "Subnet service types",
        "Subnets that give addresses to ports of some owners only",
    ),
    "subnet_onboard": ("Subnet Onboard", "Subnets that become a pool's"),
    "subnetpool-prefix-ops": (
        "Subnet Pool Prefix Operations",
        "Prefixes of pools, added and taken away one by one",
    ),
    "tag-creation": ("Tag creation extension", "Several tags added at once"),
    "tag-ports-during-bulk-creation": (
        "Tag Ports During Bulk Creation",
        "Ports that are born with tags",
    ),
    "trunk": ("Trunk", "Ports whose guests speak for other ports, by tags"),
    "trunk-details": (
        "Trunk port details",
        "What ports' trunks carry, shown with them",
    ),
    "subnet_allocation": ("Subnet Allocation", "Subnets cut from pools"),
}
