"""identity: Keystone's tokens and EC2 keys, checked with an identity service.

Recognises ``X-Auth-Token`` (or ``X-Storage-Token``) by asking identity (v3) and
decides, when the server asks through the context, who may do what:

* a project has the account ``AUTH_`` and its id; users with one of the
  ``operator_roles`` in it may do anything there but create and delete the account,
  users with one of the ``reader_roles`` may read everything;
* ``reseller_admin_roles``: anything anywhere; ``system_reader_roles``: read
  anything; neither with a domain as scope;
* everybody else what container ACLs (``X-Container-Read``, ``X-Container-Write``)
  and account ACLs (``X-Account-Access-Control``) grant: ``PROJECT:USER``, ``PROJECT``,
  ``PROJECT:*``, ``*:USER``, ``*:*``, by ids, and by names where both are of the
  default domain; the name of a role, for users of the same project; referrers.

Application credentials with access rules are kept to them (service
``object-store``).  With ``reseller_prefix = AUTH, SERVICE`` and
``SERVICE_service_roles = service`` the accounts ``SERVICE_`` and a project's id open
to a user's token together with an ``X-Service-Token`` only.

S3 requests may be signed with EC2 keys, which the service user looks up.

Answers are kept for ``cache_time``; a revoked token works so long at most.  401: the
token is not good; 503: identity cannot be asked.

It stands in the place of ``tempauth``, or right before it: then tokens that begin with
``AUTH_tk``, and requests without any, are tempauth's.

::

    [filter:identity]
    use = egg:ringstack#identity
    # where the identity service is, without /v3; empty: in this process, or none
    auth_url = http://127.0.0.1:5000
    # the authorities that https addresses are trusted by; empty: the system's
    ca_file =
    # who looks EC2 keys up; without a password there are none
    service_user = ringstack
    service_password =
    # the same, alone in a file
    service_password_file =
    service_project = service
    service_domain_id = default
    # also PREFIX_operator_roles = ..., PREFIX_service_roles = ...
    reseller_prefix = AUTH
    operator_roles = admin, manager, member, swiftoperator
    reader_roles = reader
    reseller_admin_roles = admin, ResellerAdmin
    system_reader_roles =
    allow_names_in_acls = true
    default_domain_id = default
    cache_time = 30
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from objectstore.client.access_rules import is_allowed
from objectstore.client.caller import Caller
from objectstore.client.over_http import HttpCaller
from objectstore.kernel.access import AccessRules, Identity
from objectstore.kernel.client import ClientPool, ClientSettings
from objectstore.kernel.clock import Clock, SystemClock
from objectstore.kernel.errors import Rejected, Unavailable
from objectstore.kernel.option_types import Seconds
from objectstore.kernel.request import Application, Environ, Request, StartResponse
from objectstore.kernel.settings import option
from objectstore.middleware.api_paths import API_VERSIONS
from objectstore.middleware.auth.acl import parse_acl
from objectstore.middleware.auth.acl_headers import translate_acl_headers
from objectstore.middleware.auth.grant import unauthorized
from objectstore.middleware.auth.rules import Verdict
from objectstore.middleware.auth.users import ResellerPrefix
from objectstore.middleware.auth.verdict import verdict_on
from objectstore.middleware.filter_options import FilterMaker, read_options
from objectstore.middleware.keystone import roles
from objectstore.middleware.keystone.people import (
    Person,
    ProjectIdentity,
    RoleMeaning,
)
from objectstore.middleware.keystone.recognition import Recognition
from objectstore.middleware.keystone.roles import is_role_option, read_prefix_roles
from objectstore.middleware.keystone.signers import ServiceUser
from objectstore.middleware.layers import layers
from objectstore.middleware.tempauth import Tempauth

AFTER = (
    "catch_errors",
    "gatekeeper",
    "healthcheck",
    "info",
    "s3",
    "cors",
    "container_sync",
    "tempurl",
    "formpost",
)
BEFORE = ("tempauth", "copy", "account_quotas", "container_quotas", "staticweb")

SERVICE_TYPE = "object-store"


@dataclass(frozen=True, slots=True)
class IdentityFilterSettings:
    """The identity service, and what its roles mean here."""

    auth_url: str = option("", "Where identity is, without /v3; '': in this process")
    ca_file: Path | None = option(
        None, "Who must have signed an https auth_url's certificate; default: system's"
    )
    service_user: str = option("ringstack", "Who looks EC2 keys up")
    service_password: str = option("", "The service user's password")
    service_password_file: Path | None = option(None, "The same, alone in a file")
    service_project: str = option("service", "The service user's project")
    service_domain_id: str = option("default", "The domain of both")
    reseller_prefix: tuple[str, ...] = option(
        ("AUTH",), "What account names begin with; '' is the empty one"
    )
    operator_roles: tuple[str, ...] = option(
        roles.OPERATOR_ROLES, "Who may do anything in the project's account"
    )
    reader_roles: tuple[str, ...] = option(
        roles.READER_ROLES, "Who may read everything in the project's account"
    )
    reseller_admin_roles: tuple[str, ...] = option(
        roles.RESELLER_ADMIN_ROLES, "Who may do anything anywhere"
    )
    system_reader_roles: tuple[str, ...] = option(
        (), "Who may read everything anywhere"
    )
    allow_names_in_acls: bool = option(
        True, "Whether ACLs may name projects and users of the default domain"
    )
    default_domain_id: str = option("default", "The domain whose names ACLs may use")
    cache_time: Seconds = option(
        30.0, "How long identity's answers are believed", minimum=0
    )


class IdentityFilter:
    """The filter; see the module's docstring."""

    def __init__(
        self,
        app: Application,
        settings: IdentityFilterSettings,
        prefixes: tuple[roles.PrefixRoles, ...],
        clock: Clock,
    ) -> None:
        self.app = app
        self._settings = settings
        self._clock = clock
        self._meaning = RoleMeaning(
            prefixes,
            roles.lower(settings.reseller_admin_roles),
            roles.lower(settings.reader_roles),
            roles.lower(settings.system_reader_roles),
            settings.default_domain_id if settings.allow_names_in_acls else "",
        )
        self._prefixes = tuple(ResellerPrefix(rule.prefix) for rule in prefixes)
        self._tempauth = next(
            (layer for layer in layers(app) if isinstance(layer, Tempauth)), None
        )
        self._recognition: Recognition | None = None

    def connect(self, caller: Caller) -> None:
        """Ask this identity service; called where the process is put together, when
        identity is in it (and then in place of the one at ``auth_url``)."""
        settings = self._settings
        user = ServiceUser(
            settings.service_user,
            settings.service_password,
            settings.service_password_file,
            settings.service_project,
            settings.service_domain_id,
        )
        self._recognition = Recognition(
            caller, self._clock, self._meaning, user, settings.cache_time
        )

    def forget(self) -> None:
        """Identity says that tokens were revoked: believe none any more."""
        if self._recognition is not None:
            self._recognition.forget()

    def hear_of_revocation(self, message: Mapping[str, Any]) -> None:
        """What identity publishes on a bus."""
        self.forget()

    def secret_for(self, access_key: str) -> tuple[Identity, str] | None:
        """Who an S3 access key stands for, and its secret."""
        if self._tempauth is not None:
            found = self._tempauth.secret_for(access_key)
            if found is not None:
                return found
        if self._recognition is None:
            return None
        return self._recognition.secret_for(access_key)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        """Recognise the client; decide later, when the server asks."""
        request = Request(environ)
        context = request.context
        if context.is_internal or context.authorize is not None:
            # The house's own request, or one that another filter answers for.
            return self.app(environ, start_response)
        token = environ.get("HTTP_X_AUTH_TOKEN") or environ.get("HTTP_X_STORAGE_TOKEN")
        path: str = environ["PATH_INFO"]
        if path.split("/", 2)[1:2] not in _API or self._is_tempauths(token):
            return self.app(environ, start_response)
        if token and context.identity is None:
            context.identity = self._identify(request, token)
        context.authorize = self.authorize
        return self.app(environ, translate_acl_headers(request, start_response))

    def authorize(self, request: Request, rules: AccessRules) -> None:
        """Whether the request may go on: raises Rejected 401 or 403 if not."""
        acl = parse_acl(rules.container_acl)
        if verdict_on(request, rules, acl, self._prefixes) is Verdict.DENIED:
            account, identity = request.split()[1], request.context.identity
            if identity is None:
                raise unauthorized(account)
            if not _by_role_name(identity, account, acl.grantees):
                raise Rejected(403)

    def _is_tempauths(self, token: str | None) -> bool:
        if self._tempauth is None:
            return False
        if self._recognition is None or not token:
            return True
        return token.startswith(self._tempauth.token_prefix)

    def _identify(self, request: Request, token: str) -> Identity:
        if self._recognition is None:
            raise Unavailable("no identity service is connected")
        person = self._recognition.person(token)
        if person is None or not _keeps_to_rules(person, request):
            raise unauthorized(request.split()[1])
        service_token = request.environ.get("HTTP_X_SERVICE_TOKEN")
        return self._recognition.identity(person, service_token)


