"""``OS::Heat::SoftwareDeployment``: a config is to be applied to a server.

What is here is the service's side: the deployment stands in the API, for the server's
agent to find (``/software_deployments/metadata/SERVER``), and the resource is complete
when somebody says how it went: by ``PUT /software_deployments/ID`` or at the URL of the
input ``deploy_signal_id``, which needs no token.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.orchestration.errors import Invalid, ResourceFailed
from compute.orchestration.frame.resource_type import Change, ResourceType
from compute.orchestration.frame.work import Work
from compute.orchestration.resources.frame.schemas import (
    attributes,
    mapping,
    text,
    texts,
)

ROOM, CONFIGS = "orchestration", "software_configs"
DEPLOYMENTS, KEY = "software_deployments", "software_deployment"
CREATE, UPDATE, DELETE = "CREATE", "UPDATE", "DELETE"
ACTIONS = (CREATE, UPDATE, DELETE, "SUSPEND", "RESUME")
COMPLETE, FAILED, IN_PROGRESS = "COMPLETE", "FAILED", "IN_PROGRESS"
NO_SIGNAL, HEAT_SIGNAL = "NO_SIGNAL", "HEAT_SIGNAL"
_PLAIN = ("group", "config", "options", "outputs")


class SoftwareDeployment(ResourceType):
    """One config for one server."""

    name = "OS::Heat::SoftwareDeployment"
    description = "Has a config applied to a server."
    properties = {
        "config": text("The config's id", live=True),
        "server": text("The server", required=True, is_a="nova.server"),
        "input_values": mapping("What the config is given", live=True),
        "actions": texts(
            "For which actions", [CREATE, UPDATE], live=True, one_of=ACTIONS
        ),
        "name": text("Its name", live=True),
        "signal_transport": text(
            "How it is told that it is done",
            HEAT_SIGNAL,
            one_of=(HEAT_SIGNAL, NO_SIGNAL),
        ),
    }
    attributes = attributes(
        deploy_stdout="What it printed",
        deploy_stderr="What it complained",
        deploy_status_code="How it ended",
    )

    def has_attribute(self, name: str) -> bool:
        """Outputs of the config, too."""
        return True

    # ---- what is to be done --------------------------------------------------------

    def create(self, work: Work) -> None:
        """A config of its own, with its inputs' values; then the deployment."""
        config = self._derived(work, CREATE)
        work.made(lambda: self._make(work, config), lambda: self._find(work, config))

    def find_lost(self, work: Work) -> str | None:
        """The one with the config that was noted."""
        config = work.data.get(CREATE)
        return self._find(work, config) if config else None

    def _make(self, work: Work, config: str) -> str:
        body = {
            "config_id": config,
            "server_id": work.properties["server"],
            "input_values": self._values(work, CREATE),
            **self._status(work, CREATE),
        }
        made = work.cloud.post(ROOM, DEPLOYMENTS, body=body)
        return str(made[KEY]["id"])

    def _find(self, work: Work, config: str) -> str | None:
        there = work.cloud.get(ROOM, DEPLOYMENTS, server_id=work.properties["server"])[
            DEPLOYMENTS
        ]
        return next((str(e["id"]) for e in there if e["config_id"] == config), None)

    def _status(self, work: Work, action: str) -> dict[str, Any]:
        is_told = work.properties["signal_transport"] != NO_SIGNAL
        waits = is_told and action in work.properties["actions"]
        return {
            "action": action,
            "status": IN_PROGRESS if waits else COMPLETE,
            "status_reason": "Deploy data available" if waits else "Not waiting",
        }

    def _derived(self, work: Work, action: str) -> str:
        """The id of a config of this deployment alone, made once for each action."""
        if noted := work.data.get(action):
            return str(noted)
        name = f"{work.physical_name}-{action.lower()}"
        for each in work.cloud.pages(ROOM, CONFIGS, CONFIGS):
            if each["name"] == name:
                work.remember(**{action: each["id"]})
                return str(each["id"])
        source: Mapping[str, Any] = {}
        if given := work.properties["config"]:
            source = work.cloud.get(ROOM, CONFIGS, given)["software_config"]
        body = {key: source[key] for key in _PLAIN if source.get(key)}
        inputs = self._inputs(work, source, action)
        made = work.cloud.post(
            ROOM, CONFIGS, body={**body, "name": name, "inputs": inputs}
        )
        config = str(made["software_config"]["id"])
        work.remember(**{action: config})
        return config

    def _inputs(
        self, work: Work, source: Mapping[str, Any], action: str
    ) -> list[dict[str, Any]]:
        values = self._values(work, action)
        found = []
        for each in source.get("inputs") or ():
            value = values.pop(each["name"], each.get("default"))
            found.append({**each, "value": value})
        return found + [
            {"name": name, "type": "String", "value": value}
            for name, value in values.items()
        ]

    def _values(self, work: Work, action: str) -> dict[str, Any]:
        """What the template gives, and what the agent needs to tell how it went."""
        return {
            **(work.properties["input_values"] or {}),
            "deploy_server_id": work.properties["server"],
            "deploy_action": action,
            "deploy_stack_id": f"{work.stack_name}/{work.stack_id}",
            "deploy_resource_name": work.name,
            "deploy_signal_transport": work.properties["signal_transport"],
            "deploy_signal_id": work.signal_url(),
            "deploy_signal_verb": "POST",
        }

    # ---- how it goes ---------------------------------------------------------------

    def is_created(self, work: Work) -> bool:
        """When somebody has said how it went."""
        shown = self._show(work)
        if shown is None:
            raise ResourceFailed("The deployment is not there any more")
        if shown["status"] == FAILED:
            raise ResourceFailed(
                f"Deployment to server failed: {shown['status_reason']}"
            )
        return bool(shown["status"] == COMPLETE)

    def give_up(self, work: Work, reason: str) -> None:
        """The server's agent needs to do it no more."""
        if work.physical_id:
            body = {"status": FAILED, "status_reason": reason}
            work.cloud.put(ROOM, DEPLOYMENTS, work.physical_id, body=body)

    def update(self, work: Work, change: Change) -> None:
        """Another config, to be applied again."""
        work.remember(**{UPDATE: None})
        body = {
            "config_id": self._derived(work, UPDATE),
            "input_values": self._values(work, UPDATE),
            **self._status(work, UPDATE),
        }
        work.cloud.put(ROOM, DEPLOYMENTS, work.physical_id, body=body)

    def is_updated(self, work: Work) -> bool:
        """As when it was made."""
        return self.is_created(work)

    def signal(self, work: Work, details: Any) -> str:
        """``deploy_status_code`` other than 0 is a failure."""
        given = details if details is not None else {}
        if not isinstance(given, Mapping):
            raise Invalid("A signal is a map of outputs")
        code = given.get("deploy_status_code")
        is_good = code is None or str(code) == "0"
        text = "Outputs received" if is_good else f"deploy_status_code: {code}"
        body = {
            "output_values": dict(given),
            "status": COMPLETE if is_good else FAILED,
            "status_reason": text,
        }
        work.cloud.put(ROOM, DEPLOYMENTS, work.physical_id, body=body)
        return f"deployment {'succeeded' if is_good else 'failed'}"

    def delete(self, work: Work) -> None:
        """It, then its configs."""
        if work.physical_id:
            work.cloud.delete(ROOM, DEPLOYMENTS, work.physical_id)
        names = [f"{work.physical_name}-{each.lower()}" for each in (CREATE, UPDATE)]
        for each in list(work.cloud.pages(ROOM, CONFIGS, CONFIGS)):
            if each["name"] in names:
                work.cloud.delete(ROOM, CONFIGS, each["id"])

    def _show(self, work: Work) -> Any:
        found = work.cloud.find(ROOM, DEPLOYMENTS, work.physical_id)
        return found and found[KEY]

    def attribute(self, work: Work, name: str) -> Any:
        """What it told."""
        shown = self._show(work)
        if shown is None or name == "show":
            return shown
        return shown["output_values"].get(name)


TYPES = (SoftwareDeployment(),)
