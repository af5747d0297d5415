"""From an operation to its reply: who asks, what verb is it, may he, what went wrong.

Whatever a verb refuses becomes an error as S3 tells it, with the operation's IDs.
"""

from __future__ import annotations

import logging

from objectstore.kernel.errors import Rejected, Unavailable
from objectstore.kernel.reply import Reply
from objectstore.s3.access.authorize import authorize
from objectstore.s3.bucket.cors import preflight
from objectstore.s3.bucket_places import enter_bucket
from objectstore.s3.error_reply import error_reply, sts_error_reply
from objectstore.s3.errors import S3Error, from_status, not_allowed
from objectstore.s3.locate import Place
from objectstore.s3.names import check_bucket, check_key
from objectstore.s3.notify.announce import announce
from objectstore.s3.object.post_object import post_object
from objectstore.s3.operation import Operation
from objectstore.s3.routes import CREATE_BUCKET, Route, find_route
from objectstore.s3.service.list_buckets import list_buckets
from objectstore.s3.service.sts import answer_sts
from objectstore.s3.signing.authenticate import Authenticator
from objectstore.s3.signing.claim import PRESIGNED
from objectstore.s3.signing.session import Sessions
from objectstore.s3.website.serve import answer_website

_log = logging.getLogger("objectstore.s3")


class Answers:
    """Answers operations."""

    __slots__ = ("_authenticator", "_sessions")

    def __init__(self, authenticator: Authenticator, sessions: Sessions | None) -> None:
        self._authenticator = authenticator
        self._sessions = sessions

    def reply(
        self, operation: Operation, place: Place, failure: Exception | None = None
    ) -> Reply:
        """The reply; an error in XML for whatever was raised, ``failure`` before."""
        error: S3Error
        if place.is_website:
            return answer_website(operation)
        try:
            if failure is not None:
                raise failure
            return self._answer(operation, place)
        except S3Error as raised:
            error = raised
        except Rejected as rejected:
            error = _translated(operation, rejected)
        except Unavailable as unavailable:
            operation.context.log_notes.append(str(unavailable))
            error = S3Error("ServiceUnavailable")
        except Exception:  # noqa: BLE001  (SDKs understand XML only)
            _log.exception("%s: internal error", operation.request_id)
            error = S3Error("InternalError")
        operation.context.log_notes.append(error.code)
        operation.error_code = error.code
        _forget_frames(error)
        if operation.payload is not None:
            _forget_frames(operation.payload.failure)
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
        if operation.asked is None:
            operation.caller = self._authenticator.caller(
                operation.environ, place.host_bucket
            )
        operation.context.identity = operation.caller.identity
        verified = operation.caller.verified
        if verified is not None and verified.auth_type == PRESIGNED:
            operation.take_headers_of_query()
        if not place.bucket:
            return self._service(operation, place)
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
            raise not_allowed(operation.method, ("GET",), "SERVICE")
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


def _forget_frames(error: BaseException | None) -> None:
    """An error that is kept keeps the frames that it came through, and those their
    buffers, in a circle that nobody opens before the collector comes by."""
    while error is not None:
        before = error.__context__
        error.__traceback__ = error.__cause__ = error.__context__ = None
        error = before


def _translated(operation: Operation, rejected: Rejected) -> S3Error:
    payload = operation.payload
    if payload is not None and isinstance(payload.failure, S3Error):
        return payload.failure
    if rejected.status == 412 and "UTF8" in rejected.text:
        return S3Error("InvalidURI")
    return from_status(rejected.status, rejected.text if rejected.status == 405 else "")
