"""``OS::Heat::SoftwareConfig``, ``CloudConfig``, ``MultipartMime``: texts for servers.

A config never changes: another text is another config, and its id another id.
"""

from __future__ import annotations

from collections.abc import Mapping
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from typing import Any

import yaml  # type: ignore[import-untyped]

from compute.orchestration.frame.resource_type import ResourceType
from compute.orchestration.frame.work import Cloud, Work
from compute.orchestration.resources.frame.schemas import (
    attributes,
    flag,
    items,
    mapping,
    text,
)
from compute.orchestration.resources.nova.server_order import user_data

ROOM, CONFIGS = "orchestration", "software_configs"
_KINDS = ("String", "Number", "CommaDelimitedList", "Json", "Boolean")
_NAME = text("Its name", required=True)
_ABOUT = text("What it is", "")
INPUTS = items(
    "What it is given",
    {
        "name": _NAME,
        "description": _ABOUT,
        "type": text("Of which type", "String", one_of=_KINDS),
        "default": text("If nothing is given"),
        "replace_on_change": flag("Whether another value is another config", False),
    },
)
OUTPUTS = items(
    "What it tells",
    {
        "name": _NAME,
        "description": _ABOUT,
        "type": text("Of which type", "String", one_of=_KINDS),
        "error_output": flag("Whether it is there only if it failed", False),
    },
)
# Fixed, so that the same parts are the same text.
BOUNDARY = "==ringstack-part=="


class SoftwareConfig(ResourceType):
    """A text, with what it is given and what it tells."""

    name = "OS::Heat::SoftwareConfig"
    description = "A script, or another text, for servers."
    properties = {
        "group": text("What it is for", "Heat::Ungrouped"),
        "config": text("The text"),
        "options": mapping("More for what runs it"),
        "inputs": INPUTS,
        "outputs": OUTPUTS,
    }
    attributes = attributes(config="The text")

    def body(self, work: Work) -> dict[str, Any]:
        """What is kept, its name apart."""
        return {name: each for name, each in work.properties.items() if each}

    def create(self, work: Work) -> None:
        """Under the resource's own name."""
        work.made(lambda: self._make(work), lambda: self.find_lost(work))

    def _make(self, work: Work) -> str:
        body = {"name": work.physical_name, **self.body(work)}
        return str(work.cloud.post(ROOM, CONFIGS, body=body)["software_config"]["id"])

    def find_lost(self, work: Work) -> str | None:
        """The one of that name."""
        for each in work.cloud.pages(ROOM, CONFIGS, CONFIGS):
            if each["name"] == work.physical_name:
                return str(each["id"])
        return None

    def delete(self, work: Work) -> None:
        """Nothing when it is not there."""
        if work.physical_id:
            work.cloud.delete(ROOM, CONFIGS, work.physical_id)

    def attribute(self, work: Work, name: str) -> Any:
        """``config``."""
        found = work.cloud.find(ROOM, CONFIGS, work.physical_id)
        shown: Any = found and found["software_config"]
        return shown["config"] if shown and name == "config" else shown


class CloudConfig(SoftwareConfig):
    """A document for cloud-init."""

    name = "OS::Heat::CloudConfig"
    description = "A #cloud-config document for cloud-init."
    properties = {"cloud_config": mapping("The document")}

    def body(self, work: Work) -> dict[str, Any]:
        """As cloud-init knows it by its first line."""
        document = work.properties["cloud_config"] or {}
        written = yaml.safe_dump(document, sort_keys=False)
        return {"config": f"#cloud-config\n{written}"}


class MultipartMime(SoftwareConfig):
    """Several configs in one, as cloud-init takes them apart again."""

    name = "OS::Heat::MultipartMime"
    description = "Several texts in one, for cloud-init."
    properties = {
        "group": text("What it is for", "Heat::Ungrouped"),
        "parts": items(
            "The texts",
            {
                "config": text("The text, or a config's id", required=True),
                "filename": text("What it is called"),
                "type": text(
                    "Whether it has parts itself", "text", one_of=("text", "multipart")
                ),
                "subtype": text("What kind of text", ""),
            },
            [],
        ),
    }

    def body(self, work: Work) -> dict[str, Any]:
        """One MIME message."""
        parts = work.properties["parts"] or []
        return {"config": mime(work.cloud, parts)}


def mime(cloud: Cloud, parts: list[Mapping[str, Any]]) -> str:
    """The parts as one message."""
    message = MIMEMultipart(boundary=BOUNDARY)
    for part in parts:
        content = user_data(cloud, part["config"]).decode()
        subtype = part["subtype"] or _subtype(content)
        each = MIMEText(content, subtype, "utf-8" if not content.isascii() else "ascii")
        if part["filename"]:
            name = part["filename"]
            each.add_header("Content-Disposition", "attachment", filename=name)
        message.attach(each)
    return message.as_string()


def _subtype(content: str) -> str:
    """As cloud-init tells them apart."""
    if content.startswith("#cloud-config"):
        return "cloud-config"
    return "x-shellscript" if content.startswith("#!") else "plain"


TYPES = (SoftwareConfig(), CloudConfig(), MultipartMime())
