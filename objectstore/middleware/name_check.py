"""name_check: refuses paths with characters or patterns that make trouble.

400 with a text that says why, for paths that hold one of ``forbidden_chars``,
are longer than ``maximum_length`` characters, or match
``forbidden_regexp``.  By default quotes, angle brackets and the steps ``.`` and
``..`` are refused, which browsers and proxies would rewrite.

::

    [filter:name_check]
    use = egg:ringstack#name_check
    forbidden_chars = '"`<>
    maximum_length = 255
    forbidden_regexp = /\\./|/\\.\\./|/\\.$|/\\.\\.$
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from objectstore.kernel.errors import Rejected
from objectstore.kernel.request import Application, Environ, Request, StartResponse
from objectstore.kernel.settings import BadSettings, Mistake, option
from objectstore.middleware.filter_options import FilterMaker, read_options

AFTER = ("catch_errors", "gatekeeper", "healthcheck")
BEFORE = ("tempauth", "copy")


@dataclass(frozen=True, slots=True)
class NameCheckSettings:
    """What paths may not be."""

    forbidden_chars: str = option("'\"`<>", "Characters no path may hold")
    maximum_length: int = option(255, "The longest path, in characters", minimum=1)
    forbidden_regexp: str = option(
        r"/\./|/\.\./|/\.$|/\.\.$", "What no path may match; empty: nothing"
    )


class NameCheck:
    """The filter; see the module's docstring."""

    def __init__(self, app: Application, settings: NameCheckSettings) -> None:
        self.app = app
        self._settings = settings
        self._characters = frozenset(settings.forbidden_chars)
        text = settings.forbidden_regexp
        self._pattern = re.compile(text) if text else None

    def describe(self, registry: Any) -> None:
        """Tell ``/info``."""
        registry.add(
            "name_check",
            forbidden_chars=self._settings.forbidden_chars,
            maximum_length=self._settings.maximum_length,
            forbidden_regexp=self._settings.forbidden_regexp,
        )

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        """Refuse bad names; hand everything else on."""
        request = Request(environ)
        if not request.context.is_internal:
            self._check(request.path)
        return self.app(environ, start_response)

    def _check(self, path: str) -> None:
        name = "Object/Container/Account name"
        settings = self._settings
        if not self._characters.isdisjoint(path):
            raise Rejected(
                400, f"{name} contains forbidden chars from {settings.forbidden_chars}"
            )
        if len(path) > settings.maximum_length:
            raise Rejected(
                400, f"{name} longer than the allowed maximum {settings.maximum_length}"
            )
        if self._pattern is not None and self._pattern.search(path):
            raise Rejected(
                400,
                f"{name} contains a forbidden substring from regular expression "
                f"{settings.forbidden_regexp}",
            )


def filter_factory(global_conf: dict[str, str], **local_conf: str) -> FilterMaker:
    """PasteDeploy's entry point."""
    settings = read_options(NameCheckSettings, "name_check", global_conf, local_conf)
    try:
        re.compile(settings.forbidden_regexp)
    except re.error as error:
        source = global_conf.get("__file__", "")
        text = f"is no regular expression: {error}"
        raise BadSettings(
            [Mistake(source, "filter:name_check", "forbidden_regexp", text)]
        ) from None
    return lambda app: NameCheck(app, settings)
