"""Makes one host look like its view: bridges, taps, DHCP, rules, routers."""
