"""Where guests look for their metadata: a fact of the field, the same everywhere."""

from __future__ import annotations

METADATA_ADDRESS = "169.254.169.254"
METADATA_PREFIX = METADATA_ADDRESS + "/32"
METADATA_PORT = 80
# The same in IPv6.  Of the link: each host answers its own guests at it, in the
# namespace of the network's DHCP service.
METADATA6_ADDRESS = "fe80::a9fe:a9fe"
METADATA6_PREFIX = METADATA6_ADDRESS + "/64"
LINK_LOCAL = "fe80::/64"
