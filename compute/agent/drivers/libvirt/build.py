"""Put the libvirt driver together from its settings."""

from __future__ import annotations

import os
from urllib.parse import parse_qs, urlsplit

from compute.agent.drivers.libvirt.domain_xml import Machine
from compute.agent.drivers.libvirt.driver import LibvirtHypervisor
from compute.agent.drivers.libvirt.host import HostSize
from compute.agent.drivers.libvirt.private_daemon import PrivateDaemon
from compute.agent.drivers.libvirt.settings import PRIVATE, LibvirtSettings
from compute.agent.kvm_probe import kvm_works
from objectstore.kernel.clock import Clock

DEFAULT_SOCKET = "/run/libvirt/libvirt-sock"


def build_hypervisor(
    settings: LibvirtSettings,
    host: HostSize,
    state_directory: str,
    clock: Clock,
) -> tuple[LibvirtHypervisor, PrivateDaemon | None]:
    """The driver, and the daemon that is its own (None when the URI names another).

    May take some seconds: whether KVM works is found out by running it.  Whoever wants
    the daemon ended with the agent stops it; otherwise it runs on for the next one.
    """
    virt_type = settings.virt_type
    if virt_type == "auto":
        virt_type = "kvm" if kvm_works(state_directory) else "qemu"
    daemon: PrivateDaemon | None = None
    if settings.uri == PRIVATE:
        daemon = PrivateDaemon(os.path.join(state_directory, "libvirt"), clock)
    hypervisor = LibvirtHypervisor(
        daemon.ensure if daemon is not None else lambda: settings.uri,
        Machine(virt_type=virt_type, disk_cache=settings.disk_cache),
        host,
        clock=clock,
        pull_bytes_per_second=settings.pull_bytes_per_second,
    )
    return hypervisor, daemon


def daemon_socket(settings: LibvirtSettings, daemon: PrivateDaemon | None) -> str:
    """The unix socket of the daemon, for other hosts' daemons; "" when it has none."""
    if daemon is not None:
        return daemon.socket_path
    query = parse_qs(urlsplit(settings.uri).query)
    given = query.get("socket", [""])[0]
    is_local = settings.uri in ("qemu:///system", "qemu+unix:///system")
    return given or (DEFAULT_SOCKET if is_local else "")
