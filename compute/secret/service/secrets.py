"""Orders about secrets: load, decide, save."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

from compute.core.context import RequestContext
from compute.core.errors import Conflict, NotFound
from compute.core.sql.database import Connection
from compute.secret.definitions import METADATA_MAX, NewSecret
from compute.secret.model import SECRETS, Payload, Secret
from compute.secret.parts import Parts
from compute.secret.payloads import shown_type
from compute.secret.service.finding import find_secret
from compute.secret.service.quotas import check_quota


class SecretService:
    """One for each process."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def create(self, context: RequestContext, wanted: NewSecret) -> Secret:
        """A new one.  ``QuotaExceeded``."""
        made = new_secret(self._parts, context, wanted)

        def write(connection: Connection) -> None:
            check_quota(connection, self._parts, context.project_id, SECRETS)
            self._parts.stores.insert_secret(connection, made, wanted.payload)

        self._parts.run(write)
        return made

    def keep(self, context: RequestContext, secret_id: str, payload: Payload) -> None:
        """The payload of one that has none; ``Conflict``."""

        def write(connection: Connection) -> None:
            found = find_secret(
                connection, self._parts, context, secret_id, "secret:put"
            )
            if found.content_type:
                raise Conflict("The secret has a payload, which cannot be changed")
            kept = dataclasses.replace(
                found, content_type=payload.content_type, updated_at=self._parts.now()
            )
            self._parts.stores.save_secret(connection, kept, payload)

        self._parts.run(write)

    def payload(self, context: RequestContext, secret_id: str, accept: str) -> Payload:
        """What it keeps, as a type that is accepted; ``NotFound`` when that is nothing,
        ``NotAcceptable``."""

        def read(connection: Connection) -> Payload:
            found = find_secret(
                connection, self._parts, context, secret_id, "secret:decrypt"
            )
            payload = self._parts.stores.payload(connection, found)
            if payload is None:
                raise NotFound("The secret has no payload")
            return Payload(shown_type(accept, payload), payload.content)

        return self._parts.read(read)

    def delete(
        self, context: RequestContext, secret_id: str, *, spares_used: bool
    ) -> None:
        """It is no more.  ``spares_used``: ``Conflict`` while something uses it."""
        stores = self._parts.stores

        def write(connection: Connection) -> None:
            found = find_secret(
                connection, self._parts, context, secret_id, "secret:delete"
            )
            if spares_used and stores.consumers(connection, [found.id])[found.id]:
                raise Conflict("The secret has consumers; say force to delete it")
            stores.delete_secrets(connection, [found.id])

        self._parts.run(write)

    # ---- user metadata -----------------------------------------------------------

    def set_metadata(
        self, context: RequestContext, secret_id: str, wanted: Mapping[str, str]
    ) -> None:
        """All of it."""
        self._change(context, secret_id, "secret_meta:put", lambda _: wanted)

    def add_metadatum(
        self, context: RequestContext, secret_id: str, key: str, value: str
    ) -> None:
        """A new key; ``Conflict`` when it is there."""

        def change(there: Mapping[str, str]) -> Mapping[str, str]:
            if key in there:
                raise Conflict(f"The metadata has a key {key}")
            if len(there) >= METADATA_MAX:
                raise Conflict(f"A secret has at most {METADATA_MAX} keys of metadata")
            return {**there, key: value}

        self._change(context, secret_id, "secret_meta:post", change)

    def set_metadatum(
        self, context: RequestContext, secret_id: str, key: str, value: str
    ) -> None:
        """Of a key that is there; ``NotFound``."""

        def change(there: Mapping[str, str]) -> Mapping[str, str]:
            _known(there, key)
            return {**there, key: value}

        self._change(context, secret_id, "secret_meta:put", change)

    def drop_metadatum(self, context: RequestContext, secret_id: str, key: str) -> None:
        """Take a key away; ``NotFound``."""

        def change(there: Mapping[str, str]) -> Mapping[str, str]:
            _known(there, key)
            return {name: value for name, value in there.items() if name != key}

        self._change(context, secret_id, "secret_meta:delete", change)

    def metadatum(self, context: RequestContext, secret_id: str, key: str) -> str:
        """The value of a key; ``NotFound``."""
        found = self.find(context, secret_id, "secret_meta:get")
        return _known(found.user_metadata, key)

    def find(self, context: RequestContext, secret_id: str, rule: str) -> Secret:
        """One that the caller may do that to."""
        return self._parts.read(
            lambda connection: find_secret(
                connection, self._parts, context, secret_id, rule
            )
        )

    def _change(
        self,
        context: RequestContext,
        secret_id: str,
        rule: str,
        change: Callable[[Mapping[str, str]], Mapping[str, str]],
    ) -> None:
        def write(connection: Connection) -> None:
            found = find_secret(connection, self._parts, context, secret_id, rule)
            changed = dataclasses.replace(
                found,
                user_metadata=dict(change(found.user_metadata)),
                updated_at=self._parts.now(),
            )
            self._parts.stores.save_secret(connection, changed)

        self._parts.run(write)


def new_secret(parts: Parts, context: RequestContext, wanted: NewSecret) -> Secret:
    """As it is stored."""
    now = parts.now()
    return Secret(
        id=parts.identifiers.uuid(),
        project_id=context.project_id,
        creator_id=context.user_id,
        name=wanted.name,
        secret_type=wanted.secret_type,
        algorithm=wanted.algorithm,
        bit_length=wanted.bit_length,
        mode=wanted.mode,
        expires_at=wanted.expires_at,
        content_type=wanted.payload.content_type if wanted.payload else "",
        user_metadata={},
        created_at=now,
        updated_at=now,
    )


def _known(there: Mapping[str, str], key: str) -> str:
    if key not in there:
        raise NotFound(f"The metadata has no key {key[:64]}")
    return there[key]
