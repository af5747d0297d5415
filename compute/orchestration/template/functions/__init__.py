"""The functions of Heat's templates, by what they work on.  Pure."""

from __future__ import annotations

from collections.abc import Mapping

from compute.orchestration.template.functions import (
    foreign,
    lists,
    maps,
    references,
    repeating,
    texts,
    truths,
)
from compute.orchestration.template.scope import Function
from compute.orchestration.template.versions import Version

ALL: Mapping[str, Function] = {
    **references.FUNCTIONS,
    **texts.FUNCTIONS,
    **lists.FUNCTIONS,
    **maps.FUNCTIONS,
    **repeating.FUNCTIONS,
    **truths.FUNCTIONS,
    **foreign.FUNCTIONS,
}

# What each does, in a sentence, for those who ask the API.
DESCRIPTIONS: Mapping[str, str] = {
    name: (function.__doc__ or "").split("\n\n")[0].replace("\n    ", " ")
    for name, function in ALL.items()
}


def functions_of(version: Version) -> Mapping[str, Function]:
    """Those that may stand in values of a template of this version."""
    return {name: ALL[name] for name in version.functions}


def tests_of(version: Version) -> Mapping[str, Function]:
    """Those that may stand in its conditions."""
    return {name: ALL[name] for name in version.tests}
