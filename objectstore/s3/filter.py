"""s3: the S3 API on the same objects as Swift's.

Answers requests that are signed as S3's are (Signature Version 4 and 2, in the
header or in the query), that come to a host name below ``storage_domain``, or
that carry no Swift token and name no path of Swift's.  Everything else is handed
on.  S3 requests become Swift requests down the pipeline, so an object that was
put through one face is there through the other: buckets are containers, keys
are names, ``x-amz-meta-`` is ``X-Object-Meta-``, multipart uploads are static
large objects, versions are Swift's object versions.

Users are those of the auth filter below (it offers ``secret_for``): the access key
is ``account:user``, the secret the user's key.

::

    [filter:s3]
    use = egg:ringstack#s3
    location = us-east-1
    # s3.example.com: bucket.s3.example.com is a bucket
    storage_domain =
    # s3-website.example.com: bucket.s3-website.example.com is a bucket's web site
    website_domain =
    # where bucket notifications can go: NAME=URL, several with commas between
    notification_targets =
    # what temporary credentials are protected with; also taken from
    # cluster_secret in [DEFAULT]; without either there are none
    sts_secret =
"""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Callable
from typing import Any

from objectstore.kernel.clock import Clock, SystemClock
from objectstore.kernel.known_facts import Facts
from objectstore.kernel.loop import Step
from objectstore.kernel.request import Application, Environ, StartResponse
from objectstore.kernel.settings import BadSettings, Mistake, Reader
from objectstore.kernel.timestamps import HybridClock
from objectstore.s3.access_log.delivery import LogDelivery
from objectstore.s3.access_log.observe import observe
from objectstore.s3.access_log.sink import LogSink
from objectstore.s3.answers import Answers
from objectstore.s3.background.house_objects import HouseObjects
from objectstore.s3.bucket.cors import cors_headers
from objectstore.s3.bucket_facts import BucketFactsCache
from objectstore.s3.credentials import find_source
from objectstore.s3.error_reply import error_reply
from objectstore.s3.errors import S3Error
from objectstore.s3.inner import Store
from objectstore.s3.lifecycle.backfill import LifecycleBackfill
from objectstore.s3.lifecycle.run import LifecycleRun
from objectstore.s3.locate import Locator, Place
from objectstore.s3.lock_guard import find_guard
from objectstore.s3.multipart.sweeper import Sweeper
from objectstore.s3.notify.couriers import courier_to
from objectstore.s3.notify.delivery import NotificationDelivery
from objectstore.s3.notify.targets import parse_targets
from objectstore.s3.operation import House, Operation
from objectstore.s3.plain_reads import PlainReads
from objectstore.s3.plain_requests import Asked, Owners
from objectstore.s3.plain_writes import PlainWrites
from objectstore.s3.registry import Registry
from objectstore.s3.settings import S3Settings
from objectstore.s3.signing.authenticate import Authenticator
from objectstore.s3.signing.session import Sessions
from objectstore.s3.write_watch import WriteWatch

AFTER = ("catch_errors", "gatekeeper", "healthcheck", "info")
BEFORE = (
    "cors",
    "tempurl",
    "formpost",
    "tempauth",
    "staticweb",
    "bulk",
    "copy",
    "account_quotas",
    "container_quotas",
    "slo",
)


