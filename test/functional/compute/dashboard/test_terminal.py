"""What the serial console's terminal makes of what a server prints."""

from __future__ import annotations

import json

from test.functional.compute.dashboard.surfer import WAIT_SECONDS, Surfer

ESC = "\u001b"
# What came, piece by piece, and what is to be seen.
PRINTED = [
    (["one\r\ntwo\r\n"], "one\ntwo\n"),
    (["abc\rX", "\b\bY"], "Ybc"),
    ([f"{ESC}[1;31mred{ESC}[0m"], "red"),
    # The kernel cuts where it likes.
    ([f"a{ESC}[3", "1mb"], "ab"),
    ([f"x{ESC}", "]0;a title", "\u0007y"], "xy"),
    ([f"{ESC}7{ESC}(Bok{ESC}8"], "ok"),
    (["<script>alert(1)</script>"], "<script>alert(1)</script>"),
]
RUN = """
import(document.querySelector("script[type=module]").src.replace(
  "dashboard.js", "terminal.js"
)).then(({ blank, written, textOf }) => {
  window.seen = %s.map((pieces) => textOf(pieces.reduce(written, blank())));
  window.most = textOf(written(blank(), "x".repeat(1 << 20))).length;
})
"""


def test_what_is_printed_is_seen(surfer: Surfer) -> None:
    surfer.go("/sign-in")
    surfer.evaluate(RUN % json.dumps([pieces for pieces, _ in PRINTED]))
    assert surfer.until("window.most", WAIT_SECONDS) < 300_000
    assert surfer.evaluate("window.seen") == [wanted for _, wanted in PRINTED]
