"""What a host should have: packages, user, directories, files, services.  Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

from compute.deploy import settings_files as texts
from compute.deploy.certificates import Papers
from compute.deploy.identity_providers import HandedOut
from compute.deploy.inventory import Inventory
from compute.deploy.model import Host, Part, Secrets
from compute.deploy.remote.places import (
    AUTHORITY,
    CERTIFICATE,
    LOGS,
    NAME,
    RELEASES,
    SETTINGS,
    STATE,
)
from compute.deploy.units import ServiceWish, with_digest

HOSTING_PACKAGES = (
    "qemu-system-x86",
    "qemu-utils",
    "libvirt-daemon",
    "libvirt-daemon-driver-qemu",
    "libvirt-daemon-driver-lxc",
    "python3-libvirt",
    "e2fsprogs",
    "fdisk",
    "ipxe-qemu",
    "ovmf",
    "swtpm",
    "swtpm-tools",
    "openssh-client",
)
NETWORK_PACKAGES = (
    "dnsmasq-base",
    "nftables",
    "iproute2",
    "conntrack",
    "haproxy",
)
ENCRYPTION_PACKAGES = ("wireguard-tools",)
SIMULATED = "sim"
TLS_DIGITS = 16


@dataclass(frozen=True, slots=True)
class FileWish:
    """A file, who may read it, and whether it may be shown."""

    content: bytes
    mode: int
    owner: str
    is_text: bool = True

    @property
    def sha256(self) -> str:
        """Of its content."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True)
class DirectoryWish:
    """A directory, and whose it is."""

    mode: int
    owner: str


@dataclass(frozen=True, slots=True)
class HostWishes:
    """All that a host should have."""

    host: Host
    user: str
    packages: tuple[str, ...]
    directories: Mapping[str, DirectoryWish]
    files: Mapping[str, FileWish]
    release: str
    libvirt: bool
    services: Mapping[str, ServiceWish]
    # To go back to; others go when nobody runs them.
    releases_kept: tuple[str, ...] = ()
    # Whether guests' networks leave this host, though all else is encrypted.
    has_open_tunnels: bool = False


def wish_for(
    inventory: Inventory,
    host: Host,
    secrets: Secrets,
    rings: Mapping[str, bytes],
    release: str,
    papers: Papers | None,
    providers: HandedOut | None = None,
) -> HostWishes:
    """``rings``: their files by name; ``papers``: for TLS; ``providers``: of identity.
    Raises ``AlreadySet``."""
    user = inventory.cloud.user
    has_real_guests = host.plays(Part.COMPUTE) and host.hypervisor != SIMULATED
    agent_user = "root" if has_real_guests or host.plays(Part.NETWORK) else user
    files = _files(inventory, host, secrets, rings)
    tls = ""
    if papers is not None:
        files |= _paper_files(papers, host, user)
        tls = files[AUTHORITY].sha256[:TLS_DIGITS]
    if providers is not None and host.plays(Part.CONTROL):
        files |= _provider_files(providers, user)
    services = _services(inventory, host, release, agent_user)
    return HostWishes(
        host=host,
        user=user,
        packages=_packages(inventory, host, has_real_guests),
        directories=_directories(inventory, host, agent_user),
        files=files,
        release=release,
        libvirt=has_real_guests,
        services={
            name: with_digest(replace(service, tls=tls), release, _read_by(name, files))
            for name, service in services.items()
        },
        has_open_tunnels=_has_open_tunnels(inventory, host),
    )


def _packages(
    inventory: Inventory, host: Host, has_real_guests: bool
) -> tuple[str, ...]:
    packages: tuple[str, ...] = HOSTING_PACKAGES if has_real_guests else ()
    if host.plays(Part.NETWORK):
        packages += NETWORK_PACKAGES
        if inventory.cloud.encrypt_tunnels:
            packages += ENCRYPTION_PACKAGES
    return packages


def _has_open_tunnels(inventory: Inventory, host: Host) -> bool:
    tunnels = host.plays(Part.NETWORK) and len(inventory.playing(Part.NETWORK)) > 1
    return inventory.cloud.tls and tunnels and not inventory.cloud.encrypt_tunnels


def _directories(
    inventory: Inventory, host: Host, agent_user: str
) -> dict[str, DirectoryWish]:
    user = inventory.cloud.user
    directories = {
        SETTINGS: DirectoryWish(0o755, "root:root"),
        LOGS: DirectoryWish(0o755, "root:root"),
        # Its owner may rename what is below, and agents of real guests are root.
        STATE: DirectoryWish(0o755, "root:root"),
    }
    if host.plays(Part.STORE):
        root = str(inventory.store.devices)
        directories[root] = DirectoryWish(0o755, "root:root")
        for disk in host.devices:
            directories[f"{root}/{disk.name}"] = DirectoryWish(0o750, f"{user}:{user}")
    if host.plays(Part.CONTROL):
        directories[f"{STATE}/cloud"] = DirectoryWish(0o700, f"{user}:{user}")
    if host.plays(Part.COMPUTE):
        owner = f"{agent_user}:{agent_user}"
        directories[f"{STATE}/agent"] = DirectoryWish(0o711, owner)
    return directories


