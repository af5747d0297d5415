"""From bare machines to clouds, by `ringstack deploy`: real_deployment and _control."""

from __future__ import annotations

from test.functional.compute.apart import need_networks, run_apart
from test.scratch import scratch_directory
from test.servers.program import need as need_servers

PROGRAMS = {
    "ip": "iproute2",
    "ssh": "openssh-client",
    "sshd": "openssh-server",
    "useradd": "passwd",
}
# Two minutes and a half on a busy machine.
SECONDS_MAX = 300.0


def test_a_cloud_is_deployed_loses_a_machine_is_upgraded_and_grows() -> None:
    need_networks(PROGRAMS)
    module = "test.functional.compute.deploy.real_deployment"
    with scratch_directory() as directory:
        said = run_apart(module, str(directory), seconds=SECONDS_MAX)
    print(said)
    assert "deployed, though killed in the middle" in said
    assert "uploaded with swift" in said
    assert "the cloud has its host" in said
    assert "encrypted, and a certificate renewed" in said
    assert "and it is shown" in said
    assert "one machine lost its power, and came back" in said
    assert "two policies were added" in said
    assert "upgraded under load" in said
    assert "a fourth machine joined" in said
    assert "and serves its share" in said
    assert "back to the release before" in said
    assert "a machine is being drained, though killed in the middle" in said
    assert "and has left" in said
    assert "a lost site destroyed nothing" in said


def test_a_cloud_with_two_control_hosts_loses_one() -> None:
    need_networks({**PROGRAMS, "haproxy": "haproxy"})
    need_servers("haproxy", "/usr/lib/postgresql", "setpriv")
    module = "test.functional.compute.deploy.real_control"
    with scratch_directory() as directory:
        directory.chmod(0o755)
        said = run_apart(module, str(directory), seconds=SECONDS_MAX)
    print(said)
    assert "two control hosts with the same keys" in said
    assert "each reads what the other wrote" in said
    assert "keys rotated on one host are the other's too" in said
    assert "the cloud went on without its first control host" in said
    assert "and has it back" in said
