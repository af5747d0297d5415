"""``OS::Heat::SoftwareDeploymentGroup``: one config for several servers.

A nested stack with a ``SoftwareDeployment`` for each entry of ``servers``, called as
the entry is; ``OS::Heat::SoftwareDeployments`` is its older name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from compute.orchestration.errors import Invalid
from compute.orchestration.frame.work import Work
from compute.orchestration.resources.frame.group_type import GroupType, document
from compute.orchestration.resources.frame.schemas import (
    a_map,
    attributes,
    mapping,
)
from compute.orchestration.resources.heat.deployments import SoftwareDeployment
from compute.orchestration.template.paths import along
from compute.orchestration.template.unknown import UNKNOWN, has_unknown

SERVERS = "servers"
SERVERS_MAX = 1000
# Attribute -> that of each deployment.
_OF_EACH = {
    "deploy_stdouts": "deploy_stdout",
    "deploy_stderrs": "deploy_stderr",
    "deploy_status_codes": "deploy_status_code",
}


class SoftwareDeploymentGroup(GroupType):
    """Deployments of one config."""

    name = "OS::Heat::SoftwareDeploymentGroup"
    description = "Has a config applied to several servers."
    properties = {
        SERVERS: mapping("Servers' ids by names of your own", live=True, required=True),
        **{
            name: replace(schema, updatable=True)
            for name, schema in SoftwareDeployment.properties.items()
            if name != "server"
        },
    }
    attributes = attributes(
        deploy_stdouts=a_map("What each printed"),
        deploy_stderrs=a_map("What each complained"),
        deploy_status_codes=a_map("How each ended"),
    )

    def validate(self, properties: Mapping[str, Any]) -> None:
        """So many, each with an id."""
        servers = properties[SERVERS]
        if servers is UNKNOWN:
            return
        if len(servers) > SERVERS_MAX:
            raise Invalid(f"{SERVERS}: there may be {SERVERS_MAX} at most")
        for name, server in servers.items():
            if not has_unknown(server) and not isinstance(server, str):
                raise Invalid(f"{SERVERS}: {name[:64]} must be a server's id")

    def members(self, work: Work) -> Sequence[str]:
        """As the servers are called."""
        return sorted(work.properties[SERVERS])

    def template(self, work: Work) -> Mapping[str, Any]:
        """A deployment for each server."""
        given = {
            name: value
            for name, value in work.properties.items()
            if name != SERVERS and value is not None
        }
        return document(
            {
                name: {
                    "type": SoftwareDeployment.name,
                    "properties": {**given, "server": work.properties[SERVERS][name]},
                }
                for name in self.members(work)
            }
        )

    def attribute_path(self, work: Work, name: str, path: tuple[Any, ...]) -> Any:
        """Of each deployment by its server's name."""
        if name not in _OF_EACH:
            return super().attribute_path(work, name, path)
        found = {
            each: work.nested.attribute(each, _OF_EACH[name])
            for each in self.members(work)
        }
        return along(found, path)


class SoftwareDeployments(SoftwareDeploymentGroup):
    """As it was called first."""

    name = "OS::Heat::SoftwareDeployments"


TYPES = (SoftwareDeploymentGroup(), SoftwareDeployments())
