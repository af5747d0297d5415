"""Every limit of the HTTP edge, with the reason for its default."""

from __future__ import annotations

from dataclasses import dataclass

from objectstore.kernel.option_types import Seconds, Size
from objectstore.kernel.settings import option

# The longest account, container and object names (256 + 256 + 1024 bytes) are
# 4.6 KiB percent-encoded; a presigned query with a session token adds as much.
REQUEST_LINE_BYTES_MAX = 16 * 1024
# The most metadata an object may have (90 items) and everything clients add.
HEADER_COUNT_MAX = 200
# Swift takes 8 KiB and tells operators to double it for long tokens.
HEADER_LINE_BYTES_MAX = 16 * 1024
# Metadata to its limits, a long token and a long request line all at once.
HEAD_BYTES_MAX = 128 * 1024

# One receive call for a request's beginning: a head with a small body arrives in one
# piece.  The rest of a larger body is received where it is to lie, without copying.
BEGINNING_BYTES = 16 * 1024
# One receive call for anything else.
RECEIVE_BYTES = 64 * 1024
# Up to here head and body are joined for one send; beyond, copying costs more
# than the gather list that avoids it.
JOIN_BYTES_MAX = 64 * 1024
# One sendfile call at most.
SENDFILE_BYTES = 1024 * 1024
# One read of a file that is sent over TLS: what is read and encrypted in one go.
ENCRYPTED_BYTES = 256 * 1024
# Of a long reply, to a client that takes it as fast as it comes: half a millisecond,
# with the checks, until it is the others' turn.
SENT_IN_A_ROW_BYTES = 1024 * 1024
# A line that announces a chunk: 16 digits and room for an extension.
CHUNK_LINE_BYTES_MAX = 1024
# All trailer lines of a chunked body; they are read and dropped.
TRAILER_BYTES_MAX = 16 * 1024
# Pipelined requests answered in a row before the other connections' turn.
PIPELINED_IN_A_ROW = 16
# The kernel's queue of connections not accepted yet; it cuts this down itself
# to what the machine allows (net.core.somaxconn).
LISTEN_BACKLOG = 4096
# Connections accepted in a row before the others' turn.
ACCEPTED_IN_A_ROW = 64
# Out of descriptors: wait for some to be closed instead of spinning.
ACCEPT_RETRY_SECONDS = 0.1
# How often deadlines are looked at.  They are about stuck peers, so a second
# more does not matter, and looking costs nothing per request.
SWEEP_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class EdgeSettings:
    """How the HTTP edge treats its clients."""

    connections_max: int = option(
        4096, "Connections at once in one worker; more are told 503", minimum=1
    )
    idle_timeout: Seconds = option(
        75.0, "How long a connection may wait for its next request", minimum=0.1
    )
    head_timeout: Seconds = option(
        20.0, "How long a request head may take from its first byte", minimum=0.1
    )
    stall_timeout: Seconds = option(
        60.0, "How long a body may pause, in either direction", minimum=0.1
    )
    rate_min: Size = option(
        256,
        "Bytes a second that a client moves at least while the server waits for it, "
        "once stall_timeout is used up; 0: any",
        minimum=0,
    )
    drain_bytes_max: Size = option(
        1024 * 1024,
        "An unread body is read to its end up to here; beyond, the connection ends",
        minimum=0,
    )
    drain_timeout: Seconds = option(
        2.0, "How long reading an unread body to its end may take", minimum=0
    )
    request_line_bytes_max: Size = option(
        REQUEST_LINE_BYTES_MAX, "The longest request line; longer: 414", minimum=256
    )
    header_line_bytes_max: Size = option(
        HEADER_LINE_BYTES_MAX, "The longest header line; longer: 431", minimum=256
    )
    header_count_max: int = option(
        HEADER_COUNT_MAX, "The most header lines; more: 431", minimum=1
    )
    head_bytes_max: Size = option(
        HEAD_BYTES_MAX, "The largest request head in all; larger: 431", minimum=1024
    )
