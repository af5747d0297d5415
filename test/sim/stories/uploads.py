"""S3's multipart uploads: begun, parts sent again, completed twice or while they are
aborted; what was made of them stays whole, and no part of the others stays."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import orjson

from test.sim.promises import ABSENT, Register
from test.sim.stories.story import Story, etag
from test.sim.teller import Told

BUCKET = "uploaded"
SEGMENTS = "uploaded+segments"
KEYS = ("a", "b/c")
PARTS_MAX = 3
OVER = 404


@dataclass(slots=True)
class _Upload:
    key: str
    upload_id: str
    # By number: the body that was acknowledged last.
    parts: dict[int, bytes] = field(default_factory=dict)
    # What was asked for and may still come; nothing is added to it then.
    is_ending: bool = False

    @property
    def whole(self) -> bytes:
        return b"".join(self.parts[number] for number in sorted(self.parts))

    @property
    def document(self) -> bytes:
        parts = "".join(
            f"<Part><PartNumber>{number}</PartNumber>"
            f"<ETag>{etag(self.parts[number])}</ETag></Part>"
            for number in sorted(self.parts)
        )
        made = f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>"
        return made.encode()


class Uploads(Story):
    """One upload after the other, to two keys, and plain writes and deletes between."""

    def begin(self) -> None:
        """See ``Story``."""
        self._current = {key: Register(is_ordered=self.is_ordered) for key in KEYS}
        self._open: list[_Upload] = []
        self._ended: list[_Upload] = []
        self.must(self.teller.s3("PUT", BUCKET), "the bucket")

    def act(self) -> None:
        """See ``Story``."""
        deeds = [self._initiate, self._part, self._complete, self._abort, self._race]
        deeds += [self._put, self._delete, self._read]
        self.random.choices(deeds, [4, 10, 5, 1, 2, 1, 1, 2])[0]()

    def _initiate(self) -> None:
        key = self.random.choice(KEYS)
        told = self.teller.s3("POST", f"{BUCKET}/{key}", query={"uploads": ""})
        found = re.search(rb"<UploadId>(\w+)<", told.body)
        if told.is_done and found is not None:
            self._open.append(_Upload(key, found[1].decode()))

    def _part(self) -> None:
        if not self._open:
            return
        upload = self.random.choice(self._open)
        number, body = self.random.randint(1, PARTS_MAX), self.new_body()
        told = self._ask("PUT", upload, body, number)
        if self.note(told):
            upload.parts[number] = body
        else:
            # It may come later than the next attempt: this number is open for ever.
            self._end(upload)
            self._aborted(upload, self._ask("DELETE", upload))

    def _complete(self) -> None:
        if (upload := self._any_with_parts()) is not None:
            self._end(upload)
            for _ in range(self.random.choice([1, 1, 2])):
                self._completed(upload, self._ask("POST", upload, upload.document))

    def _abort(self) -> None:
        if (upload := self._any_with_parts()) is not None:
            self._end(upload)
            self._aborted(upload, self._ask("DELETE", upload))

    def _race(self) -> None:
        """Two completions, or a completion and an abort, at once."""
        if (upload := self._any_with_parts()) is None:
            return
        self._end(upload)
        place, query = f"{BUCKET}/{upload.key}", {"uploadId": upload.upload_id}
        is_abort = self.random.random() < 0.5
        first = self.teller.begin_s3("POST", place, {}, upload.document, query=query)
        if is_abort:
            second = self.teller.begin_s3("DELETE", place, query=query)
        else:
            second = self.teller.begin_s3(
                "POST", place, {}, upload.document, query=query
            )
        self._completed(upload, first())
        told = second()
        if not is_abort:
            self._completed(upload, told)

    def _put(self) -> None:
        key, body = self.random.choice(KEYS), self.new_body()
        told = self._any_face()("PUT", f"{BUCKET}/{key}", {}, body)
        self._current[key].wrote(etag(body), is_done=self.note(told))

    def _delete(self) -> None:
        key = self.random.choice(KEYS)
        told = self._any_face()("DELETE", f"{BUCKET}/{key}")
        self._current[key].wrote(ABSENT, is_done=self.note(told))

    def _any_face(self) -> Callable[..., Told]:
        """Swift knows nothing of parts: those of what it replaces are the sweeper's."""
        return self.random.choice([self.teller.s3, self.teller.swift])

    def _read(self) -> None:
        self.teller.s3("GET", f"{BUCKET}/{self.random.choice(KEYS)}")

    # ---- how an upload ends -----------------------------------------------------

    def _any_with_parts(self) -> _Upload | None:
        ready = [upload for upload in self._open if upload.parts]
        return self.random.choice(ready) if ready else None

    def _end(self, upload: _Upload) -> None:
        self._open.remove(upload)
        self._ended.append(upload)
        upload.is_ending = True

    def _completed(self, upload: _Upload, told: Told) -> None:
        # A completion whose reply says 200 at once may fail after it.
        is_done = told.is_done and b"<Error>" not in told.body
        self.acknowledged += is_done
        self._current[upload.key].wrote(etag(upload.whole), is_done=is_done)

    def _aborted(self, upload: _Upload, told: Told) -> None:
        self.acknowledged += told.is_done

    def _ask(
        self, method: str, upload: _Upload, body: bytes = b"", number: int = 0
    ) -> Told:
        query = {"uploadId": upload.upload_id}
        if number:
            query["partNumber"] = str(number)
        return self.teller.s3(method, f"{BUCKET}/{upload.key}", {}, body, query)

    # ---- afterwards -------------------------------------------------------------

    def settle(self) -> None:
        """See ``Story``: whatever is not over by now is aborted."""
        for upload in [*self._open, *self._ended]:
            self.insist(partial(self._ask, "DELETE", upload), (OVER,))

    def check(self) -> None:
        """See ``Story``."""
        for key, register in self._current.items():
            told = self.teller.s3("GET", f"{BUCKET}/{key}")
            seen = etag(told.body) if told.is_done else ABSENT
            allowed = register.allowed()
            if told.status not in (200, 404) or seen not in allowed:
                blamed = f"{key} is {told.status} {seen}, not {sorted(allowed)}"
                self.blame([blamed])

    def check_late(self) -> None:
        """See ``Story``: parts are there as far as an object is made of them."""
        self.check()
        named: set[str] = set()
        for key in KEYS:
            query = {"multipart-manifest": "get"}
            told = self.teller.swift("GET", f"{BUCKET}/{key}", query=query)
            if told.is_done and "x-static-large-object" in told.headers:
                named |= {row["name"] for row in orjson.loads(told.body)}
        told = self.teller.swift("GET", SEGMENTS)
        rows = orjson.loads(told.body) if told.is_done else []
        there = {row["name"] for row in rows}
        parts = {f"/{SEGMENTS}/{each}" for each in there if each.startswith("parts/")}
        self.blame([f"{each} belongs to nothing" for each in sorted(parts - named)])
        self.blame([f"{each} is named and lost" for each in sorted(named - parts)])
        # Of uploads whose ID nobody was told there may be more.
        over = {f"uploads/{each.key}/{each.upload_id}" for each in self._ended}
        self.blame([f"{each} is still there" for each in sorted(over & there)])
