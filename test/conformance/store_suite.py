"""A suite for the object store alone: its own users, two storage policies, no cloud."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from random import Random

from compute.cli.layout import STORE, CloudPlan, LaidOutCloud, lay_out_cloud
from objectstore.cli.process import ServerProcess
from ring.builder import Builder
from ring.file import load_builder, save_builder, save_ring
from test.conformance.environments import Environment, NotInstalled
from test.conformance.pytest_suite import PytestSuite
from test.conformance.suite import Stage
from test.functional.compute.house import RunningCloud
from test.functional.harness.ports import free_ports

USERS = """\
user_test_tester = testing .admin
user_test_tester2 = testing2 .admin
user_test_tester3 = testing3
user_test2_tester2 = testing2 .admin
user_test5_tester5 = testing5 service
user_test_tester6 = testing6 .reseller_admin
reseller_prefix = AUTH, SERVICE
SERVICE_require_group = service
"""
# Every filter that the suites know of; no Keystone's tokens.
FILTERS = """
[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck info domain_remap s3 cors container_sync tempurl formpost tempauth staticweb bulk copy account_quotas container_quotas s3_guard slo dlo symlink versioned_writes object_versioning proxy-server

[filter:domain_remap]
use = egg:ringstack#domain_remap
storage_domain = example.com

[filter:tempurl]
use = egg:ringstack#tempurl
allowed_digests = sha1 sha256 sha512

[filter:formpost]
use = egg:ringstack#formpost
allowed_digests = sha1 sha256 sha512
"""  # noqa: E501
SECOND_POLICY = """
[storage-policy:1]
name = pair
aliases = two
"""
PART_POWER = 8
FILES = "test_*.py tests.py"
# As sample configurations of the field have them, for loopback.
TEST_CONF = """\
[s3api_test]
endpoint = {url}
region = us-east-1
access_key1 = test:tester
secret_key1 = testing
access_key2 = test:tester2
secret_key2 = testing2
access_key3 = test:tester3
secret_key3 = testing3
s3_acl_tests_enabled = True

[func_test]
auth_uri = {url}/auth/v1.0
s3_storage_url = {url}/
s3_region = us-east-1
account = test
username = tester
password = testing
s3_access_key = test:tester
s3_secret_key = testing
account2 = test2
username2 = tester2
password2 = testing2
username3 = tester3
password3 = testing3
s3_access_key2 = test:tester2
s3_secret_key2 = testing2
s3_access_key3 = test:tester3
s3_secret_key3 = testing3
account5 = test5
username5 = tester5
password5 = testing5
service_prefix = SERVICE
account6 = test
username6 = tester6
password6 = testing6
collate = C
insecure = no
storage_domain = example.com

[unit_test]
fake_syslog = False
"""


class StoreSuite(PytestSuite):
    """Tests that come with the sources of a ``release`` (``NAME==VERSION``) only."""

    def __init__(
        self,
        name: str,
        summary: str,
        release: str,
        requirements: tuple[str, ...],
        directories: tuple[str, ...],
        *,
        pattern: str = "",
    ) -> None:
        super().__init__(name, summary, (release, *requirements), pattern=pattern)
        self._release = release
        self._directories = directories

    @contextmanager
    def running(self, directory: Path, *, is_real: bool) -> Iterator[RunningCloud]:
        """The store of a cloud that is not started."""
        if directory.exists():
            shutil.rmtree(directory)
        directory.mkdir(parents=True)
        port, store_port, node_port = free_ports(3)
        plan = CloudPlan(port, store_port, node_port, store_users=USERS)
        place = lay_out_cloud(directory, plan)
        _add_policy(place)
        settings = place.store.settings_file(STORE)
        text, _, _ = settings.read_text("utf-8").partition("[filter:identity]")
        settings.write_text(text + FILTERS, "utf-8")
        server = ServerProcess(settings, store_port, place.log, outlives_us=False)
        with server.running():
            yield RunningCloud(place)

    def configure(self, stage: Stage) -> None:
        """The field's ``test.conf``, and the sources."""
        text = TEST_CONF.format(url=stage.cloud.store_url)
        (stage.directory / "test.conf").write_text(text, "utf-8")
        _sources(stage.environment, self._release)

    def variables(self, stage: Stage) -> Mapping[str, str]:
        """Where the configuration is, and the sources are."""
        return {
            "SWIFT_TEST_CONFIG_FILE": str(stage.directory / "test.conf"),
            "PYTHONPATH": str(_sources(stage.environment, self._release)),
        }

    def tests(self, stage: Stage) -> list[str]:
        """Of the sources."""
        sources = _sources(stage.environment, self._release)
        found = [str(sources / directory) for directory in self._directories]
        return ["--rootdir", str(sources), "-o", f"python_files={FILES}", *found]


def _add_policy(place: LaidOutCloud) -> None:
    """A second ring of objects, on the same devices with two replicas."""
    directory = place.store.settings_directory
    first = load_builder(directory / "object.builder")
    second = Builder(PART_POWER, 2, 0)
    for device in first.known_devices():
        second.add(replace(device))
    second.rebalance(Random(1), now=0)
    save_builder(second, directory / "object-1.builder")
    save_ring(second.ring(), directory / "object-1.ring.gz")
    with (directory / "cluster.conf").open("a", encoding="utf-8") as settings:
        settings.write(SECOND_POLICY)


def _sources(environment: Environment, release: str) -> Path:
    """The release's sources, unpacked beside the environment's programs."""
    directory = environment.directory / "sources"
    if not directory.exists():
        archives = environment.directory / "archives"
        command = [environment.program("python"), "-m", "pip", "download", "--quiet"]
        command += ["--no-deps", "--no-binary", ":all:", "--dest", str(archives)]
        done = subprocess.run(
            [*command, release], capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise NotInstalled(f"{release}:\n{done.stderr.strip()}")
        (archive,) = archives.glob("*.tar.gz")
        directory.mkdir()
        # tar, which leaves nothing outside: Python's own refuses to since 3.11.4 only.
        subprocess.run(["tar", "-xzf", archive, "-C", directory], check=True)
    (found,) = directory.iterdir()
    return found
