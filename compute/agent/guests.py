"""What a guest is: its parts, its state, its figures, what happens to it, and where it
goes.  The words of the hypervisor port, which both drivers and all sagas speak."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from compute.instance.client import GuestMachine
from objectstore.kernel.errors import Rejected


class GuestMissing(Rejected):
    """There is no guest of that uuid on this host."""

    def __init__(self, uuid: str) -> None:
        super().__init__(404, f"There is no guest {uuid} on this host")


class WrongState(Rejected):
    """The guest's state does not allow the call."""

    def __init__(self, uuid: str, state: GuestState, wanted: str) -> None:
        super().__init__(409, f"Guest {uuid} is {state.value}: cannot {wanted}")
        self.state = state


class NotHere(Rejected):
    """Guests of this host's kind cannot do that."""

    def __init__(self, wanted: str) -> None:
        super().__init__(409, f"This host's hypervisor cannot {wanted}")


class Ability(StrEnum):
    """What not every hypervisor lets its guests have."""

    SUSPEND = "suspend"  # memory on disk
    VOLUMES = "volumes"
    SWAP_VOLUMES = "swap-volumes"  # one in another one's place
    EXTRA_DISKS = "extra-disks"  # swap, CD-ROM
    RESCUE = "rescue"
    LIVE_MIGRATION = "live-migration"
    INTERRUPT = "interrupt"  # of the guest's kernel (crash dump)
    SET_PASSWORD = "set-password"
    DISPLAY = "display"  # a graphical console
    UEFI = "uefi"
    SECURE_BOOT = "secure-boot"
    TPM_1_2 = "tpm-1.2"
    TPM_2_0 = "tpm-2.0"
    AARCH64 = "emulation-aarch64"  # processors that are not the host's


class GuestState(StrEnum):
    """What a guest is doing, as the hypervisor sees it."""

    RUNNING = "running"
    PAUSED = "paused"  # in memory, its processors stopped
    SHUTDOWN = "shutdown"  # defined, not running, no memory kept
    SUSPENDED = "suspended"  # its memory is saved on disk
    CRASHED = "crashed"  # ended by a fault of its own or its emulator's
    ABSENT = "absent"  # not on this host


ACTIVE_STATES = frozenset({GuestState.RUNNING, GuestState.PAUSED})
"""The states in which a process on this host holds the guest."""


class DiskBus(StrEnum):
    """How a guest sees a disk.  Debian's cloud kernel knows these."""

    VIRTIO = "virtio"
    IDE = "ide"
    SCSI = "scsi"


class DiskDevice(StrEnum):
    """What the disk is to the guest."""

    DISK = "disk"
    CDROM = "cdrom"


@dataclass(frozen=True, slots=True)
class DiskKey:
    """What opens an encrypted disk; ``id``: by which a hypervisor keeps it."""

    id: str
    passphrase: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class NbdSource:
    """A block device served over NBD on a unix socket of this host."""

    socket_path: str
    export: str
    format: str  # of the bytes in it: raw or qcow2
    luks: DiskKey | None = None  # the bytes are encrypted, and those below raw


@dataclass(frozen=True, slots=True)
class FileSource:
    """A disk in a file.

    ``lazy_backing``: the file is a qcow2 overlay whose backing is still read
    from there; None when it stands alone or upon files of this host.
    """

    path: str
    format: str  # raw or qcow2; never guessed
    lazy_backing: NbdSource | None = None


Limits = tuple[tuple[str, int], ...]
"""How fast a disk may be: names of libvirt's iotune and values of 1 or more."""


@dataclass(frozen=True, slots=True)
class DiskSpec:
    """One disk of a guest."""

    name: str  # the target: vda, vdb, hda ...; unique in the guest
    source: FileSource | NbdSource
    bus: DiskBus = DiskBus.VIRTIO
    device: DiskDevice = DiskDevice.DISK
    serial: str = ""  # how a guest knows it again (/dev/disk/by-id)
    boot_order: int | None = None  # 1 is tried first; None: never
    read_only: bool = False
    shared: bool = False  # other guests may have it too
    limits: Limits = ()


@dataclass(frozen=True, slots=True)
class NicSpec:
    """One network card.  The tap device exists already: the network agent made it."""

    mac: str
    tap: str
    mtu: int | None = None
    port_id: str = ""


