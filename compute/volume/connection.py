"""How a host reaches a volume's bytes: who asks (*connector*), and the answer.

The bytes are always an NBD export.  ``unix``: a socket of the volume host, for guests
of the very same host.  ``tcp``: a TLS session with a key of this attachment alone.
QEMU's own NBD client speaks TLS with pre-shared keys and libvirt's XML cannot ask for
it, so a guest's host puts a relay in front, which gives libvirt a unix socket again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

NBD = "nbd"
UNIX, TCP = "unix", "tcp"
READ_WRITE, READ_ONLY = "rw", "ro"
PSK_IDENTITY = "qemu"
"""Who the client of an export says that it is, in TLS."""


@dataclass(frozen=True, slots=True)
class Connector:
    """The host that wants the bytes.  ``host``: its name in the cloud; ``address``:
    where it answers, told to operators; ``instance``: the server that it is for."""

    host: str
    address: str = ""
    instance: str = ""
    mountpoint: str = ""

    def document(self) -> dict[str, Any]:
        """As the API takes it."""
        found = {
            "host": self.host,
            "ip": self.address,
            "instance": self.instance,
            "mountpoint": self.mountpoint,
        }
        return {key: value for key, value in found.items() if value}


@dataclass(frozen=True, slots=True)
class ConnectionInfo:
    """One attachment's way to the bytes.

    ``transport`` ``unix``: ``socket_path``.  ``tcp``: ``host`` and ``port``, and TLS
    with ``psk_identity`` and ``psk_hex``, a secret.  ``export``: the export's name in
    either case.  ``access``: ``rw`` or ``ro``.  ``serial``: what the guest should see
    as the disk's serial number, the volume's id.  ``limits``: how fast the guest's
    host is to let it be, by the names of ``qos.LIMITS``.  ``is_encrypted``: the bytes
    are LUKS, and whoever has them asks for the passphrase apart; ``size_bytes`` is
    what is left without its header.  ``is_shared``: other guests may have it too.
    """

    volume_id: str
    export: str
    transport: str
    socket_path: str = ""
    host: str = ""
    port: int = 0
    psk_identity: str = ""
    psk_hex: str = field(default="", repr=False)
    access: str = READ_WRITE
    size_bytes: int = 0
    attachment_id: str = ""
    limits: Mapping[str, int] = field(default_factory=dict)
    is_encrypted: bool = False
    is_shared: bool = False

    @property
    def serial(self) -> str:
        """The disk's serial number."""
        return self.volume_id

    @property
    def is_read_only(self) -> bool:
        """Whether the guest may not write."""
        return self.access == READ_ONLY

    def document(self) -> dict[str, Any]:
        """Flat, as an attachment shows it."""
        found: dict[str, Any] = {
            "driver_volume_type": NBD,
            "volume_id": self.volume_id,
            "attachment_id": self.attachment_id,
            "export": self.export,
            "transport": self.transport,
            "access_mode": self.access,
            "size_bytes": self.size_bytes,
            "discard": True,
            "encrypted": self.is_encrypted,
            "multiattach": self.is_shared,
            "qos_specs": dict(self.limits) or None,
        }
        if self.transport == UNIX:
            return {**found, "socket_path": self.socket_path}
        return {
            **found,
            "host": self.host,
            "port": self.port,
            "psk_identity": self.psk_identity,
            "psk": self.psk_hex,
        }


def connection_of(document: Mapping[str, Any]) -> ConnectionInfo:
    """Of an attachment's flat document, or of ``{driver_volume_type, data}``.

    Raises ``ValueError`` for a way that is not ours."""
    kind = document.get("driver_volume_type")
    if kind != NBD:
        raise ValueError(f"a volume is reached by {kind!r}, which is not known")
    data = document.get("data", document)
    return ConnectionInfo(
        volume_id=data["volume_id"],
        export=data["export"],
        transport=data["transport"],
        socket_path=data.get("socket_path", ""),
        host=data.get("host", ""),
        port=data.get("port", 0),
        psk_identity=data.get("psk_identity", ""),
        psk_hex=data.get("psk", ""),
        access=data["access_mode"],
        size_bytes=data["size_bytes"],
        attachment_id=data.get("attachment_id", ""),
        limits=data.get("qos_specs") or {},
        is_encrypted=bool(data.get("encrypted")),
        is_shared=bool(data.get("multiattach")),
    )
