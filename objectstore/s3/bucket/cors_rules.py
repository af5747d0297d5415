"""CORS configuration: read, checked, matched against a browser's request.  Pure."""

from __future__ import annotations

from dataclasses import dataclass

from objectstore.s3.access.glob import matches
from objectstore.s3.errors import S3Error
from objectstore.s3.xml.read import Node, read_document

RULES_MAX = 100  # AWS's limit
METHODS = frozenset({"GET", "PUT", "POST", "DELETE", "HEAD"})


# What every reply of a bucket with rules depends on, for caches.
VARY = (
    "Vary",
    "Origin, Access-Control-Request-Headers, Access-Control-Request-Method",
)


@dataclass(frozen=True, slots=True)
class CorsRule:
    """One rule: which origins may do what."""

    origins: tuple[str, ...]
    methods: tuple[str, ...]
    headers: tuple[str, ...]
    exposed: tuple[str, ...]
    max_age: str

    def allows(self, origin: str, method: str, headers: list[str]) -> bool:
        """Whether a request with these headers may be made."""
        return (
            method in self.methods
            and any(matches(pattern, origin) for pattern in self.origins)
            and all(
                any(matches(pattern, header) for pattern in self.headers)
                for header in headers
            )
        )

    def reply_headers(self, origin: str, requested: list[str]) -> list[tuple[str, str]]:
        """What the browser is told."""
        anyone = "*" in self.origins
        headers = [
            ("Access-Control-Allow-Origin", "*" if anyone else origin),
            ("Access-Control-Allow-Methods", ", ".join(self.methods)),
        ]
        if not anyone:
            headers.append(("Access-Control-Allow-Credentials", "true"))
        if requested:
            headers.append(("Access-Control-Allow-Headers", ", ".join(requested)))
        if self.exposed:
            headers.append(("Access-Control-Expose-Headers", ", ".join(self.exposed)))
        if self.max_age:
            headers.append(("Access-Control-Max-Age", self.max_age))
        headers.append(VARY)
        return headers


def parse_cors(text: str) -> tuple[CorsRule, ...]:
    """The rules of a ``CORSConfiguration``."""
    rules = list(read_document(text.encode(), "CORSConfiguration").all("CORSRule"))
    if not 0 < len(rules) <= RULES_MAX:
        raise S3Error("MalformedXML")
    return tuple(_rule(rule) for rule in rules)


def find_rule(
    rules: tuple[CorsRule, ...], origin: str, method: str, headers: list[str]
) -> CorsRule | None:
    """The first rule that allows the request."""
    for rule in rules:
        if rule.allows(origin, method, headers):
            return rule
    return None


def requested_headers(text: str) -> list[str]:
    """``Access-Control-Request-Headers`` as lower-case names."""
    return [name.strip().lower() for name in text.split(",") if name.strip()]


def _rule(node: Node) -> CorsRule:
    methods = tuple(item.text for item in node.all("AllowedMethod"))
    origins = tuple(item.text for item in node.all("AllowedOrigin"))
    headers = tuple(item.text.lower() for item in node.all("AllowedHeader"))
    if not methods or not origins:
        raise S3Error("MalformedXML")
    for method in methods:
        if method not in METHODS:
            raise S3Error(
                "InvalidRequest",
                "Found unsupported HTTP method in CORS config. Unsupported method is "
                + method[:32],
            )
    for pattern in (*origins, *headers):
        if pattern.count("*") > 1:
            raise S3Error(
                "InvalidRequest",
                f'AllowedOrigin "{pattern[:256]}" can not have more than one wildcard.',
            )
    age = node.get("MaxAgeSeconds")
    if age and not (age.isascii() and age.isdigit() and len(age) < 10):
        raise S3Error("MalformedXML")
    exposed = tuple(item.text for item in node.all("ExposeHeader"))
    if any("*" in name or not name.isprintable() for name in exposed):
        raise S3Error("InvalidRequest", "ExposeHeader contains wildcard.")
    return CorsRule(origins, methods, headers, exposed, age)
