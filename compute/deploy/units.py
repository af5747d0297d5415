"""Services as systemd's units, and as the supervisor's specifications.  Pure.

Whose process has the digest in its environment runs as wished: so a settings file, the
release and the arguments are all part of it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace

from compute.deploy.remote.places import DEPLOYED, ENCRYPTED, SERVICE_PREFIX, UNIT_HEAD

# Beyond what a server takes to finish its clients' requests.
STOP_SECONDS = 60
_CAGE = """\
NoNewPrivileges=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectSystem=strict
ProtectHome=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
CapabilityBoundingSet=
UMask=0027
"""


@dataclass(frozen=True, slots=True)
class ServiceWish:
    """A process that should run."""

    name: str
    description: str
    argv: tuple[str, ...]
    user: str
    writes: tuple[str, ...]
    # Whether it can do without what only root may; agents of real hosts cannot.
    is_caged: bool
    health: tuple[str, int]
    release: str = ""
    digest: str = ""
    # Of the authority that it and its peers know each other by; "": no TLS.
    tls: str = ""


def with_digest(
    service: ServiceWish, release: str, reads: list[tuple[str, str]]
) -> ServiceWish:
    """Named by all that it is started with; ``reads``: files and their digests."""
    parts = [*service.argv, service.user, release, *map(repr, reads)]
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
    return replace(service, release=release, digest=digest)


def environment(service: ServiceWish) -> dict[str, str]:
    """Of its process."""
    return {
        DEPLOYED: service.digest,
        "RINGSTACK_RELEASE": service.release,
        **({ENCRYPTED: service.tls} if service.tls else {}),
        "LANG": "C.UTF-8",
        # Releases are root's; what is compiled is compiled already.
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def specification(service: ServiceWish) -> str:
    """For the supervisor."""
    found = {
        "argv": list(service.argv),
        "user": service.user,
        "environment": environment(service),
    }
    return json.dumps(found, indent=1, sort_keys=True) + "\n"


def unit(service: ServiceWish) -> str:
    """For systemd."""
    variables = "".join(
        f'Environment="{name}={value}"\n'
        for name, value in environment(service).items()
    )
    cage = _CAGE if service.is_caged else ""
    if service.is_caged:
        cage += "".join(f"ReadWritePaths={path}\n" for path in service.writes)
    return f"""\
{UNIT_HEAD}
[Unit]
Description={service.description}
Wants=network-online.target
After=network-online.target time-sync.target local-fs.target

[Service]
Type=exec
ExecStart={" ".join(service.argv)}
ExecReload=/bin/kill -HUP $MAINPID
{variables}User={service.user}
RuntimeDirectory=ringstack/{service.name}
SyslogIdentifier={SERVICE_PREFIX}{service.name}
Restart=always
RestartSec=1
TimeoutStopSec={STOP_SECONDS}
# Whatever it started ends with it; guests belong to libvirt.
KillMode={"mixed" if service.is_caged else "process"}
LimitNOFILE=1048576
{cage}
[Install]
WantedBy=multi-user.target
"""
