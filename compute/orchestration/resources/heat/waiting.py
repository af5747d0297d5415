"""``OS::Heat::WaitCondition`` and its handle: a stack waits for what a guest says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from compute.orchestration.errors import Invalid, ResourceFailed
from compute.orchestration.frame.resource_type import Change, ResourceType
from compute.orchestration.frame.work import Work
from compute.orchestration.resources.frame.schemas import attributes, text, whole

ROOM = "orchestration"
SUCCESS, FAILURE = "SUCCESS", "FAILURE"
_KEYS = ("id", "data", "reason", "status")
# One handle's; a stack's metadata are no store.
SIGNALS_MAX, CHARACTERS_MAX = 1000, 10_000
TIMEOUT_MAX = 43_200
TRANSPORTS = ("TOKEN_SIGNAL", "HEAT_SIGNAL")


class WaitConditionHandle(ResourceType):
    """Where guests say that they are ready.  Its URL is signed: no token is needed,
    and one that is sent does no harm."""

    name = "OS::Heat::WaitConditionHandle"
    description = "A URL to which guests signal that they are ready."
    properties = {
        "signal_transport": text("How it is told", TRANSPORTS[0], one_of=TRANSPORTS)
    }
    attributes = attributes(
        token="What to send as X-Auth-Token: anything",
        endpoint="Where to signal",
        curl_cli="A command that does, but for --data-binary",
        signal="The same as JSON",
    )

    def create(self, work: Work) -> None:
        """Nothing but a name."""
        work.made(lambda: work.marker)

    def attribute(self, work: Work, name: str) -> Any:
        """How guests signal."""
        if name == "token":
            return "signed-url"
        if name == "endpoint":
            return work.signal_url()
        if name == "signal":
            return orjson.dumps({"alarm_url": work.signal_url()}).decode()
        return (
            "curl -i -X POST -H 'Content-Type: application/json'"
            f" -H 'Accept: application/json' '{work.signal_url()}'"
        )

    def signal(self, work: Work, details: Any) -> str:
        """Note it among the metadata, by its id."""
        given = details if details is not None else {}
        if not isinstance(given, Mapping) or given.keys() - set(_KEYS):
            raise Invalid(f"A signal is a map of {', '.join(_KEYS)}")
        status = str(given.get("status") or SUCCESS).upper()
        if status not in (SUCCESS, FAILURE):
            raise Invalid(f"status: it is {SUCCESS} or {FAILURE}")
        said: list[str] = []

        def add(there: Mapping[str, Any]) -> Mapping[str, Any]:
            number = str(given.get("id") or len(there) + 1)
            reason = str(given.get("reason") or f"Signal {number} received")
            said[:] = [f"status:{status} reason:{reason}"]
            noted = {"data": given.get("data"), "reason": reason, "status": status}
            return with_signal(there, number, noted)

        work.change_metadata(add)
        return said[0]


def with_signal(
    there: Mapping[str, Any], number: str, noted: Mapping[str, Any]
) -> Mapping[str, Any]:
    """The metadata with one signal more.  ``Invalid``: it is one too many."""
    if number not in there and len(there) >= SIGNALS_MAX:
        raise Invalid(f"A handle is signalled at most {SIGNALS_MAX} times")
    if len(orjson.dumps(noted)) > CHARACTERS_MAX:
        raise Invalid(f"A signal has at most {CHARACTERS_MAX} characters")
    return {**there, number: noted}


class WaitCondition(ResourceType):
    """Complete when its handle was signalled so often as is wanted."""

    name = "OS::Heat::WaitCondition"
    description = "Waits until its handle was signalled."
    properties = {
        "handle": text("Its handle", required=True),
        "timeout": whole(
            "Seconds to wait", required=True, live=True, least=1, most=TIMEOUT_MAX
        ),
        "count": whole("How many signals", 1, live=True, least=1),
    }
    attributes = attributes(data="What the signals said, as JSON by their ids")
    # The properties' names: AWS has others.
    handle, timeout, count = "handle", "timeout", "count"

    def create(self, work: Work) -> None:
        """Nothing but a name."""
        work.made(lambda: work.marker)

    def is_created(self, work: Work) -> bool:
        """Whether enough have come; one that says so is enough to fail."""
        signals = self._signals(work)
        failed = [each for each in signals.values() if each["status"] == FAILURE]
        if failed:
            reasons = ";".join(str(each["reason"]) for each in failed)
            raise ResourceFailed(f"WaitConditionFailure: {reasons}")
        wanted = work.properties[self.count]
        if len(signals) >= wanted:
            return True
        if work.now - work.started_at > work.properties[self.timeout]:
            text = f"WaitConditionTimeout: {len(signals)} of {wanted} received"
            raise ResourceFailed(text)
        return False

    def update(self, work: Work, change: Change) -> None:
        """It waits again: see ``is_updated``."""

    def is_updated(self, work: Work) -> bool:
        """As when it was made."""
        return self.is_created(work)

    def attribute(self, work: Work, name: str) -> Any:
        """``data``."""
        found = {key: each["data"] for key, each in self._signals(work).items()}
        return orjson.dumps(found).decode()

    def handle_of(self, work: Work) -> str:
        """The handle's name, or its id."""
        return str(work.properties[self.handle])

    def _signals(self, work: Work) -> Mapping[str, Any]:
        stack = ("stacks", work.stack_name, work.stack_id, "resources")
        wanted = self.handle_of(work)
        for each in work.cloud.get(ROOM, *stack)["resources"]:
            if wanted in (each["physical_resource_id"], each["resource_name"]):
                path = (*stack, each["resource_name"], "metadata")
                found: Mapping[str, Any] = work.cloud.get(ROOM, *path)["metadata"]
                return found
        raise ResourceFailed("The handle is no resource of the stack")


TYPES = (WaitConditionHandle(), WaitCondition())