class S3Filter:
    """The filter; see the module's docstring."""

    __slots__ = (
        "_answers",
        "_locator",
        "_log_sink",
        "_plain_reads",
        "_plain_writes",
        "app",
        "house",
    )

    def __init__(self, app: Application, settings: S3Settings, clock: Clock) -> None:
        self.app = app
        store = Store(app)
        guard = find_guard(app)
        self._log_sink = LogSink(HouseObjects(store), clock)
        encryption = _encryption(app)
        self.house = House(
            settings,
            store,
            clock,
            BucketFactsCache(),
            Registry(store, clock),
            guard is not None,
            getattr(encryption, "encrypts", ""),
            getattr(encryption, "has_kms_key", lambda _: False),
            parse_targets(settings.notification_targets),
            HybridClock(clock),
        )
        if guard is not None:
            guard.watch = WriteWatch(self.house)
        source = find_source(app)
        sessions = Sessions(settings.sts_secret) if settings.sts_secret else None
        authenticator = Authenticator(source, sessions, settings, clock)
        self._answers = Answers(authenticator, sessions)
        owners = Owners(self.house.buckets, authenticator.remembered)
        self._plain_reads = PlainReads(store, owners)
        self._plain_writes = PlainWrites(store, owners, self.house.encrypts)
        self._locator = Locator(
            settings.storage_domain,
            settings.website_domain,
            allow_anonymous=settings.allow_anonymous,
        )

    def background_steps(self, facts: Facts) -> tuple[Step, ...]:
        """What a store with this face runs in the background, in one process."""
        house = self.house
        return (
            Sweeper(house, facts),
            LifecycleBackfill(house, facts),
            LifecycleRun(house, facts),
            LogDelivery(house, facts),
            *[
                NotificationDelivery(house, facts, name, courier_to(target))
                for name, target in house.targets.items()
            ],
        )

    def finish(self) -> None:
        """The process is about to end: write down what only it knows."""
        self._log_sink.flush()

    def describe(self, registry: Any) -> None:
        """Tell ``/info``."""
        settings = self.house.settings
        registry.add(
            "s3api",
            max_bucket_listing=settings.max_bucket_listing,
            max_parts_listing=settings.max_parts_listing,
            max_upload_part_num=settings.max_upload_part_num,
            max_multi_delete_objects=settings.max_multi_delete_objects,
            allow_multipart_uploads=True,
            min_segment_size=settings.min_segment_size,
            s3_acl=True,
        )

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        """Answer S3 requests; hand everything else on."""
        try:
            place = self._locator.place(environ)
        except S3Error as error:
            reply = error_reply(error, "", _new_id(), is_head=False)
            return reply(environ, start_response)
        if place is None:
            return self.app(environ, start_response)
        done: Any = None
        failure: Exception | None = None
        began = self.house.clock.monotonic()
        if not environ.get("QUERY_STRING"):
            try:
                done = self._plainly(environ, start_response, place)
            except Exception as error:  # noqa: BLE001  (told below, in S3's words)
                failure = error
            if done is not None and type(done) is not Asked:
                return done
        operation = Operation(environ, self.house, place.bucket, place.key)
        if done is not None:
            operation.asked, operation.caller = done
        if operation.request_id == "-":
            operation.request_id = _new_id()
        reply = self._answers.reply(operation, place, failure)
        if operation.asked is not None:
            operation.asked.close()
        request_id = operation.request_id
        reply.headers.append(("x-amz-request-id", request_id))
        reply.headers.append(("x-amz-id-2", request_id))
        if "HTTP_ORIGIN" in environ and operation.method != "OPTIONS":
            reply.headers.extend(cors_headers(operation))
        observe(operation, reply, self._log_sink, began)
        return reply(environ, start_response)

    def _plainly(
        self, environ: Environ, start_response: StartResponse, place: Place
    ) -> Any:
        """See ``plain_requests``."""
        method = environ["REQUEST_METHOD"]
        if method == "GET" or method == "HEAD":
            return self._plain_reads.answer(environ, start_response, place)
        if method == "PUT" or method == "DELETE":
            return self._plain_writes.answer(environ, start_response, place)
        return None


def _encryption(application: object) -> object | None:
    """The filter below that encrypts at rest, by what it says of itself."""
    layer: object | None = application
    while layer is not None:
        if isinstance(getattr(layer, "encrypts", None), str):
            return layer
        layer = getattr(layer, "app", None)
    return None


def _check_targets(settings: S3Settings, source: str) -> None:
    try:
        for target in parse_targets(settings.notification_targets).values():
            courier_to(target)
    except (ValueError, ImportError) as error:
        text = str(error)
        if isinstance(error, ImportError):
            text = "AMQP targets need kombu: pip install ringstack[s3events]"
        mistake = Mistake(source, "filter:s3", "notification_targets", text)
        raise BadSettings([mistake]) from None


def _new_id() -> str:
    return "tx" + secrets.token_hex(16)


def filter_factory(
    global_conf: dict[str, str], **local_conf: str
) -> Callable[[Application], S3Filter]:
    """PasteDeploy's entry point."""
    reader = Reader(global_conf.get("__file__", ""))
    settings = reader.read(S3Settings, local_conf, "filter:s3")
    reader.finish()
    _check_targets(settings, global_conf.get("__file__", ""))
    if not settings.sts_secret:
        secret = global_conf.get("cluster_secret", "")
        settings = dataclasses.replace(settings, sts_secret=secret)
    return lambda app: S3Filter(app, settings, SystemClock())
