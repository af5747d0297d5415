"""Who signs S3 requests with EC2 keys: the service user, if any, looks them up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from objectstore.client.caller import Caller
from objectstore.client.identity import ServiceCredentials, ServiceTokens
from objectstore.kernel.access import Identity
from objectstore.kernel.clock import Clock
from objectstore.kernel.errors import Unavailable
from objectstore.middleware.keystone.keys import Ec2Keys


@dataclass(frozen=True, slots=True)
class ServiceUser:
    """Who looks keys up; without a password, given or in a file, nobody does."""

    name: str
    password: str
    password_file: Path | None
    project: str
    domain_id: str

    def credentials(self) -> ServiceCredentials | None:
        """``Unavailable`` while the password cannot be read."""
        password = self.password
        if not password and self.password_file is not None:
            password = _read_password(self.password_file)
        if not password:
            return None
        return ServiceCredentials(password, self.name, self.project, self.domain_id)


class Signers:
    """Keys and whom they stand for, as identity knows them."""

    def __init__(
        self,
        caller: Caller,
        user: ServiceUser,
        clock: Clock,
        read: Callable[[Mapping[str, Any]], Identity],
        cache_seconds: float,
    ) -> None:
        """``read``: from what identity says of a token to an identity."""
        self._caller = caller
        self._user = user
        self._clock = clock
        self._read = read
        self._cache_seconds = cache_seconds
        # Made at the first use: identity may write the service's password only when
        # it starts, after us.
        self._keys: Ec2Keys | None = None

    def find(self, access_key: str) -> tuple[Identity, str] | None:
        """Who the key stands for, and its secret; None: it is not known, or not good.

        Raises ``Unavailable`` when identity, or the password, cannot be asked.
        """
        if self._keys is None:
            credentials = self._user.credentials()
            if credentials is None:
                return None
            service = ServiceTokens(self._caller, credentials, self._clock)
            self._keys = Ec2Keys(
                self._caller, service, self._clock, self._read, self._cache_seconds
            )
        return self._keys.find(access_key)

    def forget(self) -> None:
        """Ask anew about every key."""
        if self._keys is not None:
            self._keys.forget()


def _read_password(path: Path) -> str:
    try:
        return path.read_text("utf-8").strip()
    except OSError as error:
        raise Unavailable(f"{path}: {error.strerror or error}") from None
