"""``AWS::CloudFormation::WaitCondition`` and its handle: Heat's own, told as
CloudFormation's helpers tell them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from compute.orchestration.frame.work import Work
from compute.orchestration.resources.frame.schemas import attributes, text, whole
from compute.orchestration.resources.heat import waiting

_WORDS = {"Status": "status", "Reason": "reason", "UniqueId": "id", "Data": "data"}


class WaitConditionHandle(waiting.WaitConditionHandle):
    """``Ref`` is the URL at which guests signal."""

    name = "AWS::CloudFormation::WaitConditionHandle"
    properties = {}
    attributes = {}

    def reference(self, work: Work) -> Any:
        """The signed URL."""
        return work.signal_url()

    def signal(self, work: Work, details: Any) -> str:
        """``Status``, ``Reason``, ``UniqueId`` and ``Data``, or Heat's words."""
        if isinstance(details, Mapping):
            details = {_WORDS.get(name, name): each for name, each in details.items()}
        return super().signal(work, details)


class WaitCondition(waiting.WaitCondition):
    """The same with other names for its properties."""

    name = "AWS::CloudFormation::WaitCondition"
    properties = {
        "Handle": text("Its handle's URL", required=True),
        "Timeout": whole(
            "Seconds to wait",
            required=True,
            live=True,
            least=1,
            most=waiting.TIMEOUT_MAX,
        ),
        "Count": whole("How many signals", 1, live=True, least=1),
    }
    attributes = attributes(Data="What the signals said, as JSON by their ids")
    handle, timeout, count = "Handle", "Timeout", "Count"

    def handle_of(self, work: Work) -> str:
        """The resource's name in the URL: ``.../resources/NAME/signal``."""
        segments = urlsplit(work.properties[self.handle]).path.split("/")
        return unquote(segments[-2]) if len(segments) > 1 else ""


TYPES = (WaitConditionHandle(), WaitCondition())
