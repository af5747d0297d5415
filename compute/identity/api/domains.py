"""``/v3/domains``."""

from __future__ import annotations

from compute.core.api.frame import ApiCall, Route, empty_reply
from compute.core.errors import BadRequest
from compute.identity import tables
from compute.identity.api import shapes
from compute.identity.api.documents import domain_document
from compute.identity.api.reading import page_reply
from compute.identity.api.replies import changes_of, one, without
from compute.identity.changes import projects as changes
from compute.identity.model import Project
from compute.identity.parts import Parts
from compute.identity.store.filters import flag_condition, text_conditions
from compute.identity.store.subjects import domains
from objectstore.kernel.reply import Reply

_PROPERTIES = {
    "name": shapes.DOMAIN_NAME,
    "enabled": shapes.FLAG,
    "description": shapes.TEXT,
    "options": shapes.OPTIONS,
    "tags": {"type": "array", "maxItems": 0},
    "explicit_domain_id": {
        "type": "string",
        "pattern": "^[0-9a-f]{32}$",
    },
}
_CREATE = shapes.body("domain", _PROPERTIES, ["name"])
_UPDATE = shapes.body("domain", _PROPERTIES)
_KNOWN = (*_PROPERTIES, "domain_id", "parent_id", "is_domain")


class DomainsApi:
    """The operations."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            Route("GET", "/v3/domains", self.list),
            Route("POST", "/v3/domains", self.create),
            Route("GET", "/v3/domains/{domain_id}", self.show),
            Route("PATCH", "/v3/domains/{domain_id}", self.update),
            Route("DELETE", "/v3/domains/{domain_id}", self.delete),
        ]

    def list(self, call: ApiCall) -> Reply:
        """The domains; with a domain as scope, that one."""
        context, rows = call.context, tables.projects.c
        own = context.domain_id
        self._parts.enforce(context, "identity:list_domains", {"target.domain.id": own})
        conditions = text_conditions(call.query, {"name": rows.name})
        conditions += flag_condition(call.query, "enabled", rows.enabled)
        conditions.append(rows.is_domain.is_(True))
        if own:
            conditions.append(rows.id == own)
        return page_reply(
            self._parts, call, "domains", domains, conditions, domain_document
        )

    def create(self, call: ApiCall) -> Reply:
        """A new domain."""
        self._parts.enforce(call.context, "identity:create_domain", {})
        wanted = call.json(_CREATE)["domain"]
        identifier = wanted.get("explicit_domain_id")
        domain = Project(
            id=identifier or self._parts.identifiers.hexadecimal(),
            name=wanted["name"].strip(),
            is_domain=True,
            enabled=wanted.get("enabled", True),
            description=wanted.get("description") or "",
            options=changes.merged_options({}, wanted.get("options", {})),
            extra=without(wanted, _KNOWN),
        )
        made = changes.create(self._parts, call.context, domain)
        return one(201, "domain", domain_document(call, made))

    def show(self, call: ApiCall) -> Reply:
        """One domain."""
        domain = load_domain(self._parts, call, "get_domain")
        return one(200, "domain", domain_document(call, domain))

    def update(self, call: ApiCall) -> Reply:
        """Change a domain."""
        domain = load_domain(self._parts, call, "update_domain")
        wanted = changes_of(call, _UPDATE, "domain", domain.id)
        if "explicit_domain_id" in wanted:
            raise BadRequest("explicit_domain_id is for new domains only")
        extra = without(wanted, _KNOWN)
        changed = changes.update(self._parts, call.context, domain, wanted, extra)
        return one(200, "domain", domain_document(call, changed))

    def delete(self, call: ApiCall) -> Reply:
        """Take a disabled domain away, with everything in it."""
        domain = load_domain(self._parts, call, "delete_domain")
        changes.delete_domain(self._parts, call.context, domain)
        return empty_reply()


def load_domain(parts: Parts, call: ApiCall, operation: str) -> Project:
    """The domain of the path, if the caller may."""
    domain_id = call.parameters["domain_id"]
    found = parts.read(lambda connection: domains.find(connection, domain_id))
    domain = found if found is not None and found.is_domain else None
    target = {} if domain is None else {"target.domain.id": domain.id}
    parts.enforce(call.context, f"identity:{operation}", target)
    if domain is None:
        raise domains.missing(domain_id)
    return domain
