"""Swift's object versions: every version is kept until it is deleted by its id."""

from __future__ import annotations

import orjson

from test.sim.promises import Collection
from test.sim.stories.story import Story, etag

BOX = "versioned"
NAMES = ("a", "b/c")
MARKER = "deleted"


class Versions(Story):
    """PUT, DELETE, DELETE of versions, older ones made current again."""

    def begin(self) -> None:
        """See ``Story``."""
        self._versions = {name: Collection(self.is_ordered) for name in NAMES}
        made = {"X-Versions-Enabled": "true"}
        self.must(self.teller.swift("PUT", BOX, made), "the container")

    def act(self) -> None:
        """See ``Story``."""
        name = self.random.choice(NAMES)
        deeds = [self._put, self._delete, self._remove, self._read, self._restore]
        self.random.choices(deeds, [8, 2, 3, 5, 2])[0](name)

    def _put(self, name: str) -> None:
        body = self.new_body(self.random.choice([0, 0, 3000, 300_000]))
        told = self.teller.swift("PUT", f"{BOX}/{name}", body=body)
        if self.note(told):
            version = told.headers["x-object-version-id"]
            self._versions[name].made(version, etag(body))
        else:
            self._versions[name].may_be_made(etag(body))

    def _delete(self, name: str) -> None:
        told = self.teller.swift("DELETE", f"{BOX}/{name}")
        if "x-object-version-id" in told.headers:
            self._versions[name].made(told.headers["x-object-version-id"], MARKER)
        else:
            self._versions[name].may_be_made(MARKER)

    def _remove(self, name: str) -> None:
        versions = self._versions[name]
        if there := versions.staying():
            version = self.random.choice(there)
            told = self.teller.swift(
                "DELETE", f"{BOX}/{name}", query={"version-id": version}
            )
            versions.removed(version, is_done=self.note(told))

    def _restore(self, name: str) -> None:
        versions = self._versions[name]
        if there := versions.staying():
            version = self.random.choice(there)
            self.note(
                self.teller.swift("PUT", f"{BOX}/{name}", query={"version-id": version})
            )

    def _read(self, name: str) -> None:
        versions = self._versions[name]
        if there := versions.staying():
            version = self.random.choice(there)
            told = self.teller.swift(
                "GET", f"{BOX}/{name}", query={"version-id": version}
            )
            promised = versions.members[version].content
            if told.status == 200 and etag(told.body) != promised:
                self.blame([f"version {version} has other bytes"])
        else:
            self.teller.swift("GET", f"{BOX}/{name}")

    def check(self) -> None:
        """See ``Story``."""
        told = self.must(
            self.teller.swift("GET", BOX, query={"versions": ""}), "the list"
        )
        entries = orjson.loads(told.body or b"[]")
        for name, versions in self._versions.items():
            found = {}
            for entry in entries:
                if entry["name"] != name:
                    continue
                is_marker = "x-deleted" in entry["content_type"]
                content = MARKER if is_marker else entry["hash"]
                found[entry["version_id"]] = content
                if not is_marker:
                    self._check_bytes(name, entry["version_id"], entry["hash"])
            self.blame(versions.judge(found))
            self._check_current(name, entries)

    def _check_bytes(self, name: str, version: str, listed: str) -> None:
        told = self.teller.swift("GET", f"{BOX}/{name}", query={"version-id": version})
        if told.status != 200 or etag(told.body) != listed:
            self.blame([f"{name} {version} is listed, and answered {told.status}"])

    def _check_current(self, name: str, entries: list[dict[str, str]]) -> None:
        """What is read is the one that is listed as the latest."""
        latest = [
            entry
            for entry in entries
            if entry["name"] == name
            and entry["is_latest"]
            and "x-deleted" not in entry["content_type"]
        ]
        told = self.teller.swift("GET", f"{BOX}/{name}")
        shown = told.headers.get("x-object-version-id") if told.is_done else None
        listed = latest[0]["version_id"] if latest else None
        if shown != listed or len(latest) > 1:
            self.blame([f"{name}: {shown} is read, {listed} is listed as the latest"])
