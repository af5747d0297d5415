"""Where things are on a host."""

from __future__ import annotations

HOME = "/opt/ringstack"
RELEASES = f"{HOME}/releases"
# A release on its way; only root gets in.
INCOMING = f"{HOME}/incoming"
CURRENT = f"{HOME}/current"
SETTINGS = "/etc/ringstack"
# Whose settings these are: the name in the inventory.
NAME = f"{SETTINGS}/host"
# What this host shows others (with its key), and who must have signed what they show.
CERTIFICATE = f"{SETTINGS}/certificate.pem"
AUTHORITY = f"{SETTINGS}/authority.pem"
# The definitions of services: systemd's, and the supervisor's where that is away.
UNITS = "/etc/systemd/system"
# The first line of each of ours.
UNIT_HEAD = "# Written by ringstack deploy."
SERVICE_PREFIX = "ringstack-"
SPECIFICATIONS = f"{SETTINGS}/services"
STATE = "/var/lib/ringstack"
LOGS = "/var/log/ringstack"
RUN = "/run/ringstack"
# Of the supervisor alone: only root writes there.
SUPERVISOR_RUN = "/run/ringstack-supervisor"
# In a service's environment: the digest of all that it was started with.
DEPLOYED = "RINGSTACK_DEPLOYED"
# And of the authority that it and its peers know each other by; "": no TLS.
ENCRYPTED = "RINGSTACK_TLS"
