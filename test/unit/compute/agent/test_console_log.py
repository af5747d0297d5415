from __future__ import annotations

from pathlib import Path

from compute.agent.console_log import read_tail, trim


def test_the_end_is_read_across_a_trim(tmp_path: Path) -> None:
    log = tmp_path / "console.log"
    assert read_tail(str(log), 10) == b""
    assert not trim(str(log))
    log.write_bytes(b"0123456789")
    assert read_tail(str(log), 4) == b"6789"
    assert not trim(str(log), 10)
    with log.open("ab") as writer:
        writer.write(b"abc")
        writer.flush()
        assert trim(str(log), 10)
        assert log.stat().st_size == 0
        writer.write(b"DEF")
    assert read_tail(str(log), 6) == b"abcDEF"
    assert read_tail(str(log), 100) == b"3456789abcDEF"
    assert read_tail(str(log), 2) == b"EF"
