"""TLS of load balancers: certificates from the key manager, in the forms of listeners
and pools, and as they are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from compute.dashboard.frame.fields import BadForm, Field, Group, Option, Values
from compute.dashboard.frame.view import Cell, Facts, Link, Many, Text
from compute.dashboard.frame.visit import Visit, at
from compute.dashboard.pages.secrets import store
from compute.dashboard.pages.secrets.containers import certificates_of
from compute.dashboard.pages.secrets.store import id_of
from compute.dashboard.pages.words import NONE, plain, switch

TERMINATED_HTTPS = "TERMINATED_HTTPS"
SECONDS_MAX = 2147483647
_AUTHENTICATIONS = {
    "NONE": "asked for none",
    "OPTIONAL": "asked for one, and may have none",
    "MANDATORY": "must have one",
}
VERSIONS = ("TLSv1.3", "TLSv1.2", "TLSv1.1", "TLSv1")
APPLICATIONS = {"h2": "HTTP/2", "http/1.1": "HTTP/1.1", "http/1.0": "HTTP/1.0"}
_NAMES = {
    "default_tls_container_ref": "certificate",
    "client_ca_tls_container_ref": "client_ca",
    "client_crl_container_ref": "client_crl",
}
Thing = Mapping[str, Any]


def has_secrets(visit: Visit) -> bool:
    """Whether there is a key manager to have certificates of."""
    return store.ROOM in visit.session.services


def certificates(visit: Visit) -> tuple[list[Option], list[Option]]:
    """Containers with a key, and single secrets, to choose from."""
    containers, secrets = _kept(visit)
    return store.choices(containers), store.choices(secrets)


def _kept(visit: Visit) -> tuple[Sequence[Thing], Sequence[Thing]]:
    """Containers that are certificates, and secrets that are."""
    if not has_secrets(visit):
        return (), ()
    found = visit.rooms.together(
        containers=lambda: store.listed(visit, store.CONTAINERS, type="certificate"),
        secrets=lambda: store.listed(visit, store.SECRETS, secret_type="certificate"),
    )
    kept = found.get("containers", {}).get("containers", ())
    single = found.get("secrets", {}).get("secrets", ())
    visit.problems += found.problems
    return kept, single


def tls_group(visit: Visit, now: Thing) -> list[Group]:
    """What is asked of a listener that ends TLS; nothing without a key manager."""
    if not has_secrets(visit):
        return []
    kept, single = certificates(visit)
    age = now.get("hsts_max_age")
    authentication = now.get("client_authentication") or "NONE"
    return [
        Group(
            f"TLS, for {TERMINATED_HTTPS}",
            [
                _reference(
                    "certificate", "Certificate", kept,
                    now.get("default_tls_container_ref"),
                    "" if kept else "Keep one first: Secrets, Keep a certificate.",
                ),
                Field(
                    "sni", "Further ones, by the name that clients ask for (SNI)",
                    "checks", now.get("sni_container_refs") or (),
                    _with(kept, now.get("sni_container_refs") or ()),
                ),
                Field(
                    "client_authentication", "Certificates of clients", "select",
                    [authentication],
                    [Option(word, text) for word, text in _AUTHENTICATIONS.items()],
                ),
                _reference(
                    "client_ca", "Signed by", single,
                    now.get("client_ca_tls_container_ref"),
                    "A secret: the certificates of who signs clients'.",
                ),
                _reference(
                    "client_crl", "And not revoked by", single,
                    now.get("client_crl_container_ref"), "A secret: a list (CRL).",
                ),
                Field(
                    "versions", "Versions of TLS", "checks",
                    now.get("tls_versions") or ("TLSv1.3", "TLSv1.2"),
                    [Option(each, each) for each in VERSIONS],
                ),
                Field(
                    "alpn", "Offers", "checks",
                    now.get("alpn_protocols") or tuple(APPLICATIONS),
                    [Option(word, text) for word, text in APPLICATIONS.items()],
                ),
                Field(
                    "hsts", "Browsers remember for seconds to use TLS (HSTS)",
                    "number", [] if age is None else [str(age)], least=0,
                    most=SECONDS_MAX, placeholder="31536000",
                ),
            ],
            is_folded=now.get("protocol") != TERMINATED_HTTPS,
        )
    ]  # fmt: skip


def _reference(
    name: str, label: str, known: Sequence[Option], now: str | None, help_: str
) -> Field:
    chosen = [now] if now else []
    options = [Option("", "None"), *_with(known, chosen)]
    return Field(name, label, "select", chosen, options, help=help_)


def _with(known: Sequence[Option], chosen: Sequence[str]) -> list[Option]:
    """And what is in use, where the list does not have it (of another project, say)."""
    listed = {each.value for each in known}
    rest = [Option(each, id_of(each)) for each in chosen if each not in listed]
    return [*known, *rest]


def tls_order(protocol: str, values: Values) -> dict[str, Any]:
    """What is sent of it for a listener of that protocol.  ``BadForm``."""
    if protocol != TERMINATED_HTTPS:
        for name in ("certificate", "client_ca", "client_crl", "hsts"):
            if values[name]:
                raise BadForm({name: f"Only of {TERMINATED_HTTPS}."})
        return {}
    if not values["certificate"] and not values.chosen("sni"):
        raise BadForm({"certificate": "A certificate is needed."})
    found: dict[str, Any] = {
        name: values[field] or None for name, field in _NAMES.items()
    }
    found["sni_container_refs"] = values.chosen("sni")
    found["client_authentication"] = values["client_authentication"] or "NONE"
    found["tls_versions"] = values.chosen("versions")
    found["alpn_protocols"] = values.chosen("alpn")
    found["hsts_max_age"] = values.number("hsts")
    return found


def tls_facts(visit: Visit, listener: Thing) -> Facts:
    """As it is; certificates by name, where this person may list them."""
    containers, secrets = _kept(visit)
    known = [*store.choices(containers), *store.choices(secrets)]
    names = {each.value: each.label for each in known}
    used = {listener.get("default_tls_container_ref")}
    used.update(listener.get("sni_container_refs") or ())
    told = certificates_of(
        visit, [each for each in containers if each["container_ref"] in used]
    )

    def link(reference: str | None) -> Cell:
        if not reference:
            return NONE
        found = _link(reference, names)
        if reference not in told:
            return found
        return Many([found, *told[reference].briefly(visit.now)])

    age = listener.get("hsts_max_age")
    authentication = listener.get("client_authentication") or "NONE"
    others = [link(each) for each in listener.get("sni_container_refs") or ()]
    facts: list[tuple[str, Cell]] = [
        ("Certificate", link(listener.get("default_tls_container_ref"))),
        ("By SNI", Many(others, "no others")),
        ("Clients", Text(_AUTHENTICATIONS.get(authentication, authentication))),
        ("Signed by", link(listener.get("client_ca_tls_container_ref"))),
        ("Revoked by", link(listener.get("client_crl_container_ref"))),
        ("Versions", Text(", ".join(listener.get("tls_versions") or ()))),
        ("Offers", Text(", ".join(listener.get("alpn_protocols") or ()))),
        ("HSTS", plain("" if age is None else f"{age} seconds")),
    ]
    return Facts("tls", facts, "TLS")


def _link(reference: str, names: Mapping[str, str]) -> Link:
    kind = reference.rstrip("/").split("/")[-2:-1]
    page = "secret-containers" if kind == [store.CONTAINERS] else "secrets"
    name = names.get(reference, id_of(reference))
    return Link(name, at(page, id_of(reference)))


def pool_group(visit: Visit, now: Thing) -> list[Field | Group]:
    """How a pool speaks to its members by TLS."""
    kept, single = certificates(visit)
    fields = [
        switch(
            "tls",
            "By TLS",
            is_on=bool(now.get("tls_enabled")),
            help="The load balancer is a client of its members.",
        )
    ]
    if has_secrets(visit):
        fields += [
            _reference(
                "ca", "Whose certificates are signed by", single,
                now.get("ca_tls_container_ref"), "None: any are believed.",
            ),
            _reference(
                "own", "And shows this certificate of its own", kept,
                now.get("tls_container_ref"), "",
            ),
        ]  # fmt: skip
    return [Group("TLS to the members", fields, not now.get("tls_enabled"))]


def pool_order(values: Values) -> dict[str, Any]:
    """What is sent of it for a pool."""
    return {
        "tls_enabled": values.flag("tls"),
        "ca_tls_container_ref": values["ca"] or None,
        "tls_container_ref": values["own"] or None,
    }


def pool_words(pool: Thing) -> str:
    """ ", by TLS" where it is so.  Pure."""
    return ", by TLS" if pool.get("tls_enabled") else ""


def is_read(listener: Thing) -> bool:
    """Whether requests are read, so that policies may be asked.  Pure."""
    return listener["protocol"] in ("HTTP", TERMINATED_HTTPS)
