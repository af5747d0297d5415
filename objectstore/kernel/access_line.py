"""One line of the access log.  Pure.

    time remote identity "METHOD target" status in out seconds transaction "agent" notes

A line is one line whatever a client sends: control characters are
percent-encoded.  Query parameters that carry a signature, token or credential
lose their value: a log is read by more people than may have it.
"""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote, unquote

import orjson

from objectstore.kernel.request import Context

# Query parameters, in lower case, whose value must not be written down.
SECRET_PARAMETERS = frozenset(
    {
        "access_token",
        "auth",
        "awsaccesskeyid",
        # With which people come back from a provider that knows them (RFC 6749).
        "code",
        "key",
        "password",
        "secret",
        "sig",
        "signature",
        "temp_url_sig",
        "token",
        "x-amz-credential",
        "x-amz-security-token",
        "x-amz-signature",
        "x-auth-key",
        "x-auth-token",
        "x-storage-token",
    }
)
HIDDEN = "***"
# More of a target or an agent than this helps nobody and fills the disk.
TARGET_CHARACTERS_MAX = 4096
AGENT_CHARACTERS_MAX = 256
# What may stand in a target as it is: visible ASCII but the quote.
TARGET_SAFE = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) != '"')
WORD_SAFE = TARGET_SAFE
AGENT_SAFE = TARGET_SAFE + " "


class AccessEntry(NamedTuple):
    """What is known of a finished request: ``target`` as sent (path and query), body
    bytes in and out, how long it took."""

    remote: str
    method: str
    target: str
    status: int
    bytes_in: int
    bytes_out: int
    seconds: float
    context: Context
    agent: str


def text_line(stamp: str, entry: AccessEntry) -> str:
    """The entry as text; ``stamp`` is the time as it shall be shown."""
    context = entry.context
    identity = context.identity
    user = _encoded(identity.user, WORD_SAFE) if identity is not None else "-"
    line = (
        f'{stamp} {entry.remote} {user or "-"} "{entry.method} '
        f'{shown_target(entry.target)}" {entry.status} {entry.bytes_in} '
        f"{entry.bytes_out} {entry.seconds:.6f} {context.transaction_id} "
        f'"{shown_agent(entry.agent)}"'
    )
    if context.log_notes:
        notes = ",".join(_encoded(note, WORD_SAFE) for note in context.log_notes)
        line = f"{line} {notes}"
    return line


def json_line(stamp: str, entry: AccessEntry) -> str:
    """The entry as one JSON object."""
    context = entry.context
    identity = context.identity
    return orjson.dumps(
        {
            "time": stamp,
            "remote": entry.remote,
            "user": identity.user if identity is not None else None,
            "method": entry.method,
            "target": shown_target(entry.target),
            "status": entry.status,
            "bytes_in": entry.bytes_in,
            "bytes_out": entry.bytes_out,
            "seconds": round(entry.seconds, 6),
            "transaction": context.transaction_id,
            "agent": shown_agent(entry.agent),
            "notes": context.log_notes,
        }
    ).decode()


def shown_target(target: str) -> str:
    """The target without secrets, in visible ASCII."""
    if "?" in target:
        path, _, query = target.partition("?")
        target = f"{path}?{redacted_query(query)}"
    if len(target) > TARGET_CHARACTERS_MAX:
        target = target[:TARGET_CHARACTERS_MAX] + "..."
    return _encoded(target, TARGET_SAFE)


def shown_agent(agent: str) -> str:
    """The user agent, shortened, in visible ASCII; "-" when unknown."""
    return _encoded(agent[:AGENT_CHARACTERS_MAX], AGENT_SAFE) or "-"


def redacted_query(query: str) -> str:
    """The query string with secret values hidden."""
    parts = query.split("&")
    for at, part in enumerate(parts):
        name, equals, _ = part.partition("=")
        if equals and unquote(name).strip().lower() in SECRET_PARAMETERS:
            parts[at] = f"{name}={HIDDEN}"
    return "&".join(parts)


def _encoded(text: str, safe: str) -> str:
    if text.isascii() and text.isprintable() and '"' not in text:
        # What isprintable lets through of ASCII but is not in ``safe``: space.
        return text if " " in safe or " " not in text else text.replace(" ", "%20")
    return quote(text, safe=safe)