def _files(
    inventory: Inventory, host: Host, secrets: Secrets, rings: Mapping[str, bytes]
) -> dict[str, FileWish]:
    ours = f"root:{inventory.cloud.user}"
    files = {NAME: FileWish(f"{host.name}\n".encode(), 0o644, "root:root")}

    def secret(name: str, text: str) -> None:
        files[f"{SETTINGS}/{name}"] = FileWish(text.encode(), 0o640, ours)

    if host.plays(Part.STORE, Part.PROXY):
        secret("cluster.conf", texts.cluster_conf(inventory, secrets))
        secret("store.conf", texts.store_conf(inventory, secrets, host))
        for name, content in rings.items():
            files[f"{SETTINGS}/{name}"] = FileWish(content, 0o644, "root:root", False)
    if host.plays(Part.CONTROL):
        secret("cloud.conf", texts.cloud_conf(inventory, host))
    if host.plays(Part.COMPUTE):
        secret("agent.conf", texts.agent_conf(inventory, host))
    if inventory.playing(Part.CONTROL):
        # Nothing but a secret: an older one, too, is not shown.
        content = f"{secrets.service_password}\n".encode()
        files[texts.SERVICE_PASSWORD] = FileWish(content, 0o640, ours, False)
    return files


def _paper_files(papers: Papers, host: Host, user: str) -> dict[str, FileWish]:
    """Keys are for the services' user alone (and root), and never shown."""

    def known(text: str) -> FileWish:
        return FileWish(text.encode(), 0o644, "root:root", False)

    def secret(text: str) -> FileWish:
        return FileWish(text.encode(), 0o600, f"{user}:{user}", False)

    files = {
        AUTHORITY: known(papers.authority.certificate),
        texts.TRUSTED: known(papers.trusted),
        CERTIFICATE: secret(papers.hosts[host.name]),
    }
    if papers.public and host.plays(Part.CONTROL, Part.PROXY):
        files[texts.PUBLIC_CERTIFICATE] = secret(papers.public)
    return files


def _provider_files(providers: HandedOut, user: str) -> dict[str, FileWish]:
    """Who they are may be shown; who we are there is the services' user's to read."""
    return {
        texts.PROVIDERS: FileWish(providers.text.encode(), 0o640, f"root:{user}"),
        **{
            path: FileWish(f"{text}\n".encode(), 0o600, f"{user}:{user}", False)
            for path, text in providers.secrets.items()
        },
    }


def _services(
    inventory: Inventory, host: Host, release: str, agent_user: str
) -> dict[str, ServiceWish]:
    user = inventory.cloud.user
    python = f"{RELEASES}/{release}/bin/python"
    services: dict[str, ServiceWish] = {}
    if host.plays(Part.STORE, Part.PROXY):
        services["store"] = _store_service(python, inventory, host)
    if host.plays(Part.CONTROL):
        services["cloud"] = _cloud_service(python, inventory, host, "cloud", user)
    if host.plays(Part.COMPUTE):
        services["agent"] = _cloud_service(python, inventory, host, "agent", agent_user)
    return services


def _store_service(python: str, inventory: Inventory, host: Host) -> ServiceWish:
    store = inventory.store
    port = store.port if host.plays(Part.PROXY) else store.node_port
    module = "objectstore.cli"
    return ServiceWish(
        name="store",
        description="Ringstack's object store",
        argv=(python, "-I", "-m", module, "serve", f"{SETTINGS}/store.conf"),
        user=inventory.cloud.user,
        writes=(str(store.devices),) if host.devices else (),
        is_caged=True,
        health=(host.address, port),
    )


def _cloud_service(
    python: str, inventory: Inventory, host: Host, name: str, user: str
) -> ServiceWish:
    port = inventory.cloud.port if name == "cloud" else inventory.cloud.agent_port
    what = "control plane" if name == "cloud" else "agents of this host"
    return ServiceWish(
        name=name,
        description=f"Ringstack's {what}",
        argv=(python, "-I", "-m", "compute", "serve", f"{SETTINGS}/{name}.conf"),
        user=user,
        writes=(f"{STATE}/{name}",),
        is_caged=user != "root",
        health=(host.address, port),
    )


def _read_by(service: str, files: Mapping[str, FileWish]) -> list[tuple[str, str]]:
    """The files that a service reads when it starts, and their digests.

    Rings, certificates and secrets of identity providers are not among them: servers
    notice new ones by themselves.
    """
    names = {f"{service}.conf", "service-password", "authority.pem", "trusted.pem"}
    if service == "store":
        names.add("cluster.conf")
    paths = sorted(f"{SETTINGS}/{name}" for name in names)
    if service == "cloud":
        paths.append(texts.PROVIDERS)
    return [(path, files[path].sha256) for path in paths if path in files]
