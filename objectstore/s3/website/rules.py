"""A bucket's ``WebsiteConfiguration``: read, checked, and what it decides.  Pure."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from objectstore.s3.errors import S3Error
from objectstore.s3.xml.read import Node, read_document

RULES_MAX = 50  # AWS's limit
# What stays as it is in a redirect's path; line ends never do.  An owner's replacement
# may be encoded already, and may have a query or a fragment.
_KEY_SAFE = "/-_.~!$&'()*+,;=:@"
_OWNERS_SAFE = _KEY_SAFE + "%?#"


@dataclass(frozen=True, slots=True)
class Redirect:
    """Where to, where it differs from what was asked for."""

    protocol: str = ""
    host: str = ""
    replace_prefix: str | None = None
    replace_key: str | None = None
    status: int = 301


@dataclass(frozen=True, slots=True)
class RoutingRule:
    """A redirect, and when it is for a request."""

    redirect: Redirect
    prefix: str = ""
    error_status: int = 0

    def matches(self, key: str, status: int) -> bool:
        """Whether the rule is for the key; ``status`` 0: before it is looked up."""
        return key.startswith(self.prefix) and self.error_status == status

    def path(self, key: str) -> str:
        """What becomes of the key, as it stands in a URL."""
        redirect = self.redirect
        if redirect.replace_key is not None:
            return quote(redirect.replace_key, safe=_OWNERS_SAFE)
        if redirect.replace_prefix is not None:
            new = quote(redirect.replace_prefix, safe=_OWNERS_SAFE)
            return new + path_of(key[len(self.prefix) :])
        return path_of(key)


@dataclass(frozen=True, slots=True)
class Website:
    """A configuration: a redirect of everything, or an index and what goes with it."""

    redirect_all: Redirect | None = None
    index: str = ""
    error_key: str = ""
    rules: tuple[RoutingRule, ...] = ()

    def document(self, key: str) -> str:
        """The key that stands for a path: directories have an index."""
        return key + self.index if not key or key.endswith("/") else key

    def rule(self, key: str, status: int = 0) -> RoutingRule | None:
        """The first rule for the key, before a lookup or after one that failed."""
        for rule in self.rules:
            if rule.matches(key, status):
                return rule
        return None


def path_of(key: str) -> str:
    """A key as it stands in a URL."""
    return quote(key, safe=_KEY_SAFE)


def location(redirect: Redirect, path: str, scheme: str, host: str) -> str:
    """The URL that a redirect leads to."""
    return f"{redirect.protocol or scheme}://{redirect.host or host}/{path}"


def parse_website(text: str) -> Website:
    """A ``WebsiteConfiguration``.  Raises ``S3Error``."""
    root = read_document(text.encode(), "WebsiteConfiguration")
    everything = root.child("RedirectAllRequestsTo")
    if everything is not None:
        if len(root.children) > 1 or not everything.get("HostName"):
            raise S3Error("MalformedXML")
        protocol = _protocol(everything)
        return Website(Redirect(protocol, _host(everything)))
    index = root.child("IndexDocument")
    if index is None:
        raise S3Error(
            "InvalidArgument", "A value for IndexDocument Suffix must be provided"
        )
    suffix = index.get("Suffix")
    if not suffix or "/" in suffix:
        raise S3Error("InvalidArgument", "The IndexDocument Suffix is not well formed")
    error = root.child("ErrorDocument")
    if error is not None and not error.get("Key"):
        raise S3Error("MalformedXML")
    outer = root.child("RoutingRules")
    nodes = [] if outer is None else list(outer.all("RoutingRule"))
    if len(nodes) > RULES_MAX:
        raise S3Error(
            "InvalidRequest",
            f"The number of website routing rules is limited to {RULES_MAX}.",
        )
    rules = tuple(_rule(node) for node in nodes)
    return Website(None, suffix, "" if error is None else error.get("Key"), rules)


def _rule(node: Node) -> RoutingRule:
    found = node.child("Redirect")
    if found is None or not found.children:
        raise S3Error("MalformedXML")
    new_prefix, new_key = (
        found.child(name) for name in ("ReplaceKeyPrefixWith", "ReplaceKeyWith")
    )
    if new_prefix is not None and new_key is not None:
        raise S3Error(
            "InvalidRequest",
            "You can only define ReplaceKeyPrefix or ReplaceKey but not both.",
        )
    redirect = Redirect(
        _protocol(found),
        _host(found),
        None if new_prefix is None else new_prefix.text,
        None if new_key is None else new_key.text,
        _status(found.get("HttpRedirectCode"), (301, 302, 303, 304, 305, 307, 308))
        or 301,
    )
    condition = node.child("Condition")
    if condition is None:
        return RoutingRule(redirect)
    if not condition.children:
        raise S3Error("MalformedXML")
    status = _status(
        condition.get("HttpErrorCodeReturnedEquals"), tuple(range(400, 600))
    )
    return RoutingRule(redirect, condition.get("KeyPrefixEquals"), status)


def _protocol(node: Node) -> str:
    protocol = node.get("Protocol")
    if protocol not in ("http", "https", ""):
        raise S3Error(
            "InvalidRequest", "Invalid protocol, protocol can be http or https."
        )
    return protocol


def _host(node: Node) -> str:
    host = node.get("HostName")
    if not host.isprintable() or set(host) & set(' /\\?#@"<>'):
        raise S3Error("InvalidRequest", "The HostName is not well formed")
    return host


def _status(text: str, allowed: tuple[int, ...]) -> int:
    if not text:
        return 0
    if not (text.isascii() and text.isdigit()) or int(text) not in allowed:
        raise S3Error(
            "InvalidRequest", f"The provided HTTP code ({text[:8]}) is not valid."
        )
    return int(text)
