"""The files of a config drive: the metadata service's trees as they are at boot."""

from __future__ import annotations

import base64

import orjson

from compute.instance.metadata import ec2, openstack
from compute.instance.records import Server


def config_drive_files(server: Server, admin_password: str = "") -> dict[str, bytes]:
    """Path in the drive to content.  The administrator's password is on the drive
    only, until the server is started again: whoever can ask the metadata service need
    not be the administrator."""
    files: dict[str, bytes] = {}
    for version in (*openstack.VERSIONS, openstack.LATEST):
        for name in openstack.documents_of(server, version):
            if name == "password":  # only a service can take one
                continue
            content = openstack.document(server, version, name)
            assert content is not None
            if name == "meta_data.json" and admin_password:
                value = orjson.loads(content)
                content = orjson.dumps({**value, "admin_pass": admin_password})
            files[f"openstack/{version}/{name}"] = content
    for number, each in enumerate(server.personality):
        path = f"openstack/content/{number:04d}"
        files[path] = base64.b64decode(each["contents"])
    tree = ec2.meta_data(server)
    tree.pop("public-keys-names", None)
    for version in ("2009-04-04", "latest"):
        files[f"ec2/{version}/meta-data.json"] = orjson.dumps(tree)
        if server.user_data:
            files[f"ec2/{version}/user-data"] = openstack.user_data(server)
    return files
