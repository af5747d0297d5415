"""crossdomain: ``GET /crossdomain.xml``, the policy that old browser plug-ins read.

Answers 200 with an XML document around ``cross_domain_policy``.

::

    [filter:crossdomain]
    use = egg:ringstack#crossdomain
    cross_domain_policy = <allow-access-from domain="*" secure="false" />
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from objectstore.kernel.reply import Reply
from objectstore.kernel.request import Application, Environ, StartResponse
from objectstore.kernel.settings import option
from objectstore.middleware.filter_options import FilterMaker, read_options

AFTER = ("catch_errors", "gatekeeper")
BEFORE = ("tempauth",)

PATH = "/crossdomain.xml"
_DOCUMENT = (
    '<?xml version="1.0"?>\n'
    "<!DOCTYPE cross-domain-policy SYSTEM "
    '"http://www.adobe.com/xml/dtds/cross-domain-policy.dtd">\n'
    "<cross-domain-policy>\n{policy}\n</cross-domain-policy>\n"
)


@dataclass(frozen=True, slots=True)
class CrossdomainSettings:
    """Who may use the store from plug-ins."""

    cross_domain_policy: str = option(
        '<allow-access-from domain="*" secure="false" />', "The document's content"
    )


class Crossdomain:
    """The filter; see the module's docstring."""

    def __init__(self, app: Application, settings: CrossdomainSettings) -> None:
        self.app = app
        self._document = _DOCUMENT.format(policy=settings.cross_domain_policy)

    def describe(self, registry: Any) -> None:
        """Tell ``/info``."""
        registry.add("crossdomain")

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        """Answer the policy's path; hand everything else on."""
        reads = environ["REQUEST_METHOD"] in ("GET", "HEAD")
        if reads and environ["PATH_INFO"] == PATH:
            reply = Reply(200, self._document, content_type="application/xml")
            return reply(environ, start_response)
        return self.app(environ, start_response)


def filter_factory(global_conf: dict[str, str], **local_conf: str) -> FilterMaker:
    """PasteDeploy's entry point."""
    settings = read_options(CrossdomainSettings, "crossdomain", global_conf, local_conf)
    return lambda app: Crossdomain(app, settings)
