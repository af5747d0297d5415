"""``yaql``: a language of its own, which this cloud does not run.

Its expressions are programs that strangers wrote, whose time and memory nobody can
bound well; what templates mostly do with it, ``repeat``, ``map_merge``, ``filter`` and
``list_concat`` do too.
"""

from __future__ import annotations

from typing import Any

from compute.orchestration.errors import Invalid
from compute.orchestration.template.scope import Scope


def yaql(arguments: Any, scope: Scope) -> Any:
    """Not served: this cloud runs no YAQL expressions."""
    raise Invalid(
        "The function yaql is not served by this cloud; repeat, map_merge, filter and"
        " list_concat do most of what it is used for"
    )
