"""The object that a request is about: its name, and everything found with it."""

from __future__ import annotations

from objectstore.kernel.request import Request
from objectstore.proxy.known.facts import Known
from objectstore.proxy.rounds.group import Group
from objectstore.wire.nodes import ContainerNode, ObjectNode


class ObjectTarget:
    """An object in a container that exists, the requester being allowed."""

    __slots__ = (
        "account",
        "container",
        "container_name",
        "group",
        "key",
        "name",
        "policy",
        "request",
    )

    def __init__(
        self,
        request: Request,
        account: str,
        container_name: str,
        name: str,
        container: Known[ContainerNode],
        key: bytes,
        group: Group[ObjectNode],
    ) -> None:
        self.request = request
        self.account = account
        self.container_name = container_name
        self.name = name
        self.container = container
        self.policy = container.info.policy
        self.key = key
        self.group = group
