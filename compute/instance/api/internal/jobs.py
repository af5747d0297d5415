"""Jobs: an agent takes them, tells of their steps, and ends them."""

from __future__ import annotations

from compute.core.api.frame import ApiCall, Route, json_reply
from compute.instance.api.internal.frame import TEXT, TEXTS, WHOLE, body_of, guarded
from compute.instance.parts import Parts
from compute.instance.service.finishing import Finishing, JobEnd
from compute.instance.service.job_desk import JobDesk
from objectstore.kernel.reply import Reply

_BOOLEAN = {"type": "boolean"}
CLAIM = body_of(
    "hosts", "owner", "limit", hosts=TEXTS, owner=TEXT, limit=WHOLE, busy=TEXTS
)
RENEW = body_of("owner", owner=TEXT)
ADVANCE = body_of(
    "owner",
    "step",
    "undoing",
    "progress",
    owner=TEXT,
    step=TEXT,
    undoing=_BOOLEAN,
    progress={"type": "object"},
)
FINISH = body_of("owner", owner=TEXT, error=TEXT, details=TEXT, elsewhere=_BOOLEAN)
RETRY = body_of("owner", "seconds", owner=TEXT, seconds={"type": "number"}, error=TEXT)


class JobsApi:
    """Handlers."""

    def __init__(self, parts: Parts, desk: JobDesk, finishing: Finishing) -> None:
        self._parts = parts
        self._desk = desk
        self._finishing = finishing

    def routes(self) -> list[Route]:
        """All of them."""
        job = "/internal/jobs/{job_id}"
        return guarded(
            self._parts,
            [
                ("POST", "/internal/jobs/claim", self.claim),
                ("POST", f"{job}/renew", self.renew),
                ("POST", f"{job}/advance", self.advance),
                ("POST", f"{job}/finish", self.finish),
                ("POST", f"{job}/retry", self.retry),
            ],
        )

    def claim(self, call: ApiCall) -> Reply:
        """Jobs for an agent."""
        body = call.json(CLAIM)
        jobs = self._desk.claim(
            body["hosts"], body["owner"], body["limit"], body.get("busy", ())
        )
        return json_reply(200, {"jobs": jobs})

    def renew(self, call: ApiCall) -> Reply:
        """A lease is kept."""
        body = call.json(RENEW)
        cancelled = self._desk.renew(call.parameters["job_id"], body["owner"])
        return json_reply(200, {"cancelled": cancelled})

    def advance(self, call: ApiCall) -> Reply:
        """A step is done."""
        body = call.json(ADVANCE)
        cancelled = self._desk.advance(
            call.parameters["job_id"],
            body["owner"],
            body["step"],
            body["undoing"],
            body["progress"],
        )
        return json_reply(200, {"cancelled": cancelled})

    def finish(self, call: ApiCall) -> Reply:
        """A job is done."""
        body = call.json(FINISH)
        end = JobEnd(
            body.get("error", ""),
            body.get("details", ""),
            body.get("elsewhere", False),
        )
        self._finishing.finish(call.parameters["job_id"], body["owner"], end)
        return json_reply(200, {})

    def retry(self, call: ApiCall) -> Reply:
        """A job goes on later."""
        body = call.json(RETRY)
        self._desk.retry(
            call.parameters["job_id"],
            body["owner"],
            float(body["seconds"]),
            body.get("error", ""),
        )
        return json_reply(200, {})
