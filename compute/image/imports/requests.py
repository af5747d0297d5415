"""Asking for imports, and looking at how they go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from compute.core.context import RequestContext
from compute.core.errors import BadRequest, Conflict, NotFound
from compute.core.jobs.store import Job
from compute.core.sql.database import Connection
from compute.image import rules, store
from compute.image.imports.web import Web
from compute.image.model import IMPORTING, IMPORTING_TO, LIVE, Image
from compute.image.parts import Parts
from compute.image.tables import jobs

KIND = "image.import"
QUEUE = "image"
GLANCE_DIRECT, WEB_DOWNLOAD, COPY = "glance-direct", "web-download", "copy-image"
# Of another image; its name is of times when that was always another region's.
OF_IMAGE = "glance-download"
METHODS = (GLANCE_DIRECT, WEB_DOWNLOAD, COPY, OF_IMAGE)
# Properties that say what is in the bytes, so they come with them.
OF_BYTES = ("hw_", "trait:", "os_distro", "os_secure_boot", "os_type")
TASKS_MAX = 1000


class ImportService:
    """Requests become jobs; ``worker`` does them."""

    def __init__(self, parts: Parts, web: Web) -> None:
        self._parts = parts
        self._web = web

    def begin(
        self,
        context: RequestContext,
        image_id: str,
        request: Mapping[str, Any],
        store_id: str = "",
    ) -> str:
        """Write the job; the task's id.  ``store_id``: the header's choice."""
        method = self._checked_method(request["method"])
        targets = self._targets(request, store_id)
        parts = self._parts

        def write(connection: Connection) -> str:
            image = parts.seen(connection, context, image_id)
            rule = "copy_image" if method == COPY else "modify_image"
            rules.check_may(parts.policy, context, rule, image)
            if method == OF_IMAGE:
                like = self._like_its_source(connection, context, image, request)
                image = store.save(connection, image, like)
            rules.check_import(image, method)
            if parts.jobs.open_of(connection, image_id):
                raise Conflict("Image has active task")
            parts.bytes_left(connection, image.owner)
            wanted = _missing(image, targets) if method == COPY else list(targets)
            if not wanted:
                raise Conflict("The image is in these stores already")
            self._mark(connection, image, method, wanted)
            return self._add_job(connection, context, image, request, wanted)

        task_id = parts.change(write)
        parts.wake_imports()
        return task_id

    def tasks_of(self, context: RequestContext, image_id: str) -> list[Job]:
        """The image's imports, the newest first."""
        parts = self._parts

        def find(connection: Connection) -> list[Job]:
            image = parts.seen(connection, context, image_id)
            rules.check_may(parts.policy, context, "get_task", image)
            return _jobs(connection, jobs.c.subject_id == image_id)

        return parts.read(find)

    def tasks(self, context: RequestContext) -> list[Job]:
        """All imports, for administrators."""
        self._parts.policy.enforce(context, "tasks_api_access")
        return self._parts.read(_jobs)

    def task(self, context: RequestContext, task_id: str) -> Job:
        """One of them."""
        for job in self.tasks(context):
            if job.id == task_id:
                return job
        raise NotFound(f"Task not found for task_id {task_id}")

    # ---- inside ----------------------------------------------------------------

    def _checked_method(self, method: Mapping[str, Any]) -> str:
        name = str(method["name"])
        if name not in self._parts.settings.import_methods or name not in METHODS:
            raise BadRequest(f"Unknown import method name '{name}'.")
        if name == WEB_DOWNLOAD:
            if "uri" not in method:
                raise BadRequest("URI is required for web-download import method")
            self._web.check(method["uri"])
        if name == OF_IMAGE:
            self._check_region(method)
        return name

    def _check_region(self, method: Mapping[str, Any]) -> None:
        for field in ("glance_image_id", "glance_region"):
            if field not in method:
                raise BadRequest(f"{field} is required for {OF_IMAGE} import method")
        if method["glance_region"] != self._parts.region:
            text = f"The only region whose images are taken is {self._parts.region}"
            raise BadRequest(text)
        try:
            UUID(method["glance_image_id"])
        except ValueError:
            text = "glance_image_id: the image id does not look like a UUID"
            raise BadRequest(text) from None

    def _like_its_source(
        self,
        connection: Connection,
        context: RequestContext,
        image: Image,
        request: Mapping[str, Any],
    ) -> Image:
        """The image, with the formats of the one whose bytes it takes, and what that
        one says of them.  The caller must be one who may read those bytes."""
        parts = self._parts
        source_id = request["method"]["glance_image_id"]
        source = parts.seen(connection, context, source_id)
        rules.check_may(parts.policy, context, "download_image", source)
        rules.check_readable(source, context.has_role("admin"))
        if not source.in_state(LIVE):
            raise Conflict(f"Image {source_id} has no bytes to be taken")
        told = {
            name: value
            for name, value in source.properties.items()
            if name.startswith(OF_BYTES)
        }
        like = replace(
            image,
            disk_format=source.disk_format,
            container_format=source.container_format,
            properties={**image.properties, **told},
        )
        rules.check_limits(like)
        return like

    def _targets(self, request: Mapping[str, Any], store_id: str) -> Sequence[str]:
        parts = self._parts
        if request.get("all_stores"):
            if "stores" in request:
                raise BadRequest("all_stores cannot be used together with stores")
            return [s.id for s in parts.stores.values() if not s.is_read_only]
        asked = request.get("stores") or [store_id or parts.default_store]
        return [parts.writable_store(name).id for name in asked]

    def _mark(
        self, connection: Connection, image: Image, method: str, wanted: Sequence[str]
    ) -> None:
        now = self._parts.now()
        after = image if method == COPY else rules.moved(image, IMPORTING, now)
        properties = {**after.properties, IMPORTING_TO: ",".join(wanted)}
        store.save(
            connection, image, replace(after, properties=properties, updated_at=now)
        )

    def _add_job(
        self,
        connection: Connection,
        context: RequestContext,
        image: Image,
        request: Mapping[str, Any],
        wanted: Sequence[str],
    ) -> str:
        task_id = self._parts.identifiers.uuid()
        self._parts.jobs.add(
            connection,
            job_id=task_id,
            kind=KIND,
            queue=QUEUE,
            subject_id=image.id,
            arguments={
                "owner": image.owner,
                "user_id": context.user_id,
                "request_id": context.request_id,
                "request": dict(request),
                "stores": list(wanted),
            },
            now=self._parts.now(),
        )
        return task_id


def _missing(image: Image, targets: Sequence[str]) -> list[str]:
    there = {data.store for data in image.in_state(LIVE)}
    return [target for target in targets if target not in there]


def _jobs(connection: Connection, *where: sa.ColumnElement[bool]) -> list[Job]:
    query = jobs.select().where(*where).order_by(jobs.c.created_at.desc(), jobs.c.id)
    rows = connection.execute(query.limit(TASKS_MAX))
    return [Job(**row._mapping) for row in rows]
