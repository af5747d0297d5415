"""``MaxResults`` and ``NextToken``: long answers in pages.

A token names the last thing of its page, so things that come or go meanwhile neither
repeat others nor hide them.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any

from compute.ec2.frame.errors import Ec2Error, invalid
from compute.ec2.frame.parameters import Parameters

RESULTS_MIN = 5
RESULTS_MAX = 1000


def page(
    parameters: Parameters,
    documents: list[dict[str, Any]],
    key: Callable[[dict[str, Any]], str],
    least: int = RESULTS_MIN,
) -> tuple[list[dict[str, Any]], str | None]:
    """What to show now, in the order of the keys, and the token for the rest."""
    count = parameters.integer("MaxResults")
    if count is not None and not least <= count <= RESULTS_MAX:
        raise invalid(
            "MaxResults", count, f"It may be {least} to {RESULTS_MAX} and no other."
        )
    after = _decoded(parameters.text("NextToken"))
    rest = sorted((each for each in documents if key(each) > after), key=key)
    if count is None or len(rest) <= count:
        return rest, None
    shown = rest[:count]
    return shown, base64.urlsafe_b64encode(key(shown[-1]).encode()).decode()


def _decoded(token: str) -> str:
    try:
        return base64.b64decode(token.encode(), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise Ec2Error("InvalidNextToken", f"{token!r} is not one of ours") from None
