"""tempauth: users in the settings file, tokens, ACLs.

Gives tokens (``GET /auth/v1.0`` with ``X-Auth-User: account:user`` and
``X-Auth-Key``; answered with ``X-Auth-Token``, ``X-Storage-Token``,
``X-Storage-Url`` and ``X-Auth-Token-Expires``), recognises them
(``X-Auth-Token`` or ``X-Storage-Token``; ``X-Service-Token`` adds a service's
groups) and decides, when the server asks through the context, who may do what:

* group ``.admin``: anything in the user's own account but creating and
  deleting it; ``.reseller_admin``: anything anywhere; ``.reseller_reader``:
  read anything; everybody else what container ACLs (``X-Container-Read``,
  ``X-Container-Write``; see ``auth.acl``) and account ACLs
  (``X-Account-Access-Control``; see ``auth.account_acl``) grant.

ACL headers are checked and brought into their short form before they are
stored: 400 says what is wrong.  401 (with ``WWW-Authenticate``): no token, or
one that is not good; 403: not allowed.  See ``auth.tokens`` for what tokens are.

::

    [filter:tempauth]
    use = egg:ringstack#tempauth
    # user_ACCOUNT_USER = KEY [GROUP ...] [STORAGE_URL]; user64_... in base64
    user_admin_admin = admin .admin .reseller_admin
    user_test_tester = testing .admin
    # what tokens are protected with; the same on every server of a cluster.
    # Also taken from cluster_secret in [DEFAULT]; made of the users' keys
    # when neither is set
    token_secret =
    token_life = 86400
    reseller_prefix = AUTH
    # owners must be in this group too; also AUTH_require_group = ...
    require_group =
    auth_prefix = /auth/
    # http or https where something in front of the server ends TLS
    storage_url_scheme = default
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from objectstore.kernel.access import AccessRules, Identity
from objectstore.kernel.clock import Clock, SystemClock
from objectstore.kernel.errors import Rejected
from objectstore.kernel.option_types import Seconds
from objectstore.kernel.request import Application, Environ, Request, StartResponse
from objectstore.kernel.settings import option
from objectstore.middleware.auth.acl import parse_acl
from objectstore.middleware.auth.acl_headers import translate_acl_headers
from objectstore.middleware.auth.grant import Grant, unauthorized
from objectstore.middleware.auth.rules import Verdict
from objectstore.middleware.auth.tokens import Tokens, secret_from_users
from objectstore.middleware.auth.users import (
    ResellerPrefix,
    User,
    is_user_option,
    read_prefixes,
    read_users,
)
from objectstore.middleware.auth.verdict import verdict_on
from objectstore.middleware.filter_options import FilterMaker, read_options

AFTER = ("catch_errors", "gatekeeper", "healthcheck", "info", "cors", "tempurl")
BEFORE = ("copy", "account_quotas", "container_quotas", "staticweb")

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TempauthSettings:
    """Users in the settings file, and what their tokens are like."""

    token_secret: str = option("", "Protects tokens; the same on every server")
    token_life: Seconds = option(86400.0, "How long a token is good", minimum=1)
    reseller_prefix: tuple[str, ...] = option(
        ("AUTH",), "What account names begin with; '' is the empty one"
    )
    require_group: str = option("", "Owners must be in this group too")
    auth_prefix: str = option("/auth/", "Where tokens are given")
    storage_url_scheme: str = option("default", "Overrides http or https")


class Tempauth:
    """The filter; see the module's docstring."""

    def __init__(
        self,
        app: Application,
        settings: TempauthSettings,
        prefixes: tuple[ResellerPrefix, ...],
        users: Mapping[str, User],
        clock: Clock,
    ) -> None:
        self.app = app
        self._prefixes = prefixes
        self._users = users
        secret = settings.token_secret.encode() or secret_from_users(users)
        self._tokens = Tokens(secret, prefixes[0].prefix, users, clock)
        self._grant = Grant(
            users,
            self._tokens,
            clock,
            settings.token_life,
            settings.storage_url_scheme,
        )
        inner = settings.auth_prefix.strip("/")
        self._auth_prefix = f"/{inner}/" if inner else "/auth/"

    @property
    def token_prefix(self) -> str:
        """What its tokens begin with."""
        return self._tokens.prefix

    def describe(self, registry: Any) -> None:
        """Tell ``/info``."""
        registry.add("tempauth", account_acls=True)

    def secret_for(self, access_key: str) -> tuple[Identity, str] | None:
        """Who an S3 access key (``account:user``) stands for, and its secret."""
        user = self._users.get(access_key)
        return None if user is None else (user.identity, user.key)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        """Recognise the client; decide later, when the server asks."""
        request = Request(environ)
        context = request.context
        if context.is_internal or context.authorize is not None:
            # The house's own request, or one that another filter answers for.
            return self.app(environ, start_response)
        path: str = environ["PATH_INFO"]
        if path.startswith(self._auth_prefix):
            reply = self._grant.answer(request, request.path[len(self._auth_prefix) :])
            return reply(environ, start_response)
        token = environ.get("HTTP_X_AUTH_TOKEN") or environ.get("HTTP_X_STORAGE_TOKEN")
        if token and context.identity is None:
            context.identity = self._identify(request, token)
        context.authorize = self.authorize
        return self.app(environ, translate_acl_headers(request, start_response))

    def authorize(self, request: Request, rules: AccessRules) -> None:
        """Whether the request may go on: raises Rejected 401 or 403 if not."""
        acl = parse_acl(rules.container_acl)
        if verdict_on(request, rules, acl, self._prefixes) is Verdict.DENIED:
            if request.context.identity is None:
                raise unauthorized(request.split()[1])
            raise Rejected(403)

    def _identify(self, request: Request, token: str) -> Identity:
        identity = self._tokens.identity_of(token)
        if identity is None:
            raise unauthorized(request.split()[1])
        service_token = request.environ.get("HTTP_X_SERVICE_TOKEN")
        if service_token:
            service = self._tokens.identity_of(service_token)
            if service is not None:
                # The service lends its groups, not what it owns.
                groups = (*identity.groups, *service.groups)
                return dataclasses.replace(identity, groups=groups)
        return identity


def filter_factory(global_conf: dict[str, str], **local_conf: str) -> FilterMaker:
    """PasteDeploy's entry point."""
    special = [name for name in local_conf if _is_special(name)]
    settings = read_options(
        TempauthSettings, "tempauth", global_conf, local_conf, ignore=special
    )
    if not settings.token_secret:
        secret = global_conf.get("cluster_secret", "")
        settings = dataclasses.replace(settings, token_secret=secret)
    if not settings.token_secret:
        _logger.warning("tempauth: no token_secret: tokens end when any user changes")
    prefixes = read_prefixes(settings.reseller_prefix, local_conf)
    users = read_users(local_conf, prefixes, global_conf.get("__file__", ""))
    return lambda app: Tempauth(app, settings, prefixes, users, SystemClock())


def _is_special(name: str) -> bool:
    return is_user_option(name) or name.endswith("_require_group")
