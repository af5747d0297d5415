"""Imports and their tasks."""

from __future__ import annotations

from compute.core.api.frame import ApiCall, Route, json_reply
from compute.image.api.data import STORE_HEADER
from compute.image.documents import task_document
from compute.image.imports.requests import ImportService
from compute.image.schemas import IMPORT
from objectstore.kernel.reply import Reply


class ImportsApi:
    """Handlers of the routes below."""

    def __init__(self, imports: ImportService) -> None:
        self._imports = imports

    def routes(self) -> list[Route]:
        """Where they answer."""
        return [
            Route("POST", "/v2/images/{image_id}/import", self._import),
            Route("GET", "/v2/images/{image_id}/tasks", self._tasks_of),
            Route("GET", "/v2/tasks", self._tasks),
            Route("GET", "/v2/tasks/{task_id}", self._task),
        ]

    def _import(self, call: ApiCall) -> Reply:
        image_id = call.parameters["image_id"]
        self._imports.begin(
            call.context, image_id, call.json(IMPORT), call.header(STORE_HEADER)
        )
        location = ("Location", f"{call.base_url}/v2/images/{image_id}")
        return Reply(202, b"", [location])

    def _tasks_of(self, call: ApiCall) -> Reply:
        found = self._imports.tasks_of(call.context, call.parameters["image_id"])
        return json_reply(200, {"tasks": [task_document(job) for job in found]})

    def _tasks(self, call: ApiCall) -> Reply:
        found = self._imports.tasks(call.context)
        document = {
            "tasks": [task_document(job) for job in found],
            "first": "/v2/tasks",
            "schema": "/v2/schemas/tasks",
        }
        return json_reply(200, document)

    def _task(self, call: ApiCall) -> Reply:
        found = self._imports.task(call.context, call.parameters["task_id"])
        return json_reply(200, task_document(found))
