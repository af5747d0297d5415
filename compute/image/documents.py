"""Images, members and tasks as the API's JSON."""

from __future__ import annotations

from typing import Any

from compute.core.instants import iso_z
from compute.core.jobs.store import DONE, FAILED, PENDING, RUNNING, Job
from compute.image.model import ACTIVE, DEACTIVATED, HASH_ALGORITHM, Image, Member

TASK_STATES = {
    PENDING: "pending",
    RUNNING: "processing",
    DONE: "success",
    FAILED: "failure",
}


def image_document(image: Image) -> dict[str, Any]:
    """One image; its free properties stand beside the attributes."""
    has_bytes = image.status in (ACTIVE, DEACTIVATED)
    document: dict[str, Any] = {
        **image.properties,
        "id": image.id,
        "name": image.name,
        "status": image.status,
        "visibility": image.visibility,
        "owner": image.owner or None,
        "protected": image.protected,
        "os_hidden": image.os_hidden,
        "size": image.size,
        "virtual_size": image.virtual_size if has_bytes else None,
        "checksum": image.checksum if has_bytes else None,
        "os_hash_algo": HASH_ALGORITHM if has_bytes else None,
        "os_hash_value": image.os_hash_value if has_bytes else None,
        "disk_format": image.disk_format,
        "container_format": image.container_format,
        "min_disk": image.min_disk,
        "min_ram": image.min_ram,
        "tags": list(image.tags),
        "created_at": iso_z(image.created_at),
        "updated_at": iso_z(image.updated_at),
        "self": f"/v2/images/{image.id}",
        "file": f"/v2/images/{image.id}/file",
        "schema": "/v2/schemas/image",
    }
    if has_bytes:
        document["stores"] = ",".join(sorted(image.stores))
    return document


def member_document(member: Member) -> dict[str, Any]:
    """One project that an image is shared with."""
    return {
        "member_id": member.member,
        "image_id": member.image_id,
        "status": member.status,
        "created_at": iso_z(member.created_at),
        "updated_at": iso_z(member.updated_at),
        "schema": "/v2/schemas/member",
    }


def task_document(job: Job) -> dict[str, Any]:
    """One import."""
    facts = job.arguments
    ended = job.state in (DONE, FAILED)
    return {
        "id": job.id,
        "type": "api_image_import",
        "status": TASK_STATES[job.state],
        "owner": facts["owner"],
        "user_id": facts["user_id"],
        "request_id": facts["request_id"],
        "image_id": job.subject_id,
        "input": {"image_id": job.subject_id, "import_req": facts["request"]},
        "result": {"image_id": job.subject_id} if job.state == DONE else None,
        "message": job.error,
        "created_at": iso_z(job.created_at),
        "updated_at": iso_z(job.updated_at),
        "expires_at": iso_z(job.updated_at + TASK_KEPT_SECONDS) if ended else None,
        "self": f"/v2/tasks/{job.id}",
        "schema": "/v2/schemas/task",
    }


TASK_KEPT_SECONDS = 48 * 3600.0
"""How long a finished import can still be looked at, as Glance does."""