_API = tuple([version] for version in API_VERSIONS)


def _keeps_to_rules(person: Person, request: Request) -> bool:
    rules = person.access_rules
    return rules is None or is_allowed(
        rules, SERVICE_TYPE, request.method, request.path
    )


def _by_role_name(identity: Identity, account: str, grantees: frozenset[str]) -> bool:
    """Whether an ACL names one of the user's roles, in his own project."""
    return (
        isinstance(identity, ProjectIdentity)
        and account in identity.own_accounts
        and any(entry.lower() in identity.roles for entry in grantees)
    )


def filter_factory(global_conf: dict[str, str], **local_conf: str) -> FilterMaker:
    """PasteDeploy's entry point."""
    special = [name for name in local_conf if is_role_option(name)]
    special = [name for name in special if name != "operator_roles"]
    settings = read_options(
        IdentityFilterSettings, "identity", global_conf, local_conf, ignore=special
    )
    prefixes = read_prefix_roles(
        settings.reseller_prefix, settings.operator_roles, local_conf
    )

    def make(app: Application) -> IdentityFilter:
        made = IdentityFilter(app, settings, prefixes, SystemClock())
        if settings.auth_url:
            pool = ClientPool(ClientSettings(ca_file=settings.ca_file))
            made.connect(HttpCaller(settings.auth_url, pool))
        return made

    return make
