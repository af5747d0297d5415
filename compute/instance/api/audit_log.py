"""How far the audit of usage by periods has come.  Nothing audits here (usage is told
by ``/os-simple-tenant-usage``), so of every host it is still to come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from compute.core.api.frame import ApiCall
from compute.core.errors import BadRequest
from compute.instance.frame.replies import ok
from compute.instance.frame.routes import Verb
from compute.instance.parts import Parts
from objectstore.kernel.reply import Reply

RULE = "os_compute_api:os-instance-usage-audit-log"
BEFORE_FORMAT = "%Y-%m-%d %H:%M:%S"


class AuditLogApi:
    """Handlers; for administrators."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def verbs(self) -> list[Verb]:
        """The routes."""
        path = "/os-instance_usage_audit_log"
        return [
            Verb("GET", path, self.last),
            Verb("GET", f"{path}/{{before}}", self.one),
        ]

    def last(self, call: ApiCall) -> Reply:
        """GET /os-instance_usage_audit_log: the last month that has ended."""
        self._parts.enforce(call.context, RULE)
        now = datetime.fromtimestamp(self._parts.clock.time(), UTC)
        return ok({"instance_usage_audit_logs": self._log(now)})

    def one(self, call: ApiCall) -> Reply:
        """GET /os-instance_usage_audit_log/{time}: the month that had ended then."""
        self._parts.enforce(call.context, RULE)
        text = call.parameters["before"].replace("%20", " ").replace("+", " ")
        try:
            before = datetime.strptime(text.partition(".")[0], BEFORE_FORMAT)
        except ValueError:
            raise BadRequest(f"Invalid timestamp for date {text[:40]}") from None
        return ok({"instance_usage_audit_log": self._log(before.replace(tzinfo=UTC))})

    def _log(self, before: datetime) -> dict[str, Any]:
        begin, end = month_before(before)
        hosts = self._parts.database.read(self._parts.stores.hosts.all)
        names = [host.host for host in hosts]
        return {
            "hosts_not_run": names,
            "log": {},
            "num_hosts": len(names),
            "num_hosts_done": 0,
            "num_hosts_not_run": len(names),
            "num_hosts_running": 0,
            "overall_status": f"0 of {len(names)} hosts done. 0 errors.",
            "period_beginning": begin.strftime(BEFORE_FORMAT),
            "period_ending": end.strftime(BEFORE_FORMAT),
            "total_errors": 0,
            "total_instances": 0,
        }


def month_before(moment: datetime) -> tuple[datetime, datetime]:
    """The last calendar month that had ended at that moment."""
    end = moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (end - timedelta(days=1)).replace(day=1), end
