"""Keys of encrypted volumes and backups: in the key manager, one for each.

The id of a key is chosen with its volume's row, and the key made under it by the job
that makes the volume: whoever dies in between leaves no key that nobody knows.  The
volume is the key's consumer; a copy of a volume has a copy of its key, so that each
may be deleted with its own.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from compute.core.errors import NotFound
from compute.core.rooms.absent import ServiceAbsent
from compute.core.sql.database import Connection
from compute.secret.client import NewKey, SecretClient, Use
from compute.volume.encryption import Cipher, DiskKey, cipher_of, passphrase_of
from compute.volume.records import Backup, TypeEncryption, Volume
from compute.volume.stores.rows import Rows

SERVICE = "block-storage"
Keyed = Volume | Backup


class Keys:
    """See the module."""

    def __init__(self, secrets: SecretClient) -> None:
        self._secrets = secrets

    def make(self, owner: Keyed, key_id: str, cipher: Cipher) -> None:
        """A new key; once, however often it is said.  ``Rejected``."""
        self._secrets.make_key(self._wanted(owner, key_id, cipher.key_bits))

    def copy(self, owner: Keyed, key_id: str, source: Keyed) -> None:
        """The same key as that of what it is copied from."""
        wanted = self._wanted(owner, key_id, 0, source)
        self._secrets.make_key(wanted)

    def drop(self, owner: Keyed, key_id: str) -> None:
        """It goes with its volume; fine when it is gone, and where there is no key
        manager that could have it."""
        if key_id:
            with suppress(NotFound, ServiceAbsent):
                self._secrets.drop_key(key_id, _use(owner))

    def passphrase(self, owner: Keyed) -> str:
        """What opens the volume.  ``NotFound`` when somebody deleted the key."""
        reference = f"/v1/secrets/{owner.encryption_key_id}"
        return passphrase_of(self._secrets.entrusted_payload(reference, _use(owner)))

    def disk_key(self, owner: Keyed, cipher: Cipher) -> DiskKey:
        """What a new disk is made with."""
        return DiskKey(cipher, self.passphrase(owner))

    def _wanted(
        self, owner: Keyed, key_id: str, bits: int, source: Keyed | None = None
    ) -> NewKey:
        kind = _kind(owner)
        wanted = NewKey(
            id=key_id,
            project_id=owner.project_id,
            user_id=owner.user_id,
            name=f"{kind} {owner.id}",
            use=_use(owner),
            mode="xts",
        )
        if source is None:
            return replace(wanted, bit_length=bits)
        return replace(wanted, source_id=source.encryption_key_id, source=_use(source))


def kept_cipher(
    connection: Connection, rows: Rows[TypeEncryption], type_id: str
) -> Cipher | None:
    """How volumes of a type are encrypted; None: not at all.  ``BadRequest`` where that
    cannot be kept."""
    found = rows.get(connection, type_id)
    return None if found is None else cipher_of(found)


def _kind(owner: Keyed) -> str:
    return "volume" if isinstance(owner, Volume) else "backup"


def _use(owner: Keyed) -> Use:
    return Use(SERVICE, _kind(owner), owner.id)
