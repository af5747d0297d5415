"""bulk: many uploads or deletions in one request.

*Upload*: ``PUT /v1/account[/container[/prefix]]?extract-archive=FORMAT`` with a tar
archive (``tar``, ``tar.gz``, ``tar.bz2``) as body: each file in it becomes an object,
its path put after the request's.  Containers are made as needed.  Directories,
links and files that would be in no container are left out.  ``X-Delete-At`` and
``X-Delete-After`` hold for every file; extended attributes
``user.mime_type`` and ``user.meta.NAME`` become content type and metadata.

*Delete*: ``POST /v1/account?bulk-delete`` (or DELETE) with one URL-quoted
``container/object`` or ``container`` a line.

The status is always 200; the body (text, JSON or XML, as ``Accept`` wants) says
how many were done, which failed (``Errors``), and the true ``Response Status``:
201 or 200; 400 or 502 when some failed; 401; 413 for too many; 406.
White space may come before it, to keep the connection alive.

::

    [filter:bulk]
    use = egg:ringstack#bulk
    max_containers_per_extraction = 10000
    max_failed_extractions = 1000
    max_deletes_per_request = 10000
    max_failed_deletes = 1000
    delete_concurrency = 2
    yield_frequency = 10
    max_file_size = 5368709122
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from objectstore.kernel.clock import Clock, SystemClock
from objectstore.kernel.concerns import Concerns
from objectstore.kernel.errors import Rejected
from objectstore.kernel.option_types import Seconds, Size
from objectstore.kernel.reply import Reply
from objectstore.kernel.request import Application, Environ, Request, StartResponse
from objectstore.kernel.settings import option
from objectstore.middleware.bulk_operations.delete import BulkDelete
from objectstore.middleware.bulk_operations.report import (
    CREATED,
    Report,
    deletion_report,
    wanted_format,
)
from objectstore.middleware.bulk_operations.upload import COMPRESSIONS, BulkUpload
from objectstore.middleware.copy import OBJECT_BYTES_MAX
from objectstore.middleware.filter_options import FilterMaker, read_options

AFTER = ("catch_errors", "gatekeeper", "tempauth", "tempurl", "formpost")
BEFORE = ("copy",)


@dataclass(frozen=True, slots=True)
class BulkSettings:
    """How much one request may ask for."""

    max_containers_per_extraction: int = option(10_000, "Containers made", minimum=1)
    max_failed_extractions: int = option(1000, "Failures until giving up", minimum=1)
    max_deletes_per_request: int = option(10_000, "Names to delete", minimum=1)
    max_failed_deletes: int = option(1000, "Failures until giving up", minimum=1)
    delete_concurrency: int = option(2, "Deletions at one time", minimum=1, maximum=100)
    yield_frequency: Seconds = option(10.0, "How often to give a sign of life")
    max_file_size: Size = option(OBJECT_BYTES_MAX, "The largest file in an archive")


class Bulk:
    """The filter; see the module's docstring."""

    # All that it does is asked for in the query.
    concerns = Concerns()

    def __init__(self, app: Application, settings: BulkSettings, clock: Clock) -> None:
        self.app = app
        self._settings = settings
        self._clock = clock

    def describe(self, registry: Any) -> None:
        """Tell ``/info``."""
        settings = self._settings
        registry.add(
            "bulk_upload",
            max_containers_per_extraction=settings.max_containers_per_extraction,
            max_failed_extractions=settings.max_failed_extractions,
        )
        registry.add(
            "bulk_delete",
            max_deletes_per_request=settings.max_deletes_per_request,
            max_failed_deletes=settings.max_failed_deletes,
        )

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        """Carry bulk operations out; hand everything else on."""
        query = environ.get("QUERY_STRING", "")
        method = environ["REQUEST_METHOD"]
        if "extract-archive" in query and method == "PUT":
            request = Request(environ)
            archive = request.query.get("extract-archive")
            if archive is not None and request.split()[1]:
                return self._upload(request, archive)(environ, start_response)
        elif "bulk-delete" in query and method in ("POST", "DELETE"):
            request = Request(environ)
            if "bulk-delete" in request.query and request.split()[1]:
                return self._delete(request)(environ, start_response)
        return self.app(environ, start_response)

    def _upload(self, request: Request, archive: str) -> Reply:
        compression = COMPRESSIONS.get(archive.lower())
        if compression is None:
            raise Rejected(400, "Unsupported archive format")
        content_type = wanted_format(request.header("Accept"))
        report = Report(
            "extract",
            content_type,
            CREATED,
            good=201,
            empty_text="Invalid Tar File: No Valid Files",
        )
        settings = self._settings
        work = BulkUpload(
            self.app,
            request,
            report,
            compression=compression,
            file_bytes_max=settings.max_file_size,
            containers_max=settings.max_containers_per_extraction,
            failures_max=settings.max_failed_extractions,
        )
        return report.reply_after(work.run(), self._clock, settings.yield_frequency)

    def _delete(self, request: Request) -> Reply:
        report = deletion_report(wanted_format(request.header("Accept")))
        settings = self._settings
        work = BulkDelete(
            self.app,
            request,
            report,
            names_max=settings.max_deletes_per_request,
            failures_max=settings.max_failed_deletes,
            at_once=settings.delete_concurrency,
        )
        return report.reply_after(work.run(), self._clock, settings.yield_frequency)


def filter_factory(global_conf: dict[str, str], **local_conf: str) -> FilterMaker:
    """PasteDeploy's entry point."""
    settings = read_options(BulkSettings, "bulk", global_conf, local_conf)
    return lambda app: Bulk(app, settings, SystemClock())
