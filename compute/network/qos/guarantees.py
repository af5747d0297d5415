"""Rules that promise a port so much: none can be made, and whoever tries hears why.

How much a wire carries, and what else goes by it, no host of this cloud knows.  A
promise that nobody keeps would be worse than none.
"""

from __future__ import annotations

from compute.core.api.frame import ApiCall, Route, json_reply
from compute.core.errors import PolicyNotAuthorized
from compute.network.errors import conflict
from compute.network.frame.work import NetworkDatabase, Work
from compute.network.qos.policies import COLLECTION as POLICIES
from objectstore.kernel.reply import Reply

KINDS = ("minimum_bandwidth", "minimum_packet_rate")


class GuaranteeApi:
    """Two routes for each kind."""

    def __init__(self, database: NetworkDatabase) -> None:
        self._database = database

    def routes(self) -> list[Route]:
        """GET and POST."""
        path = "/v2.0/qos/policies/{of}/"
        return [
            route
            for kind in KINDS
            for route in (
                Route("GET", f"{path}{kind}_rules", _Guarantee(self, kind).list),
                Route("POST", f"{path}{kind}_rules", _Guarantee(self, kind).create),
            )
        ]

    def check_policy(self, call: ApiCall) -> None:
        """``NotFound`` when the caller does not see it."""

        def work_on(work: Work) -> None:
            POLICIES.find(work, call.parameters["of"])

        self._database.read(call.context, work_on)

    def check_right(self, call: ApiCall, rule: str) -> None:
        """Whoever may make no rules at all learns nothing of what there is."""
        if not self._database.allows(call.context, rule):
            raise PolicyNotAuthorized(f"({rule}) is disallowed by policy")


class _Guarantee:
    """One kind's."""

    def __init__(self, api: GuaranteeApi, kind: str) -> None:
        self._api, self._kind = api, kind

    def list(self, call: ApiCall) -> Reply:
        """There are none."""
        self._api.check_policy(call)
        return json_reply(200, {f"{self._kind}_rules": []})

    def create(self, call: ApiCall) -> Reply:
        """``QosRuleNotSupported``."""
        self._api.check_right(call, f"create_policy_{self._kind}_rule")
        self._api.check_policy(call)
        raise conflict(
            "QosRuleNotSupported",
            f"Rule {self._kind} is not supported: no host of this cloud can guarantee"
            " it, and so no port.",
        )
