"""healthcheck: ``/healthcheck`` for load balancers.

Answers ``GET`` and ``HEAD`` of ``/healthcheck`` with 200 and ``OK``; with 503
and ``DISABLED BY FILE`` while the file ``disable_path`` exists, so that an
operator can take a server out of rotation before stopping it.  Asks nothing
of the store: it says that the process answers.

::

    [filter:healthcheck]
    use = egg:ringstack#healthcheck
    # while this file exists the answer is 503
    disable_path =
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from objectstore.kernel.reply import Reply
from objectstore.kernel.request import Application, Environ, StartResponse
from objectstore.kernel.settings import option
from objectstore.middleware.filter_options import FilterMaker, read_options

AFTER = ("catch_errors", "gatekeeper")

PATH = "/healthcheck"


@dataclass(frozen=True, slots=True)
class HealthcheckSettings:
    """When to say no."""

    disable_path: str = option("", "While this file exists the answer is 503")


class Healthcheck:
    """The filter; see the module's docstring."""

    __slots__ = ("_disable_path", "app")

    def __init__(self, app: Application, settings: HealthcheckSettings) -> None:
        self.app = app
        self._disable_path = settings.disable_path

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        """Answer ``/healthcheck``; hand everything else on."""
        if environ["PATH_INFO"] != PATH:
            return self.app(environ, start_response)
        reply = Reply(200, "OK", content_type="text/plain")
        if self._disable_path and os.path.exists(self._disable_path):
            reply = Reply(503, "DISABLED BY FILE", content_type="text/plain")
        return reply(environ, start_response)


def filter_factory(global_conf: dict[str, str], **local_conf: str) -> FilterMaker:
    """PasteDeploy's entry point."""
    settings = read_options(HealthcheckSettings, "healthcheck", global_conf, local_conf)
    return lambda app: Healthcheck(app, settings)
