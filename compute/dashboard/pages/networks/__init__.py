"""Networks and what is of them: subnets, ports, trunks, routers, rules, addresses."""
