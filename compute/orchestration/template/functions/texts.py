"""Functions that make texts."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from compute.orchestration.errors import Invalid
from compute.orchestration.template.functions.yaql import yaql
from compute.orchestration.template.scalars import text_of, whole_number
from compute.orchestration.template.scope import Function, Scope, plainly, resolve
from compute.orchestration.template.unknown import UNKNOWN, has_unknown

ALGORITHMS = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")
PORT_MAX = 65535
# So many names (a power of two) are tried as fast as one value is looked at.
TRIALS_BITS = 6
_URL_PARTS = frozenset(
    ("scheme", "username", "password", "host", "port", "path", "query", "fragment")
)


def _replace(arguments: Any, scope: Scope, *, strict: bool, empty_ok: bool) -> Any:
    if not isinstance(arguments, Mapping) or set(arguments) != {"template", "params"}:
        raise TypeError
    template = resolve(arguments["template"], scope)
    parameters = resolve(arguments["params"], scope)
    if has_unknown(template) or has_unknown(parameters):
        return UNKNOWN
    texts = {}
    for name, value in parameters.items():
        texts[name] = "" if value is None else text_of(value)
        if not name or (not empty_ok and not texts[name]):
            raise Invalid(f"str_replace: the parameter {name!r} has no value")
    text = text_of(template)
    missing = [name for name in texts if name not in text]
    if strict and missing:
        raise Invalid(
            f"The following params were not found in the template: {missing[0]}"
        )
    if not texts:
        return text
    # In one pass, the longest name first: what was put in is not looked at again.
    names = sorted(texts, key=len, reverse=True)
    longest = max(map(len, texts.values()))
    # At each place of the text each name may have to be tried.
    scope.spend(len(text) * len(names) >> TRIALS_BITS)
    pattern = re.compile("|".join(map(re.escape, names)))
    scope.spend_text(len(text) + longest * sum(1 for _ in pattern.finditer(text)))
    return pattern.sub(lambda found: texts[found.group()], text)


def str_replace(arguments: Any, scope: Scope) -> Any:
    """A text with each of some words replaced by a value."""
    return _replace(arguments, scope, strict=False, empty_ok=True)


def str_replace_strict(arguments: Any, scope: Scope) -> Any:
    """As str_replace; each of the words must be in the text."""
    return _replace(arguments, scope, strict=True, empty_ok=True)


def str_replace_vstrict(arguments: Any, scope: Scope) -> Any:
    """As str_replace_strict; each of the words must have a value that is not empty."""
    return _replace(arguments, scope, strict=True, empty_ok=False)


@plainly
def _split(arguments: Any, scope: Scope) -> Any:
    delimiter, text, *position = arguments
    if text is None:
        return None
    if len(position) > 1 or not isinstance(delimiter, str) or not delimiter:
        raise TypeError
    scope.spend_text(len(text))
    parts = text.split(delimiter)
    return parts[whole_number(position[0])] if position else parts


def str_split(arguments: Any, scope: Scope) -> Any:
    """The parts of a text between delimiters, or one of them."""
    return _split(arguments, scope)


@plainly
def _digest(arguments: Any, scope: Scope) -> Any:
    algorithm, text = arguments
    if algorithm not in ALGORITHMS:
        raise Invalid(f"digest: the algorithm must be one of {', '.join(ALGORITHMS)}")
    return hashlib.new(algorithm, text_of(text).encode()).hexdigest()


def digest(arguments: Any, scope: Scope) -> Any:
    """The digest of a text by an algorithm, in hexadecimal digits."""
    return _digest(arguments, scope)


@plainly
def _url(arguments: Any, scope: Scope) -> Any:
    if not set(arguments) <= _URL_PARTS:
        raise Invalid(f"make_url: only {', '.join(sorted(_URL_PARTS))} are known")
    parts = {key: value for key, value in arguments.items() if value is not None}
    host = text_of(parts.get("host", ""))
    if ":" in host and not host.startswith("["):
        host = f"[{host}]"
    if "port" in parts:
        if not 0 < whole_number(parts["port"]) <= PORT_MAX:
            raise Invalid(f"make_url: the port is not between 1 and {PORT_MAX}")
        host += f":{whole_number(parts['port'])}"
    if "username" in parts:
        user = quote(text_of(parts["username"]), safe="")
        if "password" in parts:
            user += ":" + quote(text_of(parts["password"]), safe="")
        host = f"{user}@{host}"
    scheme = text_of(parts.get("scheme", ""))
    url = (f"{scheme}:" if scheme else "") + (f"//{host}" if host else "")
    path = quote(text_of(parts.get("path", "")))
    if path and host and not path.startswith("/"):
        path = "/" + path
    return url + path + _query(parts) + _fragment(parts)


def make_url(arguments: Any, scope: Scope) -> Any:
    """A URL of its parts, quoted where they must be."""
    return _url(arguments, scope)


def _query(parts: Mapping[str, Any]) -> str:
    query = parts.get("query") or {}
    if isinstance(query, str):
        return "?" + query
    pairs = [
        f"{quote(text_of(key), safe='')}={quote(text_of(value), safe='')}"
        for key, value in query.items()
    ]
    return "?" + "&".join(pairs) if pairs else ""


def _fragment(parts: Mapping[str, Any]) -> str:
    fragment = text_of(parts.get("fragment", ""))
    return "#" + quote(fragment) if fragment else ""


FUNCTIONS: Mapping[str, Function] = {
    "str_replace": str_replace,
    "str_replace_strict": str_replace_strict,
    "str_replace_vstrict": str_replace_vstrict,
    "str_split": str_split,
    "digest": digest,
    "make_url": make_url,
    "yaql": yaql,
}
