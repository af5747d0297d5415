"""What is on a config drive: metadata in files, as OpenStack and EC2 lay them out.

Pure: dicts in, file contents out; ``disks.iso`` writes them to an ISO 9660 image
labelled ``config-2``, which is how guests find it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

Document = Mapping[str, Any]

# cloud-init takes the newest of the dated trees it knows, else "latest".
_OPENSTACK_VERSIONS = ("2018-08-27", "latest")
_EC2_VERSIONS = ("2009-04-04", "latest")
# Injected files: as many, and as large together, as their quota at most.
FILES_MAX = 100


def content(
    meta_data: Document,
    *,
    network_data: Document,
    vendor_data: Document | None = None,
    vendor_data2: Document | None = None,
    user_data: bytes = b"",
    ec2_meta_data: Document | None = None,
    injected_files: Sequence[tuple[str, bytes]] = (),
) -> dict[str, bytes]:
    """The drive's files by path.

    ``user_data``: decoded, as its owner wrote it; no file when empty.
    ``injected_files``: (path in the guest, content); listed in the metadata.
    """
    if len(injected_files) > FILES_MAX:
        raise ValueError("more files than any quota allows")
    meta = dict(meta_data)
    files: dict[str, bytes] = {}
    if injected_files:
        meta["files"] = [
            {"path": path, "content_path": f"/content/{number:04d}"}
            for number, (path, _) in enumerate(injected_files)
        ]
        for number, (_, data) in enumerate(injected_files):
            files[f"openstack/content/{number:04d}"] = data
    for version in _OPENSTACK_VERSIONS:
        base = f"openstack/{version}"
        files[f"{base}/meta_data.json"] = _json(meta)
        files[f"{base}/network_data.json"] = _json(network_data)
        files[f"{base}/vendor_data.json"] = _json(vendor_data or {})
        files[f"{base}/vendor_data2.json"] = _json(vendor_data2 or {})
        if user_data:
            files[f"{base}/user_data"] = user_data
    if ec2_meta_data is not None:
        for version in _EC2_VERSIONS:
            files[f"ec2/{version}/meta-data.json"] = _json(ec2_meta_data)
            if user_data:
                files[f"ec2/{version}/user-data"] = user_data
    return files


def _json(document: Document) -> bytes:
    return json.dumps(document, sort_keys=True).encode()
