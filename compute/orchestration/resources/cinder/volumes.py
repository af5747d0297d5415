"""``OS::Cinder::Volume``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from compute.orchestration.errors import Invalid, ResourceFailed
from compute.orchestration.frame.resource_type import Change
from compute.orchestration.frame.work import Cloud, Work
from compute.orchestration.resources.cinder import volume_snapshot
from compute.orchestration.resources.frame.finding import VOLUME, find
from compute.orchestration.resources.frame.schemas import (
    a_flag,
    a_list,
    a_map,
    a_number,
    attributes,
    flag,
    mapping,
    text,
    whole,
)
from compute.orchestration.resources.frame.things import Thing, refuse

AVAILABLE, IN_USE = "available", "in-use"
SOURCES = ("snapshot_id", "backup_id", "source_volid", "image")
SIZE, TYPE, METADATA, READ_ONLY = "size", "volume_type", "metadata", "read_only"
# Changes that are actions; they are asked for one after the other.
_STEPS = "steps"


class Volume(Thing):
    """A volume: empty, or a copy of something."""

    name = "OS::Cinder::Volume"
    description = "A disk that outlives servers."
    shelf = "cinder.volume"
    ready = frozenset({AVAILABLE, IN_USE})
    failed = frozenset(
        {"error", "error_deleting", "error_extending", "error_restoring"}
    )
    aside = frozenset({READ_ONLY, "scheduler_hints"})
    fields = {"image": "imageRef"}
    never = {"scheduler_hints": "volumes are all at one place"}
    properties = {
        "name": text("The name of the volume", live=True),
        "description": text("What it is for", live=True),
        "availability_zone": text("In which zone"),
        "size": whole("GiB", live=True, least=1),
        "snapshot_id": text("The snapshot to copy", is_a="cinder.snapshot"),
        "backup_id": text("The backup to restore", live=True, is_a="cinder.backup"),
        "source_volid": text("The volume to copy", is_a="cinder.volume"),
        "image": text("The image to copy", is_a="glance.image"),
        "metadata": mapping("What is noted of it", default={}, live=True),
        "volume_type": text("Its type", live=True, is_a="cinder.vtype"),
        "read_only": flag("Whether servers may only read it", live=True),
        "scheduler_hints": mapping("Near or far from what it should be"),
    }
    attributes = attributes(
        availability_zone="Its zone",
        size=a_number("GiB"),
        snapshot_id="What it is a copy of",
        display_name="Its name",
        display_description="What it is for",
        volume_type="Its type",
        metadata=a_map("What is noted of it"),
        metadata_values=a_map("The same"),
        source_volid="What it is a copy of",
        status="How it stands",
        created_at="When it was made",
        bootable=a_flag("Whether servers may boot from it"),
        encrypted=a_flag("Whether it is"),
        attachments=a_list("Its servers"),
        attachments_list=a_list("Its servers"),
        multiattach=a_flag("Whether it may have several"),
    )

    def validate(self, properties: Mapping[str, Any]) -> None:
        """One source at most; what is empty has a size."""
        refuse(self.never, properties)
        given = [name for name in SOURCES if properties[name] is not None]
        if len(given) > 1:
            raise Invalid(f"{', '.join(given)}: only one of them can be given")
        if properties[SIZE] is None and given in ([], ["image"]):
            raise Invalid("size: it is needed")

    def must_replace(self, change: Change) -> bool:
        """A volume does not shrink; another backup is another volume."""
        before, after = change.before[SIZE], change.after[SIZE]
        shrinks = isinstance(before, int) and isinstance(after, int) and after < before
        return shrinks or "backup_id" in change.names or super().must_replace(change)

    def new_body(self, work: Work) -> dict[str, Any]:
        """Metadata are texts."""
        body = super().new_body(work)
        if METADATA in body:
            body[METADATA] = _texts(body[METADATA])
        return body

    def is_created(self, work: Work) -> bool:
        """Also read-only, if it is to be."""
        if not super().is_created(work):
            return False
        shown = self.show(work)
        if work.properties[READ_ONLY] and not _is_read_only(shown):
            self._set_read_only(work)
        # The name is put right before servers get it.
        return bool(shown["name"] == self.marked(work))

    def why_failed(self, shown: Mapping[str, Any]) -> str:
        """Cinder tells users no more."""
        return f"The volume {shown['id']} went to status {shown['status']}"

    # ---- change --------------------------------------------------------------------

    def body(self, work: Work, names: Iterable[str]) -> dict[str, Any]:
        """What is changed by actions is in no body of a change."""
        body = super().body(work, names)
        if not work.physical_id:
            return body
        return {name: body[name] for name in ("description",) if name in body}

    def update(self, work: Work, change: Change) -> None:
        """Fields at once; the rest step by step."""
        super().update(work, change)
        if METADATA in change.names:
            body = {METADATA: _texts(change.after[METADATA] or {})}
            work.cloud.put(VOLUME, "volumes", work.physical_id, METADATA, body=body)
        if READ_ONLY in change.names:
            self._set_read_only(work)
        steps = [name for name in (TYPE, SIZE) if name in change.names]
        work.remember(**{_STEPS: steps})

    def is_updated(self, work: Work) -> bool:
        """One step at a time, while nothing is under way."""
        shown = self.show(work)
        if not self.is_ready(work, shown):
            return False
        for step in work.data.get(_STEPS) or ():
            if self._is_asked(work, step, shown):
                return False
        return True

    def _is_asked(self, work: Work, step: str, shown: Mapping[str, Any]) -> bool:
        """Ask for it, unless it is done."""
        wanted = work.properties[step]
        if wanted is None:
            return False
        if step == SIZE:
            if shown[SIZE] >= wanted:
                return False
            self._act(work, "os-extend", {"new_size": wanted})
            return True
        kind = find(work.cloud, "cinder.vtype", wanted)
        name = work.cloud.get(VOLUME, "types", kind)["volume_type"]["name"]
        if shown[TYPE] == name:
            return False
        self._act(work, "os-retype", {"new_type": name, "migration_policy": "never"})
        return True

    def _set_read_only(self, work: Work) -> None:
        value = {"readonly": bool(work.properties[READ_ONLY])}
        self._act(work, "os-update_readonly_flag", value)

    def _act(self, work: Work, name: str, value: Any) -> None:
        path = ("volumes", work.physical_id, "action")
        work.cloud.post(VOLUME, *path, body={name: value})

    # ---- save ----------------------------------------------------------------------

    def snapshot(self, work: Work) -> None:
        """See ``volume_snapshot``."""
        volume_snapshot.begin(work)

    def is_snapshotted(self, work: Work) -> bool:
        """See ``volume_snapshot``."""
        return volume_snapshot.is_done(work)

    def restored(self, saved: Mapping[str, Any]) -> Mapping[str, Any]:
        """See ``volume_snapshot``."""
        return volume_snapshot.restored(saved)

    def drop_saved(self, cloud: Cloud, saved: Mapping[str, Any]) -> None:
        """See ``volume_snapshot``."""
        volume_snapshot.drop(cloud, saved)

    # ---- delete --------------------------------------------------------------------

    def delete(self, work: Work) -> None:
        """One that a server is just letting go of waits for it."""
        shown = self.look(work)
        if shown is None or shown["status"] == "deleting":
            return
        if shown["status"] == IN_USE:
            raise ResourceFailed("The volume is in use")
        super().delete(work)

    def shown(self, work: Work, shown: Mapping[str, Any], name: str) -> Any:
        """Older words for some."""
        if name in ("display_name", "display_description"):
            return shown.get(name.removeprefix("display_"))
        if name in ("metadata_values", "attachments_list"):
            return shown.get(name.partition("_")[0])
        return shown.get(name)


def _is_read_only(shown: Mapping[str, Any]) -> bool:
    return str(shown["metadata"].get("readonly", "")).lower() == "true"


def _texts(metadata: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in metadata.items()}


TYPES = (Volume(),)
