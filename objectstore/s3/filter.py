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
from objectstore.kernel.errors import Rejected, Unavailable
from objectstore.kernel.loop import Step
from objectstore.kernel.reply import Reply
from objectstore.kernel.request import Application, Environ, Facts, StartResponse
from objectstore.kernel.settings import BadSettings, Mistake, Reader
from objectstore.kernel.timestamps import HybridClock
from objectstore.s3.access.authorize import authorize
from objectstore.s3.access_log.delivery import LogDelivery
from objectstore.s3.access_log.observe import observe
from objectstore.s3.access_log.sink import LogSink
from objectstore.s3.background.house_objects import HouseObjects
from objectstore.s3.bucket.cors import cors_headers, preflight
from objectstore.s3.bucket_facts import BucketFactsCache
from objectstore.s3.bucket_places import enter_bucket
from objectstore.s3.credentials import find_source
from objectstore.s3.error_reply import error_reply, sts_error_reply
from objectstore.s3.errors import S3Error, from_status
from objectstore.s3.inner import Store
from objectstore.s3.lifecycle.backfill import LifecycleBackfill
from objectstore.s3.lifecycle.run import LifecycleRun
from objectstore.s3.locate import Locator, Place
from objectstore.s3.lock_guard import find_guard
from objectstore.s3.multipart.sweeper import Sweeper
from objectstore.s3.names import check_bucket, check_key
from objectstore.s3.notify.announce import announce
from objectstore.s3.notify.couriers import courier_to
from objectstore.s3.notify.delivery import NotificationDelivery
from objectstore.s3.notify.targets import parse_targets
from objectstore.s3.object.post_object import post_object
from objectstore.s3.operation import House, Operation
from objectstore.s3.registry import Registry
from objectstore.s3.routes import CREATE_BUCKET, Route, find_route
from objectstore.s3.service.list_buckets import list_buckets
from objectstore.s3.service.sts import answer_sts
from objectstore.s3.settings import S3Settings
from objectstore.s3.signing.authenticate import Authenticator
from objectstore.s3.signing.session import Sessions
from objectstore.s3.website.serve import answer_website
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

    __slots__ = ("_authenticator", "_locator", "_log_sink", "_sessions", "app", "house")

    def __init__(self, app: Application, settings: S3Settings, clock: Clock) -> None:
        self.app = app
        store = Store(app)
        guard = find_guard(app)
        self._log_sink = LogSink(HouseObjects(store), clock)
        self.house = House(
            settings,
            store,
            clock,
            BucketFactsCache(),
            Registry(store, clock),
            guard is not None,
            _encrypts(app),
            parse_targets(settings.notification_targets),
            HybridClock(clock),
        )
        if guard is not None:
            guard.watch = WriteWatch(self.house)
        self._sessions = Sessions(settings.sts_secret) if settings.sts_secret else None
        self._authenticator = Authenticator(
            find_source(app), self._sessions, settings, clock
        )
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
        began = self.house.clock.monotonic()
        operation = Operation(environ, self.house, place.bucket, place.key)
        if operation.request_id == "-":
            operation.request_id = _new_id()
        reply = self._reply(operation, place)
        request_id = operation.request_id
        reply.headers.append(("x-amz-request-id", request_id))
        reply.headers.append(("x-amz-id-2", request_id))
        if "HTTP_ORIGIN" in environ and operation.method != "OPTIONS":
            reply.headers.extend(cors_headers(operation))
        observe(operation, reply, self._log_sink, began)
        return reply(environ, start_response)

    def _reply(self, operation: Operation, place: Place) -> Reply:
        error: S3Error
        if place.is_website:
            return answer_website(operation)
        try:
            return self._answer(operation, place)
        except S3Error as raised:
            error = raised
        except Rejected as rejected:
            error = _translated(operation, rejected)
        except Unavailable as unavailable:
            operation.context.log_notes.append(str(unavailable))
            error = S3Error("ServiceUnavailable")
        operation.context.log_notes.append(error.code)
        operation.error_code = error.code
        if self._is_sts(operation, place):
            return sts_error_reply(error, operation.request_id)
        resource = f"/{place.bucket}/{place.key}" if place.bucket else "/"
        return error_reply(
            error,
            resource,
            operation.request_id,
            is_head=operation.method == "HEAD",
        )

    def _answer(self, operation: Operation, place: Place) -> Reply:
        if operation.method == "OPTIONS":
            check_bucket(operation.bucket)
            enter_bucket(operation)
            return preflight(operation)
        if _is_form(operation, place):
            check_bucket(operation.bucket)
            return post_object(operation, self._authenticator)
        operation.caller = self._authenticator.caller(
            operation.environ, place.host_bucket
        )
        operation.context.identity = operation.caller.identity
        if not place.bucket:
            return self._service(operation, place)
        verified = operation.caller.verified
        if verified is not None and verified.service != "s3":
            raise S3Error(
                "AuthorizationHeaderMalformed",
                "The service of the credential is not s3",
            )
        check_bucket(operation.bucket)
        if operation.key:
            check_key(operation.key)
        route = find_route(operation)
        if route is CREATE_BUCKET:
            return route.handler(operation)
        enter_bucket(operation)
        _authorize(operation, route)
        reply = route.handler(operation)
        if operation.events:
            announce(operation, operation.events)
        return reply

    def _service(self, operation: Operation, place: Place) -> Reply:
        if self._is_sts(operation, place):
            return answer_sts(operation, self._sessions)
        if operation.method != "GET":
            raise S3Error("MethodNotAllowed", Method=operation.method)
        return list_buckets(operation)

    def _is_sts(self, operation: Operation, place: Place) -> bool:
        verified = operation.caller.verified
        if verified is not None and verified.service == "sts":
            return True
        return not place.bucket and operation.method == "POST"


def _authorize(operation: Operation, route: Route) -> None:
    action = route.action
    if not action:
        return
    if operation.environ.get("QUERY_STRING") and "versionId" in operation.query:
        if not operation.version_id:
            raise S3Error("InvalidArgument", "Version id cannot be the empty string")
        action = route.version_action or action
    operation.action = action
    authorize(operation, action, route.permission)


def _is_form(operation: Operation, place: Place) -> bool:
    """A POST from a browser's form: it is signed inside, not in its headers."""
    return (
        operation.method == "POST"
        and bool(place.bucket)
        and not place.key
        and operation.environ.get("CONTENT_TYPE", "")
        .lower()
        .startswith("multipart/form-data")
    )


def _translated(operation: Operation, rejected: Rejected) -> S3Error:
    payload = operation.payload
    if payload is not None and isinstance(payload.failure, S3Error):
        return payload.failure
    if rejected.status == 412 and "UTF8" in rejected.text:
        return S3Error("InvalidURI")
    return from_status(rejected.status)


def _encrypts(application: object) -> str:
    """What the encryption filter below says that it encrypts; "" without one."""
    layer: object | None = application
    while layer is not None:
        found = getattr(layer, "encrypts", None)
        if isinstance(found, str):
            return found
        layer = getattr(layer, "app", None)
    return ""


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
