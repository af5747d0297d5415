"""Static large objects: manifests over segments, deleted with all that they name."""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from test.sim.stories.story import Story, etag

BOX, SEGMENTS = "wholes", "pieces"
SEGMENTS_MAX = 3


@dataclass(slots=True)
class _Whole:
    name: str
    content: str
    segments: list[str]
    is_leaving: bool = False
    is_gone: bool = False


class Manifests(Story):
    """Each manifest has a name, and segments, of its own."""

    def begin(self) -> None:
        """See ``Story``."""
        self._wholes: list[_Whole] = []
        for container in (BOX, SEGMENTS):
            self.must(self.teller.swift("PUT", container), container)

    def act(self) -> None:
        """See ``Story``."""
        deeds = [self._make, self._delete, self._read]
        self.random.choices(deeds, [5, 3, 4])[0]()

    def _make(self) -> None:
        number = len(self._wholes)
        names, bodies, manifest = [], [], []
        for part in range(self.random.randint(1, SEGMENTS_MAX)):
            name, body = f"{number}/{part}", self.new_body()
            if not self.note(self.teller.swift("PUT", f"{SEGMENTS}/{name}", {}, body)):
                return
            names.append(name)
            bodies.append(body)
            manifest.append({"path": f"/{SEGMENTS}/{name}", "etag": etag(body)})
        text = orjson.dumps(manifest)
        query = {"multipart-manifest": "put"}
        told = self.teller.swift("PUT", f"{BOX}/{number}", {}, text, query=query)
        if self.note(told):
            self._wholes.append(_Whole(str(number), etag(b"".join(bodies)), names))
        else:
            # That name is never used again, whatever becomes of it.
            self._wholes.append(_Whole(str(number), "", names, is_leaving=True))

    def _delete(self) -> None:
        if (whole := self._any()) is None:
            return
        whole.is_leaving = True
        whole.is_gone = self._delete_all(whole)

    def _delete_all(self, whole: _Whole) -> bool:
        """Whether the report says that all of it is gone."""
        query = {"multipart-manifest": "delete"}
        wanted = {"Accept": "application/json"}
        told = self.teller.swift("DELETE", f"{BOX}/{whole.name}", wanted, query=query)
        if not self.note(told):
            return False
        report = orjson.loads(told.body)
        return report["Response Status"] == "200 OK" and not report["Errors"]

    def _any(self) -> _Whole | None:
        there = [each for each in self._wholes if not each.is_leaving]
        return self.random.choice(there) if there else None

    def _read(self) -> None:
        if (whole := self._any()) is not None:
            self._look(whole)

    def _look(self, whole: _Whole) -> bool:
        told = self.teller.swift("GET", f"{BOX}/{whole.name}")
        if told.is_done and etag(told.body) != whole.content:
            self.blame([f"{whole.name} has other bytes"])
        return told.is_done

    def check(self) -> None:
        """See ``Story``."""
        listed = {name: self._listed(name) for name in (BOX, SEGMENTS)}
        for whole in self._wholes:
            if not whole.is_leaving:
                if not self._look(whole):
                    self.blame([f"{whole.name} is lost"])
            elif whole.is_gone and self.is_ordered:
                left = set(whole.segments) & listed[SEGMENTS]
                left |= {whole.name} & listed[BOX]
                self.blame([f"{each} is left of {whole.name}" for each in sorted(left)])

    def _listed(self, container: str) -> set[str]:
        told = self.must(self.teller.swift("GET", container), container)
        return {row["name"] for row in orjson.loads(told.body or b"[]")}
