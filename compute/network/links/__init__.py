"""Networks, subnets, ports, and the addresses that ports have."""
