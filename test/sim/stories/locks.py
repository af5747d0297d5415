"""S3's object lock: a version that is retained, or held, stays, whoever deletes it."""

from __future__ import annotations

from dataclasses import dataclass

from test.sim.stories.story import Story, etag

BUCKET = "locked"
KEYS = ("a", "b")
FOR_EVER = "2099-01-01T00:00:00.000Z"
ENABLED = {"X-Amz-Bucket-Object-Lock-Enabled": "true"}
RETAINED = {
    "X-Amz-Object-Lock-Mode": "COMPLIANCE",
    "X-Amz-Object-Lock-Retain-Until-Date": FOR_EVER,
}
HOLD = "<LegalHold><Status>{}</Status></LegalHold>"
REFUSED = 403


@dataclass(slots=True)
class _Version:
    key: str
    content: str
    is_retained: bool
    # None: a change has not been answered.
    is_held: bool | None = False
    is_leaving: bool = False

    @property
    def must_stay(self) -> bool:
        return self.is_retained or self.is_held is True


class Locks(Story):
    """PUT with and without retention, holds set and taken away, DELETE of versions."""

    def begin(self) -> None:
        """See ``Story``."""
        self._versions: dict[str, _Version] = {}
        self.must(self.teller.s3("PUT", BUCKET, ENABLED), "the bucket")

    def act(self) -> None:
        """See ``Story``."""
        deeds = [self._put, self._hold, self._remove, self._read, self._mark]
        self.random.choices(deeds, [5, 4, 5, 3, 1])[0]()

    def _put(self) -> None:
        key, body = self.random.choice(KEYS), self.new_body()
        is_retained = self.random.random() < 0.4
        headers = RETAINED if is_retained else {}
        told = self.teller.s3("PUT", f"{BUCKET}/{key}", headers, body)
        if self.note(told):
            made = _Version(key, etag(body), is_retained)
            self._versions[told.headers["x-amz-version-id"]] = made

    def _mark(self) -> None:
        self.teller.s3("DELETE", f"{BUCKET}/{self.random.choice(KEYS)}")

    def _hold(self) -> None:
        if (name := self._any()) is None:
            return
        version = self._versions[name]
        is_on = self.random.random() < 0.6
        body = HOLD.format("ON" if is_on else "OFF").encode()
        place, query = f"{BUCKET}/{version.key}", {"versionId": name, "legal-hold": ""}
        told = self.teller.s3("PUT", place, body=body, query=query)
        if self.note(told):
            # One without an answer may come late, but none that came before: whoever
            # changes the record must have seen it as it is.
            version.is_held = is_on
        elif told.status != 404:
            version.is_held = None

    def _remove(self) -> None:
        if (name := self._any()) is None:
            return
        version = self._versions[name]
        told = self.teller.s3(
            "DELETE", f"{BUCKET}/{version.key}", query={"versionId": name}
        )
        if not version.must_stay:
            version.is_leaving = True
        elif told.is_done:
            self.blame(
                [f"{name} was locked, and its deletion is answered {told.status}"]
            )

    def _read(self) -> None:
        if (name := self._any()) is not None:
            self._look(name)

    def _any(self) -> str | None:
        staying = [name for name, each in self._versions.items() if not each.is_leaving]
        return self.random.choice(staying) if staying else None

    def _look(self, name: str) -> bool:
        version = self._versions[name]
        told = self.teller.s3(
            "GET", f"{BUCKET}/{version.key}", query={"versionId": name}
        )
        if told.is_done and etag(told.body) != version.content:
            self.blame([f"{name} has other bytes"])
        return told.is_done

    def check(self) -> None:
        """See ``Story``."""
        for name, version in self._versions.items():
            if version.is_leaving:
                continue
            if not self._look(name):
                self.blame([f"{name} of {version.key} is lost"])
            elif version.must_stay:
                place = f"{BUCKET}/{version.key}"
                told = self.teller.s3("DELETE", place, query={"versionId": name})
                if told.status != REFUSED:
                    self.blame([f"{name} is locked: deleted with {told.status}"])
