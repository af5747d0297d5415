"""Keys of encrypted volumes, made and dropped with their volumes by the jobs."""

from __future__ import annotations

from hmac import compare_digest

from compute.core.jobs.saga import GiveUp
from compute.core.sql.database import Connection
from compute.volume.encryption import Cipher, DiskKey
from compute.volume.jobs.work import Work, for_good
from compute.volume.keys import kept_cipher
from compute.volume.records import Volume


def make_volume_key(work: Work) -> None:
    """The key of an encrypted volume is there: a new one, or that of what it is copied
    from."""
    volume = work.volume()
    if not volume.is_encrypted:
        return
    if source_id := str(work.argument("key_of")):
        copy_key(work, volume, source_id)
    elif cipher := _cipher(work, volume):
        with for_good():
            work.parts.keys.make(volume, volume.encryption_key_id, cipher)


def copy_key(work: Work, volume: Volume, source_id: str) -> None:
    """A volume's key is that of the volume that it is copied from."""
    with for_good():
        source = _source(work, source_id)
        work.parts.keys.copy(volume, volume.encryption_key_id, source)


def drop_volume_key(work: Work) -> None:
    """It is of no use any more."""
    rows, key = work.parts.stores.volumes, str(work.argument("volume_id"))
    volume = work.parts.database.read(lambda connection: rows.get(connection, key))
    if volume is not None:
        work.parts.keys.drop(volume, volume.encryption_key_id)


def new_disk_key(work: Work) -> DiskKey | None:
    """What the job's volume's disk is made with; None: in clear."""
    volume = work.volume()
    cipher = _cipher(work, volume) if volume.is_encrypted else None
    return None if cipher is None else work.parts.keys.disk_key(volume, cipher)


# ---- backups ---------------------------------------------------------------------


def make_backup_key(work: Work) -> None:
    """An encrypted backup outlives its volume, and its volume's key."""
    backup = work.backup()
    if backup.encryption_key_id:
        volume = work.volume()
        with for_good():
            work.parts.keys.copy(backup, backup.encryption_key_id, volume)


def drop_backup_key(work: Work) -> None:
    """The backup is no more."""
    rows, key = work.parts.stores.backups, str(work.argument("backup_id"))
    backup = work.parts.database.read(lambda connection: rows.get(connection, key))
    if backup is not None:
        work.parts.keys.drop(backup, backup.encryption_key_id)


def make_restored_key(work: Work) -> None:
    """The backup's key, for the volume that gets its bytes."""
    if key_id := str(work.argument("key_id")):
        with for_good():
            _check_snapshots(work)
            work.parts.keys.copy(work.volume(), key_id, work.backup())


def _check_snapshots(work: Work) -> None:
    """They are opened by their volume's key, which is not that of the volume's older
    backups when another volume's was restored in between."""
    volume, parts = work.volume(), work.parts
    taken = parts.database.read(
        lambda it: parts.stores.snapshots.all(it, volume_id=volume.id)
    )
    if not taken:
        return
    keys = [parts.keys.passphrase(each) for each in (volume, work.backup())]
    if not compare_digest(*keys):
        raise GiveUp("nothing would open the volume's snapshots any more")


def drop_restored_key(work: Work) -> None:
    """The bytes did not come."""
    work.parts.keys.drop(work.volume(), str(work.argument("key_id")))


def use_restored_key(work: Work) -> None:
    """The bytes came: the key that the volume had opens nothing any more."""
    key_id, parts = str(work.argument("key_id")), work.parts
    if not key_id:
        return
    before = work.volume()
    if before.encryption_key_id == key_id:
        return
    parts.keys.drop(before, before.encryption_key_id)

    def write(connection: Connection) -> None:
        rows = parts.stores.volumes
        volume = rows.get(connection, before.id)
        if volume is not None:
            rows.change(connection, volume, encryption_key_id=key_id)

    parts.change(write)


def _source(work: Work, volume_id: str) -> Volume:
    rows = work.parts.stores.volumes
    found = work.parts.database.read(lambda it: rows.get(it, volume_id))
    if found is None:
        raise GiveUp(f"volume {volume_id} is gone")
    return found


def _cipher(work: Work, volume: Volume) -> Cipher | None:
    rows = work.parts.stores.type_encryptions
    return work.parts.database.read(
        lambda connection: kept_cipher(connection, rows, volume.type_id)
    )
