"""The suites: each module here has one, called ``SUITE``."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from test.conformance.suite import Suite


def all_suites() -> dict[str, Suite]:
    """The suites by name."""
    found = {}
    for module in iter_modules(__path__):
        suite = import_module(f"{__name__}.{module.name}").SUITE
        assert isinstance(suite, Suite), module.name
        found[suite.name] = suite
    return found
