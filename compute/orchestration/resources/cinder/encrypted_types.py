"""``OS::Cinder::EncryptedVolumeType``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from compute.orchestration.errors import ResourceFailed
from compute.orchestration.frame.resource_type import Change, ResourceType
from compute.orchestration.frame.work import Work
from compute.orchestration.resources.frame.finding import VOLUME, find
from compute.orchestration.resources.frame.schemas import text, whole
from objectstore.kernel.errors import Rejected

TYPE, ENCRYPTION = "volume_type", "encryption"
_IS_OURS = "is_ours"


class EncryptedVolumeType(ResourceType):
    """How volumes of a type are encrypted.  Its id is the type's: each has one such
    thing at most, and no field of it could say whose it is; so it is noted that there
    was none before."""

    name = "OS::Cinder::EncryptedVolumeType"
    description = "How volumes of a type are encrypted."
    needs_role = "admin"
    properties = {
        TYPE: text("The type", required=True, is_a="cinder.vtype"),
        "provider": text("What encrypts, as luks", required=True, live=True),
        "control_location": text(
            "Where it is done",
            "front-end",
            live=True,
            one_of=("front-end", "back-end"),
        ),
        "cipher": text(
            "By which cipher, and in which mode",
            live=True,
            one_of=("aes-xts-plain64", "aes-cbc-essiv"),
        ),
        "key_size": whole("How many bits a key has", live=True, least=0, most=65535),
    }

    def create(self, work: Work) -> None:
        """Of a type that is not encrypted."""
        work.made(lambda: self._make(work), lambda: self.find_lost(work))

    def _make(self, work: Work) -> str:
        key = find(work.cloud, "cinder.vtype", work.properties[TYPE])
        work.remember(**{_IS_OURS: not self._of(work, key) or None})
        names = self.properties.keys() - {TYPE}
        body = {
            name: value
            for name, value in _said(work, names).items()
            if value is not None
        }
        try:
            path = ("types", key, ENCRYPTION)
            work.cloud.post(VOLUME, *path, body={ENCRYPTION: body})
        except Rejected:
            work.remember(**{_IS_OURS: None})
            raise
        return key

    def find_lost(self, work: Work) -> str | None:
        """See ``ResourceType``."""
        if not work.data.get(_IS_OURS):
            return None
        key = find(work.cloud, "cinder.vtype", work.properties[TYPE])
        return key if self._of(work, key) else None

    def update(self, work: Work, change: Change) -> None:
        """While no volume is of the type."""
        shown = self._shown(work)
        path = ("types", work.physical_id, ENCRYPTION, shown["encryption_id"])
        work.cloud.put(VOLUME, *path, body={ENCRYPTION: _said(work, change.names)})

    def delete(self, work: Work) -> None:
        """The type stays."""
        if not work.physical_id:
            return
        if shown := self._of(work, work.physical_id):
            path = ("types", work.physical_id, ENCRYPTION, shown["encryption_id"])
            work.cloud.delete(VOLUME, *path)

    def check(self, work: Work) -> None:
        """See ``ResourceType``."""
        self._shown(work)

    def attribute(self, work: Work, name: str) -> Any:
        """``show``: all that there is."""
        return self._of(work, work.physical_id) if work.physical_id else None

    def _shown(self, work: Work) -> Mapping[str, Any]:
        shown = self._of(work, work.physical_id)
        if not shown:
            raise ResourceFailed(f"Type {work.physical_id} is not encrypted any more")
        return shown

    def _of(self, work: Work, key: str) -> Mapping[str, Any] | None:
        """{} for a type that is not encrypted, None for no type."""
        found: Mapping[str, Any] | None = work.cloud.find(
            VOLUME, "types", key, ENCRYPTION
        )
        return found


def _said(work: Work, names: Iterable[str]) -> dict[str, Any]:
    return {name: work.properties[name] for name in sorted(names)}


TYPES = (EncryptedVolumeType(),)
