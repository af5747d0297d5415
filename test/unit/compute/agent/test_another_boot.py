"""Numbers of processes of an earlier boot are nobody's."""

from __future__ import annotations

from pathlib import Path

from compute.agent.drivers.libvirt.another_boot import NOBODY, forget_processes

STATUS = b"<domstatus state='running' pid='1234'>\n  <init pid=\"77\"/>\n"
FORGOTTEN = STATUS.replace(b"1234", NOBODY).replace(b"77", NOBODY)


def test_processes_of_an_earlier_boot_are_forgotten(tmp_path: Path) -> None:
    status = tmp_path / "run" / "qemu" / "guest.xml"
    status.parent.mkdir(parents=True)
    status.write_bytes(STATUS)
    for boot, wanted in ((b"1", STATUS), (b"1", STATUS), (b"2", FORGOTTEN)):
        forget_processes(str(tmp_path), str(tmp_path / "run"), boot)
        assert status.read_bytes() == wanted
    assert [each.name for each in status.parent.iterdir()] == ["guest.xml"]