@dataclass(frozen=True, slots=True)
class GuestSpec:
    """A guest as it is to be."""

    uuid: str
    name: str  # unique on the host: instance-0000002a or the like
    vcpus: int
    memory_mib: int
    disks: tuple[DiskSpec, ...] = ()
    nics: tuple[NicSpec, ...] = ()
    console_log: str = ""  # path; what the serial console said, appended
    serial_socket: str = ""  # path of a unix socket: the serial console itself
    vnc_socket: str = ""  # path of a unix socket; "": no display
    agent_socket: str = ""  # path of a unix socket: the guest agent's channel
    config_drive: str = ""  # path of an ISO image
    # Boot of a bare kernel (aki, ari): paths, and the kernel's command line.
    kernel: str = ""
    ramdisk: str = ""
    kernel_arguments: str = ""
    machine: GuestMachine = GuestMachine()
    # Shown to an operator who looks at the hypervisor; means nothing to it.
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HostInventory:
    """What this host has, for the scheduler and the hypervisor API."""

    hostname: str
    hypervisor_type: str  # QEMU, KVM, sim
    hypervisor_version: int  # major * 1,000,000 + minor * 1,000 + release
    vcpus: int
    memory_mib: int
    disk_gib: int
    disk_free_gib: int
    memory_used_mib: int
    architecture: str = "x86_64"
    cpu_model: str = ""
    cpu_vendor: str = ""
    cpu_features: tuple[str, ...] = ()
    cpu_cores: int = 1
    cpu_threads: int = 1
    cpu_sockets: int = 1
    booted_at: int = 0  # seconds of the epoch; 0: unknown
    lacks: tuple[Ability, ...] = ()  # what its guests cannot have


@dataclass(frozen=True, slots=True)
class DiskUsage:
    """What one disk has done since its guest started."""

    name: str
    read_bytes: int
    read_requests: int
    write_bytes: int
    write_requests: int
    errors: int  # -1: unknown


@dataclass(frozen=True, slots=True)
class NicUsage:
    """What one network card has done, as the guest counts (received: to it)."""

    mac: str
    received_bytes: int
    received_packets: int
    received_errors: int
    received_drops: int
    sent_bytes: int
    sent_packets: int
    sent_errors: int
    sent_drops: int


@dataclass(frozen=True, slots=True)
class GuestUsage:
    """Figures of one guest (the API's diagnostics)."""

    state: GuestState
    driver: str  # libvirt, sim
    hypervisor: str  # qemu, kvm, sim
    uptime_seconds: int
    cpu_nanoseconds: tuple[int, ...]  # for each virtual processor
    memory_max_mib: int
    memory_used_mib: int
    disks: tuple[DiskUsage, ...] = ()
    nics: tuple[NicUsage, ...] = ()


class GuestEventKind(StrEnum):
    """What happened to a guest."""

    STARTED = "started"
    STOPPED = "stopped"  # by itself or by us
    PAUSED = "paused"
    RESUMED = "resumed"
    SUSPENDED = "suspended"
    CRASHED = "crashed"
    REBOOTED = "rebooted"
    REMOVED = "removed"  # undefined


@dataclass(frozen=True, slots=True)
class GuestEvent:
    """Something happened; ask ``states`` for the truth."""

    uuid: str
    kind: GuestEventKind


@dataclass(frozen=True, slots=True)
class Landing:
    """Where a guest that moves while it runs will have its things at its destination.

    ``host``: how that is called; ``paths``: the guest's files and sockets by what they
    are (the names of ``GuestSpec``); ``disks``: its disks' files by their names;
    ``volumes``: by their names, the unix ``socket`` and the ``export`` of those that
    are served to both hosts.
    """

    host: str
    paths: Mapping[str, str] = field(default_factory=dict)
    disks: Mapping[str, str] = field(default_factory=dict)
    volumes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


class Opener(Protocol):
    """The way to the destination's sockets."""

    def __call__(self, name: str) -> Any:
        """A connected stream to the socket of that name there."""


@dataclass(frozen=True, slots=True)
class MoveProgress:
    """How far a guest's move is.  ``done``: it runs there, and is absent here."""

    done: bool
    figures: Mapping[str, int] = field(default_factory=dict)


class MoveFailed(Rejected):
    """The guest could not be moved; it runs here as before."""

    def __init__(self, text: str) -> None:
        super().__init__(409, text)
