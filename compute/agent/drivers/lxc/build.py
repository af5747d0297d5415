"""Put the LXC driver together from its settings."""

from __future__ import annotations

import os
import shlex

from compute.agent.drivers.libvirt.host import HostSize
from compute.agent.drivers.libvirt.private_daemon import Flavour, PrivateDaemon
from compute.agent.drivers.libvirt.settings import LibvirtSettings
from compute.agent.drivers.lxc.driver import LxcHypervisor
from compute.agent.drivers.lxc.roots import Roots
from objectstore.kernel.clock import Clock

LXC_SETTINGS = 'log_with_libvirtd = 0\nsecurity_driver = "none"\n'
# libvirt would make groups for containers in a second hierarchy of control groups that
# hangs below those of the first kind, and cannot.
_HIDE_UNIFIED = (
    "if mountpoint -q /sys/fs/cgroup/unified; then umount /sys/fs/cgroup/unified; fi"
)
# A container's first process opens its tree and its terminal as the nobody that it is:
# they are shown to it where no directory is closed to it.  What is mounted for a
# container later on is seen there too.
_SEEN_AT = "/run/libvirt/trees"


def _flavour(directory: str) -> Flavour:
    show = f"mount --bind {shlex.quote(directory)} {_SEEN_AT}"
    before = (
        _HIDE_UNIFIED,
        "chmod 711 /run/libvirt",
        f"mkdir -p -m 711 {_SEEN_AT}",
        show,
    )
    return Flavour("lxc", {"lxc.conf": LXC_SETTINGS}, "slave", before)


def build_containers(
    settings: LibvirtSettings,
    host: HostSize,
    state_directory: str,
    sockets: str,
    clock: Clock,
) -> tuple[LxcHypervisor, PrivateDaemon]:
    """The driver, and its daemon: always one of its own, for it must see the trees."""
    trees = os.path.join(state_directory, "containers")
    directory = os.path.join(state_directory, "libvirt")
    daemon = PrivateDaemon(directory, clock, _flavour(trees))
    hypervisor = LxcHypervisor(
        daemon.ensure,
        host,
        Roots(trees, sockets, clock, seen_at=_SEEN_AT),
        clock=clock,
        pull_bytes_per_second=settings.pull_bytes_per_second,
    )
    return hypervisor, daemon
