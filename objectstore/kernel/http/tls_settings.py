"""Settings of TLS: what a server shows, and whom it believes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from objectstore.kernel.settings import option


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """Nothing set: listeners speak plain HTTP.  Files are PEM, and may be replaced
    while servers run."""

    certificate: Path | None = option(
        None,
        "Certificate chain and private key of this process; with it, listeners for"
        " clients speak TLS only",
    )
    public_certificate: Path | None = option(
        None,
        "The same, shown to callers who ask for a name instead of an address;"
        " default: certificate",
    )
    authority: Path | None = option(
        None,
        "Certificates of the authorities that servers must be signed by to call each"
        " other; with it, that is TLS too, and both sides show their certificates",
    )

    def problem(self) -> str:
        """What is wrong with them together; "": nothing."""
        if self.certificate is None and (self.public_certificate or self.authority):
            return "needs a certificate"
        return ""
