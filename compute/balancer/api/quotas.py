"""Quotas of projects."""

from __future__ import annotations

from collections.abc import Mapping

from compute.balancer import tables
from compute.balancer.api.resource import allow, routes_at
from compute.balancer.frame.kind import Item
from compute.balancer.frame.quota import limits_of
from compute.balancer.frame.work import BalancerDatabase, Work
from compute.balancer.policies import PREFIX
from compute.core.api.frame import ApiCall, Route, empty_reply, json_reply
from compute.core.api.schema import Schema
from objectstore.kernel.reply import Reply

LIMIT_MAX = 2**31 - 1
# Names of before, which clients still send and read.
OLDER = {"loadbalancer": "load_balancer", "healthmonitor": "health_monitor"}
_LIMIT = {"type": ["integer", "null"], "minimum": -1, "maximum": LIMIT_MAX}
NAMES = (
    "load_balancer",
    "listener",
    "pool",
    "health_monitor",
    "member",
    "l7policy",
    "l7rule",
)
QUOTA = Schema(
    {
        "type": "object",
        "properties": {
            "quota": {
                "type": "object",
                "properties": {
                    **dict.fromkeys((*NAMES, *OLDER), _LIMIT),
                    "project_id": {"type": "string"},
                    "tenant_id": {"type": "string"},
                },
                "additionalProperties": False,
            }
        },
        "required": ["quota"],
        "additionalProperties": False,
    }
)


class QuotasApi:
    """The routes."""

    def __init__(self, database: BalancerDatabase) -> None:
        self._database = database

    def routes(self) -> list[Route]:
        """All of them."""
        one = "quotas/{project_id}"
        return [
            *routes_at("GET", "quotas", self.list),
            *routes_at("GET", "quotas/defaults", self.defaults),
            *routes_at("GET", one, self.show),
            *routes_at("PUT", one, self.update),
            *routes_at("DELETE", one, self.delete),
        ]

    def list(self, call: ApiCall) -> Reply:
        """Of each project that has limits of its own; one's own only, without more
        rights."""
        asked = call.query.all("project_id") + call.query.all("tenant_id")

        def work_on(work: Work) -> list[Item]:
            own = work.context.project_id
            allow(work, "quota", "get_all", own)
            quotas = tables.quotas
            found = work.rows(quotas.select().order_by(quotas.c.project_id))
            projects = list(dict.fromkeys(row["project_id"] for row in found))
            rule = f"{PREFIX}quota:get_all-global"
            if not work.policy.allows(work.context, rule):
                projects = [each for each in projects if each == own]
            return [
                {"project_id": each, "tenant_id": each, **_shown(limits_of(work, each))}
                for each in projects
                if not asked or each in asked
            ]

        found = self._database.read(call.context, work_on)
        return json_reply(200, {"quotas": found, "quotas_links": []})

    def defaults(self, call: ApiCall) -> Reply:
        """What a project has without limits of its own."""

        def work_on(work: Work) -> Mapping[str, int]:
            allow(work, "quota", "get_defaults", work.context.project_id)
            return work.settings.quotas()

        found = self._database.read(call.context, work_on)
        return json_reply(200, {"quota": _shown(found)})

    def show(self, call: ApiCall) -> Reply:
        """A project's."""
        project_id = call.parameters["project_id"]

        def work_on(work: Work) -> dict[str, int]:
            allow(work, "quota", "get_one", project_id)
            return limits_of(work, project_id)

        found = self._database.read(call.context, work_on)
        return json_reply(200, {"quota": _shown(found)})

    def update(self, call: ApiCall) -> Reply:
        """Set limits; null: the usual one again."""
        project_id = call.parameters["project_id"]
        self._check(call, project_id, "put")
        given = {
            OLDER.get(name, name): limit
            for name, limit in call.json(QUOTA)["quota"].items()
            if name not in ("project_id", "tenant_id")
        }

        def work_on(work: Work) -> dict[str, int]:
            for name, limit in given.items():
                _forget(work, project_id, name)
                if limit is not None:
                    work.connection.execute(
                        tables.quotas.insert().values(
                            project_id=project_id, resource=name, amount=limit
                        )
                    )
            work.tell("quota.update", project_id, **given)
            return limits_of(work, project_id)

        found = self._database.write(call.context, work_on)
        return json_reply(202, {"quota": _shown(found)})

    def delete(self, call: ApiCall) -> Reply:
        """The usual limits again."""
        project_id = call.parameters["project_id"]
        self._check(call, project_id, "delete")

        def work_on(work: Work) -> None:
            for name in NAMES:
                _forget(work, project_id, name)
            work.tell("quota.delete", project_id)

        self._database.write(call.context, work_on)
        return empty_reply(204)

    def _check(self, call: ApiCall, project_id: str, verb: str) -> None:
        self._database.read(
            call.context, lambda work: allow(work, "quota", verb, project_id)
        )


def _forget(work: Work, project_id: str, name: str) -> None:
    quotas = tables.quotas
    work.connection.execute(
        quotas.delete().where(
            quotas.c.project_id == project_id, quotas.c.resource == name
        )
    )


def _shown(limits: Mapping[str, int]) -> Item:
    older = {old: limits[name] for old, name in OLDER.items()}
    return {**limits, **older}
