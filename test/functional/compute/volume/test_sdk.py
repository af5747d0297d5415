"""openstacksdk, unmodified: what it finds, and bytes through a real export."""

from __future__ import annotations

import subprocess
from uuid import uuid4

from test.functional.compute.house import RunningCloud

GIB = 2**30


def test_the_catalogue_leads_there(cloud: RunningCloud) -> None:
    sdk = cloud.sdk()
    for name in ("block-storage", "volumev3"):
        assert "/volume/v3" in sdk.session.get_endpoint(service_type=name)
    assert sdk.block_storage.get_endpoint_data().max_microversion == (3, 71)
    names = {each.name for each in sdk.block_storage.types()}
    assert "__DEFAULT__" in names
    assert sdk.block_storage.get_limits().absolute.total_volumes_used >= 0
    assert any(each.alias == "backups" for each in sdk.block_storage.extensions())


def test_volumes_snapshots_and_lists(cloud: RunningCloud) -> None:
    storage = cloud.sdk().block_storage
    made = [storage.create_volume(size=1, name=f"sdk-{n}") for n in range(3)]
    for volume in made:
        storage.wait_for_status(volume, "available", interval=0.2, wait=60)
    found = storage.volumes(details=True, limit=2, name="sdk-1")
    assert [each.id for each in found] == [made[1].id]
    everything = {each.id for each in storage.volumes(limit=1)}
    assert {each.id for each in made} <= everything
    snapshot = storage.create_snapshot(volume_id=made[0].id, name="sdk-snapshot")
    storage.wait_for_status(snapshot, "available", interval=0.2, wait=60)
    storage.extend_volume(made[1], 2)
    # The record in hand still says available.
    grown = storage.get_volume(made[1])
    storage.wait_for_status(grown, "available", interval=0.2, wait=60)
    assert storage.get_volume(made[1]).size == 2
    storage.delete_snapshot(snapshot)
    storage.wait_for_delete(snapshot, interval=0.2, wait=60)
    for volume in made:
        storage.delete_volume(volume)
    for volume in made:
        storage.wait_for_delete(volume, interval=0.2, wait=60)


def test_bytes_through_an_export(cloud: RunningCloud) -> None:
    sdk = cloud.sdk()
    storage = sdk.block_storage
    volume = storage.create_volume(size=1, name="sdk-exported")
    storage.wait_for_status(volume, "available", interval=0.2, wait=60)
    (pool,) = storage.backend_pools()
    host = pool.name.partition("@")[0]
    attachment = storage.create_attachment(
        volume, instance_id=str(uuid4()), connector={"host": host}, mode="rw"
    )
    info = attachment.connection_info
    assert info["driver_volume_type"] == "nbd" and info["transport"] == "unix"
    url = f"nbd+unix:///{info['export']}?socket={info['socket_path']}"
    write = ["qemu-io", "-f", "raw", "-c", "write -P 7 1M 64k", "-c", "flush", url]
    subprocess.run(write, check=True, capture_output=True)
    storage.complete_attachment(attachment)
    assert storage.get_volume(volume).status == "in-use"
    snapshot = storage.create_snapshot(volume_id=volume.id, force=True)
    storage.wait_for_status(snapshot, "available", interval=0.2, wait=60)
    read = ["qemu-io", "-f", "raw", "-c", "read -P 7 1M 64k", url]
    said = subprocess.run(read, check=True, capture_output=True, text=True).stdout
    assert "read 65536" in said and "failed" not in said
    storage.delete_attachment(attachment)
    said = subprocess.run(read, capture_output=True, text=True)
    assert said.returncode != 0
    storage.delete_snapshot(snapshot)
    storage.wait_for_delete(snapshot, interval=0.2, wait=60)
    storage.delete_volume(volume)
    storage.wait_for_delete(volume, interval=0.2, wait=60)


def test_a_type_of_another_backend_is_told_in_a_message(cloud: RunningCloud) -> None:
    storage = cloud.sdk().block_storage
    kind = storage.create_type(name="sdk-gold", extra_specs={"vendor_name": "Nobody"})
    volume = storage.create_volume(size=1, volume_type=kind.name)
    assert storage.get_volume(volume).status == "error"
    asked = {"resource_uuid": volume.id}
    version = "3.5"
    told = storage.get("/messages", params=asked, microversion=version).json()
    (message,) = told["messages"]
    assert message["resource_uuid"] == volume.id and message["user_message"]
    storage.delete_volume(volume)
    storage.wait_for_delete(volume, interval=0.2, wait=60)
    storage.delete_type(kind)


def test_a_backups_record_is_exported(cloud: RunningCloud) -> None:
    storage = cloud.sdk().block_storage
    volume = storage.create_volume(size=1, name="sdk-recorded")
    storage.wait_for_status(volume, "available", interval=0.2, wait=60)
    backup = storage.create_backup(volume_id=volume.id)
    storage.wait_for_status(backup, "available", interval=0.2, wait=60)
    record = storage.export_backup(backup)
    taken = storage.post("/backups/import_record", json=record)
    assert (
        taken.status_code == 400 and "exists" in taken.json()["badRequest"]["message"]
    )
    storage.delete_backup(backup)
    storage.wait_for_delete(backup, interval=0.2, wait=60)
    # Its bytes are gone: the record alone is not the backup.
    assert storage.post("/backups/import_record", json=record).status_code == 201
    storage.delete_backup(backup)
    storage.wait_for_delete(backup, interval=0.2, wait=60)
    storage.delete_volume(volume)
    storage.wait_for_delete(volume, interval=0.2, wait=60)


def test_groups(cloud: RunningCloud) -> None:
    storage = cloud.sdk().block_storage
    kind = storage.create_group_type(name="sdk-kind", group_specs={"note": "x"})
    (volume_type,) = [each for each in storage.types() if each.name == "__DEFAULT__"]
    group = storage.create_group(
        name="sdk-group", group_type=kind.id, volume_types=[volume_type.id]
    )
    made = [
        storage.create_volume(size=1, name=f"sdk-member-{n}", group_id=group.id)
        for n in range(2)
    ]
    for volume in made:
        storage.wait_for_status(volume, "available", interval=0.2, wait=60)
        assert storage.get_volume(volume).group_id == group.id
    snapshot = storage.create_group_snapshot(name="sdk-moment", group_id=group.id)
    storage.wait_for_status(snapshot, "available", interval=0.2, wait=60)
    parts = [each for each in storage.snapshots() if each.group_snapshot_id]
    assert {each.volume_id for each in parts} == {each.id for each in made}
    again = storage.create_group_from_source(
        group_snapshot_id=snapshot.id, source_group_id=None, name="sdk-again"
    )
    storage.wait_for_status(again, "available", interval=0.2, wait=60)
    storage.delete_group(again, delete_volumes=True)
    storage.wait_for_delete(again, interval=0.2, wait=60)
    storage.delete_group_snapshot(snapshot)
    storage.wait_for_delete(snapshot, interval=0.2, wait=60)
    storage.delete_group(group, delete_volumes=True)
    storage.wait_for_delete(group, interval=0.2, wait=60)
    storage.delete_group_type(kind)
    assert not list(storage.groups()) and not list(storage.volumes())
