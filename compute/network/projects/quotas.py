"""Quotas over HTTP: how many things each project may have."""

from __future__ import annotations

from typing import Any

from compute.core.api.frame import ApiCall, Route, empty_reply, json_reply
from compute.core.api.schema import Schema
from compute.core.errors import NotFound
from compute.network import tables
from compute.network.errors import invalid, not_found
from compute.network.frame.bodies import Body
from compute.network.frame.quota import (
    COUNTED,
    UNLIMITED,
    default_limits,
    limits_of,
    reserved,
    used,
)
from compute.network.frame.resource import OWNERS
from compute.network.frame.short_lists import short_list
from compute.network.frame.work import NetworkDatabase, Work
from objectstore.kernel.reply import Reply

LIMIT_MAX = 2**31 - 1
QUOTA = Schema(
    {
        "type": "object",
        "properties": {
            "quota": {
                "type": "object",
                "properties": {
                    **{
                        name: {"type": "integer", "minimum": -1, "maximum": LIMIT_MAX}
                        for name in COUNTED
                    },
                    # Told by some clients beside the limits; the path says it.
                    "tenant_id": {"type": "string"},
                    # Limits below what the project has are refused, unless forced.
                    "check_limit": {"type": ["boolean", "null"]},
                    "force": {"type": ["boolean", "null"]},
                    "project_id": {"type": "string"},
                },
                "additionalProperties": False,
            }
        },
        "required": ["quota"],
    }
)


class QuotaApi:
    """The routes of quotas."""

    def __init__(self, database: NetworkDatabase) -> None:
        self._database = database

    def routes(self) -> list[Route]:
        """All of them."""
        one = "/v2.0/quotas/{project_id}"
        return [
            Route("GET", "/v2.0/quotas", self.list),
            Route("GET", "/v2.0/quotas/tenant", self.own_project),
            Route("GET", "/v2.0/quotas/project", self.own_project),
            Route("GET", one, self.show),
            Route("PUT", one, self.update),
            Route("DELETE", one, self.delete),
            Route("GET", one + "/default", self.default),
            Route("GET", one + "/details", self.details),
            # Neutron's own extension has the suffix in its path.
            Route("GET", one + "/details.json", self.details),
        ]

    def list(self, call: ApiCall) -> Reply:
        """Every project that has limits of its own."""

        def work_on(work: Work) -> list[Body]:
            work.policy.enforce(work.context, "get_quotas")
            quotas = tables.quotas
            projects = sorted({row["project_id"] for row in work.rows(quotas.select())})
            return [
                {**limits_of(work, each), "project_id": each, "tenant_id": each}
                for each in projects
            ]

        found = self._database.read(call.context, work_on)
        return short_list(call, "quotas", found, OWNERS, identifier="project_id")

    def own_project(self, call: ApiCall) -> Reply:
        """Whose quotas an ordinary caller may ask for."""
        owner = {
            "tenant_id": call.context.project_id,
            "project_id": call.context.project_id,
        }
        key = call.request.path.rpartition("/")[2]
        return json_reply(200, {key: owner})

    def show(self, call: ApiCall) -> Reply:
        """A project's limits."""
        return self._limits(call, limits_of)

    def default(self, call: ApiCall) -> Reply:
        """The operator's limits."""
        return self._limits(call, lambda work, _: default_limits(work.settings))

    def details(self, call: ApiCall) -> Reply:
        """A project's limits, and what it has."""

        def both(work: Work, project_id: str) -> Body:
            return {
                name: {
                    "limit": limit,
                    "used": used(work, name, project_id),
                    "reserved": reserved(work, name, project_id),
                }
                for name, limit in limits_of(work, project_id).items()
            }

        return self._limits(call, both)

    def update(self, call: ApiCall) -> Reply:
        """Give a project limits of its own."""
        project_id = call.parameters["project_id"]
        wanted: dict[str, Any] = call.json(QUOTA)["quota"]

        def work_on(work: Work) -> dict[str, int]:
            work.policy.enforce(work.context, "update_quota")
            if not wanted.get("force"):
                _check_usage(work, project_id, wanted)
            quotas = tables.quotas
            for name in COUNTED:
                if name not in wanted:
                    continue
                work.connection.execute(
                    quotas.delete().where(
                        quotas.c.project_id == project_id, quotas.c.resource == name
                    )
                )
                work.connection.execute(
                    quotas.insert().values(
                        project_id=project_id, resource=name, amount=wanted[name]
                    )
                )
            work.tell("quota.update", project_id)
            return limits_of(work, project_id)

        return json_reply(200, {"quota": self._database.write(call.context, work_on)})

    def delete(self, call: ApiCall) -> Reply:
        """Back to the operator's limits."""
        project_id = call.parameters["project_id"]

        def work_on(work: Work) -> None:
            work.policy.enforce(work.context, "update_quota")
            quotas = tables.quotas
            gone = work.connection.execute(
                quotas.delete().where(quotas.c.project_id == project_id)
            )
            if gone.rowcount == 0:
                raise not_found("TenantQuotaNotFound", "Quota for tenant", project_id)
            work.tell("quota.delete", project_id)

        self._database.write(call.context, work_on)
        return empty_reply(204)

    def _limits(self, call: ApiCall, read: Any) -> Reply:
        project_id = call.parameters["project_id"]

        def work_on(work: Work) -> Any:
            target = {"project_id": project_id}
            if not work.policy.allows(work.context, "get_quota", target):
                raise NotFound("The resource could not be found.")
            return read(work, project_id)

        return json_reply(200, {"quota": self._database.read(call.context, work_on)})


def _check_usage(work: Work, project_id: str, wanted: dict[str, Any]) -> None:
    for name in COUNTED:
        limit = wanted.get(name, UNLIMITED)
        if limit != UNLIMITED and used(work, name, project_id) > limit:
            raise invalid(
                f"The project has more than {limit} of {name} already.",
                "InvalidQuotaValue",
            )
