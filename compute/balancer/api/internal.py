"""What hosts' agents ask and tell.  The service role is needed; to all others these
paths do not exist."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from compute.balancer import tables
from compute.balancer.datagrams import datagram_listeners
from compute.balancer.frame.work import BalancerDatabase, Work
from compute.balancer.haproxy.configuration import configuration
from compute.balancer.model import PENDING_DELETE, Balancer, Tree
from compute.balancer.policies import INTERNAL, KEYS
from compute.balancer.probes import probes
from compute.balancer.settling import hear, take_report
from compute.balancer.tls_files import tree_files
from compute.balancer.trust import Trust
from compute.balancer.view import (
    Report,
    Served,
    decode_reports,
    encode_keys,
    encode_view,
)
from compute.core.api.frame import ApiCall, Route, empty_reply
from compute.core.errors import BadRequest, NotFound
from objectstore.kernel.errors import Corrupt, RingstackError
from objectstore.kernel.reply import Reply

# A thousand members write some hundred KiB.
REPORT_BYTES_MAX = 4 * 1024 * 1024

_log = logging.getLogger("compute.balancer")


class InternalApi:
    """The routes below ``/internal``."""

    def __init__(self, database: BalancerDatabase, trust: Trust) -> None:
        self._database = database
        self._trust = trust

    def routes(self) -> list[Route]:
        """All of them."""
        one = "/internal/hosts/{host}/balancers/{id}"
        return [
            Route("GET", f"{one}/keys", self.keys),
            Route("GET", "/internal/hosts/{host}/view", self.view),
            Route("POST", "/internal/hosts/{host}/report", self.report),
        ]

    def view(self, call: ApiCall) -> Reply:
        """The host's load balancers."""
        self._house_only(call)
        host = call.parameters["host"]

        def work_on(work: Work) -> list[Served]:
            table = tables.balancers
            found = work.records(
                Balancer,
                table,
                table.c.host == host,
                table.c.vip_port_id != "",
                table.c.provisioning_status != PENDING_DELETE,
            )
            return [_served(work, each) for each in found]

        content = encode_view(self._database.read(call.context, work_on))
        return Reply(200, content, None, "application/json")

    def keys(self, call: ApiCall) -> Reply:
        """What one of the host's load balancers needs of secrets, to begin."""
        self._house_only(call, KEYS)
        host, balancer_id = call.parameters["host"], call.parameters["id"]

        def work_on(work: Work) -> Tree:
            found = work.find(Balancer, tables.balancers, balancer_id)
            if found is None or found.host != host:
                raise NotFound("The resource could not be found.")
            return work.tree(found)

        tree = self._database.read(call.context, work_on)
        content = encode_keys(self._trust.keys(tree))
        return Reply(200, content, None, "application/json")

    def report(self, call: ApiCall) -> Reply:
        """What the host's agent tells."""
        self._house_only(call)
        host = call.parameters["host"]
        try:
            problem, reports = decode_reports(
                call.request.read_small_body(REPORT_BYTES_MAX)
            )
        except Corrupt as error:
            raise BadRequest(f"The report cannot be read: {error}") from None

        self._take(call, host, problem, reports)
        return empty_reply(204)

    def _take(
        self, call: ApiCall, host: str, problem: str, reports: Sequence[Report]
    ) -> None:
        """In one transaction; where that fails by one of them, each in its own."""

        def work_on(work: Work) -> None:
            hear(work, host, problem)
            for each in reports:
                take_report(work, host, each)

        try:
            self._database.write(call.context, work_on)
        except RingstackError:
            raise
        except Exception:
            _log.exception("reports of %s", host)
            if len(reports) > 1:
                for each in reports:
                    self._take(call, host, problem, [each])
            elif reports:
                self._take(call, host, problem, [])
            else:
                raise

    def _house_only(self, call: ApiCall, rule: str = INTERNAL) -> None:
        """Before the body of a stranger is as much as read."""
        if not self._database.allows(call.context, rule):
            raise NotFound("The resource could not be found.")


def _served(work: Work, balancer: Balancer) -> Served:
    """What one is; one that cannot be written must not take the host's others along."""
    known = (balancer.id, balancer.generation, balancer.vip_address)
    try:
        tree = work.tree(balancer)
        text = configuration(tree)
        return Served(
            *known,
            text,
            datagrams=datagram_listeners(tree),
            probes=probes(tree),
            has_keys=bool(text) and bool(tree_files(tree)),
        )
    except RingstackError:
        raise
    except Exception as error:  # noqa: BLE001
        _log.exception("load balancer %s", balancer.id)
        return Served(*known, "", f"Its configuration cannot be written: {error!r}")
