"""A process' certificate and key, and the contexts that show them.

The file is looked at again before a handshake, some seconds after the last look: a
renewed certificate is shown from then on, and nothing has to be restarted.  A file that
is no good (half of it, another's key) changes nothing, and is told in the log.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from objectstore.kernel.errors import Unavailable
from objectstore.kernel.http.tls import client_context, without_renegotiation
from objectstore.kernel.http.tls_settings import TlsSettings

LOOK_SECONDS = 10.0
_log = logging.getLogger("objectstore.tls")


class IdentityFile:
    """Keeps a context's certificate and key those of the file.  ``Unavailable`` when
    they are no good at first."""

    def __init__(
        self, path: Path, context: ssl.SSLContext, monotonic: Callable[[], float]
    ) -> None:
        self._path = path
        self._context = context
        self._monotonic = monotonic
        self._looked = monotonic()
        try:
            self._seen = self._mark()
            _load(context, path)
        except (OSError, ssl.SSLError) as error:
            raise Unavailable(f"{path}: no certificate and key: {error}") from None

    def follow(self) -> None:
        """Take over what the file has now."""
        now = self._monotonic()
        if now < self._looked + LOOK_SECONDS:
            return
        self._looked = now
        try:
            mark = self._mark()
            if mark == self._seen:
                return
            self._seen = mark
            # Not into the context that is in use, before it is known to be whole.
            _load(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), self._path)
            _load(self._context, self._path)
        except (OSError, ssl.SSLError) as error:
            _log.error("%s: the certificate before is kept: %s", self._path, error)
        else:
            _log.info("%s: another certificate is shown from now on", self._path)

    def _mark(self) -> tuple[int, int, int]:
        found = self._path.stat()
        return found.st_ino, found.st_size, found.st_mtime_ns


class ServerIdentity:
    """What a listener shows: one certificate to who calls an address, another, where
    there is one, to who asks for a name."""

    def __init__(
        self,
        settings: TlsSettings,
        monotonic: Callable[[], float],
        *,
        authority: Path | None = None,
    ) -> None:
        """``authority``: callers must show a certificate signed by one of these."""
        assert settings.certificate is not None
        self._context = _server_context(authority)
        self._files = [IdentityFile(settings.certificate, self._context, monotonic)]
        public = settings.public_certificate
        if public is not None and authority is None:
            self._named = _server_context(None)
            self._files.append(IdentityFile(public, self._named, monotonic))
            self._context.sni_callback = self._choose

    def context(self) -> ssl.SSLContext:
        """The TLS context for the next handshake."""
        for file in self._files:
            file.follow()
        return self._context

    def _choose(
        self, asked: ssl.SSLSocket | ssl.SSLObject, name: str | None, _: ssl.SSLContext
    ) -> None:
        # Addresses are not asked for by name (RFC 6066, 3).
        if name is not None:
            asked.context = self._named


class CallerIdentity:
    """What a server shows to the servers that it calls, and whom it believes."""

    def __init__(
        self, certificate: Path, authority: Path, monotonic: Callable[[], float]
    ) -> None:
        self._context = client_context(authority)
        self._file = IdentityFile(certificate, self._context, monotonic)

    def context(self) -> ssl.SSLContext:
        """The TLS context for the next handshake."""
        self._file.follow()
        return self._context


def why_unfit(settings: TlsSettings, monotonic: Callable[[], float]) -> str:
    """Why the files could not be shown, or believed, by a process that begins now; "":
    they are good."""
    if settings.certificate is None:
        return ""
    try:
        ServerIdentity(settings, monotonic)
        if settings.authority is not None:
            ServerIdentity(settings, monotonic, authority=settings.authority)
            caller_identity(settings, monotonic)
    except Unavailable as error:
        return str(error)
    return ""


def caller_identity(
    settings: TlsSettings, monotonic: Callable[[], float]
) -> CallerIdentity | None:
    """None: servers call each other without TLS."""
    if settings.authority is None:
        return None
    assert settings.certificate is not None
    return CallerIdentity(settings.certificate, settings.authority, monotonic)


def _load(context: ssl.SSLContext, path: Path) -> None:
    """Certificate and key.  Raises ``OSError`` (``SSLError``) if they are no good.

    OpenSSL would ask whoever sits at the terminal for a key's password, and the server
    would hang, or stop serving in the middle of its life when the file is renewed.
    """

    def password() -> NoReturn:
        raise ssl.SSLError("its private key is encrypted: servers need it without")

    context.load_cert_chain(path, password=password)


def _server_context(authority: Path | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    without_renegotiation(context)
    if authority is not None:
        try:
            context.load_verify_locations(authority)
        except (OSError, ssl.SSLError) as error:
            raise Unavailable(f"{authority}: nobody to trust: {error}") from None
        context.verify_mode = ssl.CERT_REQUIRED
    return context
