"""The proxy as a WSGI application: paths and verbs to handlers, errors to replies.

What stands before it (transaction ids, rights, copies, CORS ...) are filters;
it asks ``request.context.authorize`` once it knows the ACLs that apply.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from objectstore.kernel.clock import Clock
from objectstore.kernel.errors import (
    Corrupt,
    InsufficientStorage,
    Rejected,
    Unavailable,
)
from objectstore.kernel.reply import Reply, rejection, text_reply
from objectstore.kernel.request import Environ, Request, StartResponse
from objectstore.kernel.timestamps import HybridClock
from objectstore.policy.policies import Policies
from objectstore.proxy.access import READ_ACL, WRITE_ACL, authorize
from objectstore.proxy.databases import account, container
from objectstore.proxy.known.facts import FactsCache
from objectstore.proxy.objects.delete import delete_object
from objectstore.proxy.objects.fragment_put import put_fragments
from objectstore.proxy.objects.get import get_object
from objectstore.proxy.objects.post import post_object
from objectstore.proxy.objects.put import put_object
from objectstore.proxy.objects.target import ObjectTarget
from objectstore.proxy.parts import Parts
from objectstore.proxy.protocol.limits import (
    check_account_name,
    check_container_name,
    check_object_name,
    published,
)
from objectstore.proxy.rounds.placement import Placement
from objectstore.proxy.settings import ProxySettings

API_VERSIONS = frozenset({"v1", "v1.0"})

AccountHandler = Callable[[Parts, Request, str], Reply]
ContainerHandler = Callable[[Parts, Request, str, str], Reply]
ObjectHandler = Callable[[Parts, ObjectTarget], Reply]

_ACCOUNT_VERBS: dict[str, AccountHandler] = {
    "GET": account.get_account,
    "HEAD": account.get_account,
    "PUT": account.put_account,
    "POST": account.post_account,
    "DELETE": account.delete_account,
}
_CONTAINER_VERBS: dict[str, ContainerHandler] = {
    "GET": container.get_container,
    "HEAD": container.get_container,
    "PUT": container.put_container,
    "POST": container.post_container,
    "DELETE": container.delete_container,
}
_OBJECT_VERBS: dict[str, tuple[ObjectHandler, str]] = {
    "GET": (get_object, READ_ACL),
    "HEAD": (get_object, READ_ACL),
    "PUT": (put_object, WRITE_ACL),
    "POST": (post_object, WRITE_ACL),
    "DELETE": (delete_object, WRITE_ACL),
}


class Registry(Protocol):
    """Where ``/info`` collects what the pipeline can do."""

    def add(self, section: str, **facts: Any) -> None:
        """Facts that everybody may see."""


class ProxyApplication:
    """The Swift v1 API over a placement of nodes.

    ``facts`` is what the composition root gives to each request's context.
    """

    def __init__(
        self,
        placement: Placement,
        policies: Policies,
        settings: ProxySettings,
        clock: Clock,
        *,
        timestamps: HybridClock | None = None,
        process_id: str = "",
        version: str = "",
    ) -> None:
        """``timestamps``: the process's one clock for writes, if there is one
        already.  ``process_id`` makes lock tokens unique; "": a random one."""
        self._version = version
        self._parts = Parts(
            placement,
            policies,
            settings,
            clock,
            timestamps or HybridClock(clock),
            process_id,
        )

    @property
    def facts(self) -> FactsCache:
        """Facts of accounts and containers, remembered for seconds."""
        return self._parts.facts

    def describe(self, registry: Registry) -> None:
        """Tell ``/info`` what this server is and what its limits are."""
        policies = [
            {
                "name": policy.name,
                "aliases": ", ".join((policy.name, *policy.aliases)),
                **({"default": True} if policy.is_default else {}),
            }
            for policy in self._parts.policies
            if not policy.is_deprecated
        ]
        registry.add(
            "swift",
            version=self._version,
            policies=policies,
            valid_api_versions=sorted(API_VERSIONS),
            allow_account_management=self._parts.settings.allow_account_management,
            account_autocreate=self._parts.settings.account_autocreate,
            **published(),
        )

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        """Answer one request: PEP 3333."""
        request = Request(environ)
        try:
            reply = self.answer(request)
        except Rejected as error:
            reply = rejection(error)
        except InsufficientStorage:
            reply = text_reply(507)
        except (Unavailable, Corrupt) as error:
            request.context.log_notes.append(str(error))
            reply = text_reply(503)
        if request.method == "HEAD":
            reply.body = ()
        return reply(environ, start_response)

    def answer(self, request: Request) -> Reply:
        """Find the handler for path and verb, and let it answer.

        Raises ``Rejected`` and ``Unavailable`` for the caller to translate.
        """
        version, account_name, container_name, object_name = request.split()
        if object_name:
            if not (account_name and container_name):
                raise Rejected(404)
            self._check_version(version)
            return self._answer_object(
                request, account_name, container_name, object_name
            )
        if not version:
            raise Rejected(404)
        self._check_version(version)
        if not account_name:
            if container_name:
                raise Rejected(404)
            raise Rejected(412, "Bad URL")
        reserved = request.context.allow_reserved_names
        check_account_name(account_name, allow_reserved=reserved)
        if not container_name:
            if request.path.endswith("//"):
                raise Rejected(404)
            account_handler = _ACCOUNT_VERBS.get(request.method)
            if account_handler is None:
                raise _not_allowed(_ACCOUNT_VERBS)
            return account_handler(self._parts, request, account_name)
        check_container_name(container_name, allow_reserved=reserved)
        container_handler = _CONTAINER_VERBS.get(request.method)
        if container_handler is None:
            raise _not_allowed(_CONTAINER_VERBS)
        return container_handler(self._parts, request, account_name, container_name)

    @staticmethod
    def _check_version(version: str) -> None:
        if version not in API_VERSIONS:
            raise Rejected(404)

    def _answer_object(
        self, request: Request, account_name: str, container_name: str, name: str
    ) -> Reply:
        found = _OBJECT_VERBS.get(request.method)
        if found is None:
            raise _not_allowed(_OBJECT_VERBS)
        handler, acl = found
        reserved = request.context.allow_reserved_names
        check_account_name(account_name, allow_reserved=reserved)
        check_container_name(container_name, allow_reserved=reserved)
        check_object_name(name, allow_reserved=reserved)
        parts = self._parts
        known = parts.facts.known_container(account_name, container_name)
        if request.context.authorize is not None:
            info = None if known is None else known.info
            authorize(parts, request, account_name, info, acl)
        if known is None:
            raise Rejected(404)
        key, group = parts.placement.object(
            account_name, container_name, name, known.info.policy
        )
        target = ObjectTarget(
            request, account_name, container_name, name, known, key, group
        )
        if (
            parts.erasures
            and request.method == "PUT"
            and target.policy in parts.erasures
        ):
            return put_fragments(parts, target, parts.erasures[target.policy])
        return handler(parts, target)


def _not_allowed(verbs: dict[str, Any]) -> Rejected:
    return Rejected(405, headers=(("Allow", ", ".join(sorted(verbs))),))
