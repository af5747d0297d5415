"""Uploading the files of a tar archive while it arrives."""

from __future__ import annotations

import tarfile
import zlib
from collections.abc import Iterator
from typing import IO
from urllib.parse import quote

from objectstore.kernel.errors import Rejected
from objectstore.kernel.request import Application, Request
from objectstore.middleware.bulk_operations.decompressed import READ_BYTES, Decompressed
from objectstore.middleware.bulk_operations.report import CREATED, Report
from objectstore.middleware.subrequest import status_of, sub_environ

COMPRESSIONS = {"tar": "", "tar.gz": "gz", "tar.bz2": "bz2"}
# Names in an archive may be long; ones that no store takes are not tried.
PATH_BYTES_MAX = 256 + 1024 + 1
# What archivers make of extended attributes.
_MIME = ("SCHILY.xattr.user.mime_type", "LIBARCHIVE.xattr.user.mime_type")
_META = ("SCHILY.xattr.user.meta.", "LIBARCHIVE.xattr.user.meta.")


class BulkUpload:
    """One archive; ``run`` does the work and yields between files."""

    def __init__(
        self,
        app: Application,
        request: Request,
        report: Report,
        *,
        compression: str,
        file_bytes_max: int,
        containers_max: int,
        failures_max: int,
    ) -> None:
        self._app = app
        self._request = request
        self._report = report
        self._compression = compression
        self._file_bytes_max = file_bytes_max
        self._containers_max = containers_max
        self._failures_max = failures_max
        version, account, container, name = request.split()
        self._root = f"/{version}/{account}/"
        self._base = "/".join(part for part in (container, name.strip("/")) if part)
        self._containers: dict[str, int] = {}  # what making each came to

    def run(self) -> Iterator[None]:
        """Upload everything; results go to the report.  Raises Rejected."""
        request = self._request
        if request.content_length is None and not request.is_chunked:
            raise Rejected(411)
        try:
            source = request.body
            if self._compression:
                source = Decompressed(source.read, self._compression)
            with tarfile.open(mode="r|", fileobj=source, bufsize=READ_BYTES) as archive:
                for member in archive:
                    if member.isfile():
                        self._take(archive, member)
                    # The archive remembers its members otherwise, without end.
                    archive.members = []  # type: ignore[attr-defined]
                    yield
                    if len(self._report.errors) >= self._failures_max:
                        return
        except (tarfile.TarError, zlib.error, EOFError, OSError) as error:
            raise Rejected(400, f"Invalid Tar File: {error}") from None

    def _take(self, archive: tarfile.TarFile, member: tarfile.TarInfo) -> None:
        name = member.name.removeprefix("./").lstrip("/")
        path = f"{self._base}/{name}" if self._base else name
        container, _, inner = path.partition("/")
        if not inner:
            return
        try:
            raw = path.encode()
        except UnicodeEncodeError:
            # Bytes that are no UTF-8: tarfile carries them as surrogates.
            self._report.fail(quote(path.encode("utf-8", "surrogateescape")), 412)
            return
        shown = quote(raw)
        if len(raw) > PATH_BYTES_MAX:
            self._report.fail(shown[:PATH_BYTES_MAX], 400)
        elif member.size > self._file_bytes_max:
            self._report.fail(shown, 413)
        else:
            status = self._make_container(container)
            if status // 100 == 2:
                content = archive.extractfile(member)
                assert content is not None, "a file in an archive has content"
                status = self._put(path, member, content)
            self._note(shown, status)

    def _note(self, shown: str, status: int) -> None:
        if status // 100 == 2:
            self._report.counts[CREATED] += 1
        elif status == 401:
            raise Rejected(401)
        else:
            self._report.fail(shown, status)

    def _make_container(self, container: str) -> int:
        """The status of looking for it or making it; remembered."""
        known = self._containers.get(container)
        if known is not None:
            return known
        if len(self._containers) >= self._containers_max:
            text = f"More than {self._containers_max} containers to create from tar."
            raise Rejected(400, text)
        environ, path = self._request.environ, self._root + container
        status = status_of(self._app, sub_environ(environ, "HEAD", path))
        if status == 404:
            status = status_of(self._app, sub_environ(environ, "PUT", path))
        if status in (401, 403):
            # Who may write objects need not be one who may see the container.
            status = 200
        self._containers[container] = status
        return status

    def _put(self, path: str, member: tarfile.TarInfo, content: IO[bytes]) -> int:
        environ = sub_environ(self._request.environ, "PUT", self._root + path)
        environ["wsgi.input"] = content
        environ["CONTENT_LENGTH"] = str(member.size)
        # Said of the archive, not of what is in it.
        environ.pop("HTTP_CONTENT_ENCODING", None)
        upload = Request(environ)
        for name, value in member.pax_headers.items():
            if not value.isprintable():
                continue
            if name in _MIME:
                upload.set_header("Content-Type", value)
            for prefix in _META:
                meta = name.removeprefix(prefix)
                if meta != name and meta.replace("-", "").isalnum():
                    upload.set_header(f"X-Object-Meta-{meta}", value)
        return status_of(self._app, environ)
