"""What hosts' agents ask and tell.  The service role is needed; to all others these
paths do not exist."""

from __future__ import annotations

from compute.balancer import tables
from compute.balancer.frame.work import BalancerDatabase, Work
from compute.balancer.haproxy.configuration import configuration
from compute.balancer.model import PENDING_DELETE, Balancer
from compute.balancer.policies import INTERNAL
from compute.balancer.settling import hear, take_report
from compute.balancer.view import Served, decode_reports, encode_view
from compute.core.api import ApiCall, Route, empty_reply
from compute.core.errors import BadRequest, NotFound
from objectstore.kernel.errors import Corrupt
from objectstore.kernel.reply import Reply

# A thousand members write some hundred KiB.
REPORT_BYTES_MAX = 4 * 1024 * 1024


class InternalApi:
    """The routes below ``/internal``."""

    def __init__(self, database: BalancerDatabase) -> None:
        self._database = database

    def routes(self) -> list[Route]:
        """Both."""
        return [
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
            return [
                Served(
                    each.id,
                    each.generation,
                    each.vip_address,
                    configuration(work.tree(each)),
                )
                for each in found
            ]

        content = encode_view(self._database.read(call.context, work_on))
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

        def work_on(work: Work) -> None:
            hear(work, host, problem)
            for each in reports:
                take_report(work, host, each)

        self._database.write(call.context, work_on)
        return empty_reply(204)

    def _house_only(self, call: ApiCall) -> None:
        """Before the body of a stranger is as much as read."""
        if not self._database.allows(call.context, INTERNAL):
            raise NotFound("The resource could not be found.")
