"""The volume room under the same garbage (see ``test_garbage``)."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from compute.core.api.frame import Api
from test.fakes.tokens import fake_token
from test.unit.compute.garbage.bodies import Bodies
from test.unit.compute.garbage.test_garbage import Victim, throw_all
from test.unit.compute.volume.house import OWNER, House

V, S, B = "/v3/volumes", "/v3/snapshots", "/v3/backups"
_ACTIONS = (
    {"os-extend": {"new_size": 2}},
    {"os-reset_status": {"status": "available", "attach_status": "detached"}},
    {"os-set_bootable": {"bootable": True}},
    {"os-update_readonly_flag": {"readonly": "true"}},
    {"os-retype": {"new_type": "__DEFAULT__", "migration_policy": "never"}},
    {"revert": {"snapshot_id": "SNAPSHOT"}},
    {"os-volume_upload_image": {"image_name": "i", "force": True, "protected": "1"}},
    {"os-set_image_metadata": {"metadata": {"a": "b"}}},
    {"os-unset_image_metadata": {"key": "a"}},
    {"os-show_image_metadata": {}},
    {"os-reserve": {}},
    {"os-unreserve": {}},
    {"os-begin_detaching": {}},
    {"os-roll_detaching": {}},
    {"os-attach": {"instance_uuid": "VOLUME", "mountpoint": "/dev/vdb", "mode": "rw"}},
    {"os-detach": {"attachment_id": "VOLUME"}},
    {"os-initialize_connection": {"connector": {"host": "h", "ip": "x"}}},
    {"os-terminate_connection": {"connector": {"host": "h"}}},
    {"os-force_delete": {}},
)
_TEXTS = {"name": "n", "description": "d", "metadata": {"a": "b"}}
BODIES: Bodies = {
    ("POST", V): [
        {
            "volume": {
                **_TEXTS,
                "size": 1,
                "volume_type": "__DEFAULT__",
                "availability_zone": "nova",
                "imageRef": "VOLUME",
                "snapshot_id": "SNAPSHOT",
                "source_volid": "VOLUME",
                "backup_id": "BACKUP",
                "multiattach": False,
            }
        },
        {"volume": {"size": 1, "snapshot_id": "SNAPSHOT"}},
    ],
    ("PUT", V + "/{volume_id}"): [{"volume": _TEXTS}],
    ("POST", V + "/{volume_id}/action"): list(_ACTIONS),
    ("POST", V + "/{volume_id}/metadata"): [{"metadata": {"a": "b"}}],
    ("PUT", V + "/{volume_id}/metadata/{key}"): [{"meta": {"x": "b"}}],
    ("POST", S): [{"snapshot": {**_TEXTS, "volume_id": "VOLUME", "force": True}}],
    ("PUT", S + "/{snapshot_id}"): [{"snapshot": {"name": "n"}}],
    ("POST", S + "/{snapshot_id}/action"): [{"os-reset_status": {"status": "error"}}],
    ("POST", B): [
        {
            "backup": {
                **_TEXTS,
                "volume_id": "VOLUME",
                "snapshot_id": "SNAPSHOT",
                "incremental": True,
                "force": True,
            }
        }
    ],
    ("PUT", B + "/{backup_id}"): [{"backup": _TEXTS}],
    ("POST", B + "/{backup_id}/restore"): [
        {"restore": {"volume_id": "VOLUME", "name": "n"}}
    ],
    ("POST", B + "/{backup_id}/action"): [{"os-reset_status": {"status": "error"}}],
    ("POST", "/v3/attachments"): [
        {
            "attachment": {
                "volume_uuid": "VOLUME",
                "instance_uuid": "VOLUME",
                "connector": {"host": "h"},
                "mode": "rw",
            }
        }
    ],
    ("PUT", "/v3/attachments/{attachment_id}"): [
        {"attachment": {"connector": {"host": "h", "mountpoint": "/dev/vdb"}}}
    ],
    ("POST", "/v3/types"): [
        {"volume_type": {"name": "t", "is_public": True, "extra_specs": {"a": "b"}}}
    ],
    ("PUT", "/v3/types/{type_id}"): [{"volume_type": {"name": "t2"}}],
    ("POST", "/v3/types/{type_id}/extra_specs"): [{"extra_specs": {"a": 1}}],
    ("PUT", "/v3/types/{type_id}/extra_specs/{key}"): [{"x": "b"}],
    ("POST", "/v3/types/{type_id}/encryption"): [
        {"encryption": {"provider": "luks", "control_location": "front-end"}}
    ],
    ("POST", "/v3/types/{type_id}/action"): [{"addProjectAccess": {"project": "p"}}],
    ("PUT", "/v3/default-types/{owner}"): [{"default_type": {"volume_type": "t"}}],
    ("POST", "/v3/qos-specs"): [
        {"qos_specs": {"name": "q", "consumer": "both", "iops": 1}}
    ],
    ("POST", "/v3/volume-transfers"): [
        {"transfer": {"volume_id": "VOLUME", "name": "t", "no_snapshots": False}}
    ],
    ("PUT", "/v3/os-quota-sets/{owner}"): [{"quota_set": {"volumes": 100}}],
    ("PUT", "/v3/os-quota-class-sets/{name}"): [{"quota_class_set": {"volumes": 9}}],
    ("PUT", "/v3/os-services/{action}"): [
        {"host": "here", "binary": "b", "disabled_reason": "r"}
    ],
}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    found = House(tmp_path)
    yield found
    found.close()


def test_volume(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    volume = house.create()
    snapshot, backup = house.snapshot(volume), house.backup(volume)
    ids = {"volume_id": volume, "snapshot_id": snapshot, "backup_id": backup}
    ids |= {"VOLUME": volume, "SNAPSHOT": snapshot, "BACKUP": backup, "owner": OWNER}
    api = house.room.application
    assert isinstance(api, Api)
    routes = tuple(each for each in api.routes if "{project_id}" not in each.template)
    token = fake_token(OWNER, "admin,service")
    versions = ("volume 3.0", "volume 3.50", "volume 3.71")
    victim = Victim(routes, house.caller, token, BODIES, ids, versions)
    assert throw_all(victim, caplog) == []
