"""Networks, ports, routers, security groups: Neutron's API, version 2."""
