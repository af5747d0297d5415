"""The frame: from a signed form to an action, from what it answers to XML.

    Ec2Api({"DescribeRegions": Action(regions.describe, "RegionName AllRegions")}, ...)

An action says which parameters it heeds.  A request with another one is refused:
what a client asks for is done, or it is told that it will not be.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any

from compute.core.identifiers import Identifiers
from compute.ec2.frame import xml
from compute.ec2.frame.errors import Away, Ec2Error, code_of
from compute.ec2.frame.parameters import FORM_BYTES_MAX, Parameters, parse_form
from compute.ec2.frame.signed import Signatures, Signer
from compute.ec2.frame.turns import Turns
from objectstore.kernel.errors import Rejected, Unavailable
from objectstore.kernel.reply import Reply
from objectstore.kernel.request import Environ, Request, StartResponse

Document = Mapping[str, Any]
# Part of every request: the protocol's own, and signatures'.
_FRAME_PARAMETERS = frozenset(
    (
        "Action",
        "Version",
        "DryRun",
        "AWSAccessKeyId",
        "Signature",
        "SignatureMethod",
        "SignatureVersion",
        "Timestamp",
        "Expires",
        "X-Amz-Algorithm",
        "X-Amz-Credential",
        "X-Amz-Date",
        "X-Amz-Expires",
        "X-Amz-Signature",
        "X-Amz-SignedHeaders",
    )
)

Handler = Callable[[Any], Document]
Begin = Callable[[Request, Parameters, Signer], Any]
"""Makes what a handler takes."""


class Action:
    """What is done under a name, and the parameters (apart by blanks) that it heeds.

    ``is_alone``: one after the other in each project, as it changes what the others
    decide by.
    """

    __slots__ = ("handler", "is_alone", "parameters")

    def __init__(
        self, handler: Handler, parameters: str = "", *, is_alone: bool = False
    ) -> None:
        self.handler = handler
        self.parameters = frozenset(parameters.split())
        self.is_alone = is_alone


class Ec2Api:
    """A WSGI application: EC2's API at ``/``."""

    def __init__(
        self,
        actions: Mapping[str, Action],
        signatures: Signatures,
        begin: Begin,
        identifiers: Identifiers,
    ) -> None:
        self.actions = actions
        self._signatures = signatures
        self._begin = begin
        self._identifiers = identifiers
        self._turns = Turns()
        self._logger = logging.getLogger("compute.ec2")

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        """PEP 3333."""
        request_id = self._identifiers.uuid()
        request = Request(environ)
        request.context.log_notes.append(request_id)
        status, body = self._answer(request, request_id)
        headers = [("x-amzn-RequestId", request_id)]
        reply = Reply(status, body, headers, xml.CONTENT_TYPE)
        return reply(environ, start_response)

    def _answer(self, request: Request, request_id: str) -> tuple[int, bytes]:
        try:
            name, content = self._act(request, request_id)
            return 200, xml.reply_document(name, request_id, content)
        except Rejected as error:
            status = error.status if isinstance(error, Ec2Error) else 400
            code, text = code_of(error), error.text
        except Unavailable as error:
            self._logger.warning("%s: %s", request_id, error)
            status, code = 503, "Unavailable"
            room = f"{error.room} " if isinstance(error, Away) else ""
            text = f"The {room}service is unavailable just now; try again."
        except Exception:
            self._logger.exception("%s: a request failed", request_id)
            status, code, text = 500, "InternalError", "An unexpected error occurred"
        return status, xml.error_document(code, text, request_id)

    def _act(self, request: Request, request_id: str) -> tuple[str, Document]:
        body = b""
        if request.method == "POST":
            body = request.read_small_body(FORM_BYTES_MAX)
            text = body.decode("utf-8", "replace")
        elif request.method == "GET":
            text = request.environ.get("QUERY_STRING", "")
        else:
            raise Ec2Error("InvalidAction", "Actions are asked for with GET or POST")
        form = parse_form(text)
        name = form.get("Action", "")
        if not name:
            raise Ec2Error("MissingAction", "The request must contain an Action")
        signer = self._signatures.signer(request, form, body)
        action = self.actions.get(name)
        if action is None:
            raise Ec2Error("InvalidAction", f"The action {name} is not valid here")
        parameters = Parameters.of(form)
        for given in parameters.names():
            if given not in action.parameters and given not in _FRAME_PARAMETERS:
                raise Ec2Error(
                    "UnknownParameter",
                    f"The parameter {given} is not recognized by {name} here",
                )
        if parameters.flag("DryRun"):
            raise Ec2Error(
                "DryRunOperation",
                "Request would have succeeded, but DryRun flag is set.",
            )
        # A request without a token is an order of its own.
        token = parameters.text("ClientToken") or request_id
        with ExitStack() as turns:
            turns.enter_context(self._turns.turn(signer.project_id, name, token))
            if action.is_alone:
                turns.enter_context(self._turns.turn(signer.project_id))
            return name, action.handler(self._begin(request, parameters, signer))
