"""One line of a server access log, in the format that AWS documents.  Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

# What clients send is cut: one line must not cost more than a request's head.
TEXT_LENGTH_MAX = 2048


@dataclass(frozen=True, slots=True)
class Record:
    """A request.  "" and negative numbers are written as "-"."""

    bucket_owner: str
    bucket: str
    seconds: float
    remote_address: str
    requester: str
    request_id: str
    operation: str
    key: str
    request_line: str
    status: int
    error_code: str
    bytes_sent: int
    object_size: int
    total_milliseconds: int
    turnaround_milliseconds: int
    referrer: str
    user_agent: str
    version_id: str
    signature_version: str
    authentication: str
    host: str
    is_tls: bool

    def line(self) -> str:
        """The line, with its end."""
        moment = datetime.fromtimestamp(self.seconds, UTC)
        fields = [
            _word(self.bucket_owner),
            _word(self.bucket),
            f"[{moment:%d/%b/%Y:%H:%M:%S} +0000]",
            _word(self.remote_address),
            _word(self.requester),
            _word(self.request_id),
            self.operation,
            # Logs hold the key encoded once more than the request line does.
            quote(quote(self.key, safe="/"), safe="/") or "-",
            _quoted(self.request_line),
            str(self.status),
            _word(self.error_code),
            _number(self.bytes_sent),
            _number(self.object_size),
            _number(self.total_milliseconds),
            _number(self.turnaround_milliseconds),
            _quoted(self.referrer),
            _quoted(self.user_agent),
            _word(self.version_id),
            _word(self.request_id),
            _word(self.signature_version),
            "-",  # the cipher is known to whatever ends TLS before us
            _word(self.authentication),
            _word(self.host),
            "TLSv1.2" if self.is_tls else "-",
            "-",  # access points
            "-",  # whether an ACL was required
        ]
        return " ".join(fields) + "\n"


def _word(value: str) -> str:
    """One field without spaces; nothing that a client sent ends a line."""
    return quote(value[:TEXT_LENGTH_MAX], safe="/:;@+=,.-_~*!$&'()") or "-"


def _quoted(value: str) -> str:
    kept = value[:TEXT_LENGTH_MAX].replace("\\", "\\\\").replace('"', '\\"')
    printable = "".join(sign if sign.isprintable() else "?" for sign in kept)
    return f'"{printable or "-"}"'


def _number(value: int) -> str:
    return str(value) if value >= 0 else "-"
