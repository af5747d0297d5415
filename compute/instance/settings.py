"""What an operator may set of the instance room."""

from __future__ import annotations

from dataclasses import dataclass

from compute.instance.scheduling.choose import SchedulerKind
from compute.instance.stores.hosts import Capacity
from objectstore.kernel.option_types import Seconds
from objectstore.kernel.settings import option


@dataclass(frozen=True, slots=True)
class InstanceSettings:
    """Scheduling, quotas, times."""

    scheduler: SchedulerKind = option(
        SchedulerKind.FILTER,
        "How hosts are ranked: filter (the freest), chance (any), simple (fewest"
        " promised processors)",
    )
    vcpu_ratio: float = option(
        4.0, "Virtual processors promised for each real one", minimum=0.1
    )
    memory_ratio: float = option(1.0, "Memory promised for each MiB", minimum=0.1)
    disk_ratio: float = option(1.0, "Disk promised for each GiB", minimum=0.1)
    reserved_memory_mib: int = option(512, "What a host keeps for itself", minimum=0)
    down_after: Seconds = option(
        60.0, "A host that was silent this long counts as down", minimum=1
    )
    first_host_wait: Seconds = option(
        30.0,
        "How long the first servers after a start wait while no host has reported yet",
        minimum=0,
    )
    gone_after: Seconds = option(
        300.0,
        "What was under way on a host that was silent this long has failed",
        minimum=1,
    )
    stuck_after: Seconds = option(
        60.0, "A server that waits for a job that is not there has failed", minimum=1
    )
    build_attempts: int = option(
        3, "On how many hosts a server is tried before it is in error", minimum=1
    )
    soft_delete: Seconds = option(
        0.0, "Deleted servers can be restored so long; 0: not at all", minimum=0
    )
    keep_jobs: Seconds = option(3600.0, "Finished jobs are kept so long", minimum=0)
    console_token: Seconds = option(600.0, "A console's URL is good so long", minimum=1)
    answer_wait: Seconds = option(
        15.0, "How long the API waits for a host's answer (console log)", minimum=0.1
    )
    console_url: str = option(
        "", "Where users find the console proxy; empty: /console of the API's host"
    )
    quota_instances: int = option(10, "Servers of a project; -1: any number")
    quota_cores: int = option(20, "Virtual processors of a project")
    quota_ram: int = option(51200, "Memory of a project's servers, in MiB")
    quota_metadata_items: int = option(128, "Metadata of one server")
    quota_key_pairs: int = option(100, "Keypairs of a user")
    quota_server_groups: int = option(10, "Server groups of a project")
    quota_server_group_members: int = option(10, "Servers of a group")
    quota_injected_files: int = option(5, "Files put into a new server")
    quota_injected_file_content_bytes: int = option(10240, "Size of such a file")
    quota_injected_file_path_bytes: int = option(255, "Length of its path")

    @property
    def capacity(self) -> Capacity:
        """How much of a host may be promised."""
        return Capacity(
            self.vcpu_ratio,
            self.memory_ratio,
            self.disk_ratio,
            self.reserved_memory_mib,
        )

    def quotas(self) -> dict[str, int]:
        """The usual limits, by the API's names."""
        return {
            "instances": self.quota_instances,
            "cores": self.quota_cores,
            "ram": self.quota_ram,
            "metadata_items": self.quota_metadata_items,
            "key_pairs": self.quota_key_pairs,
            "server_groups": self.quota_server_groups,
            "server_group_members": self.quota_server_group_members,
            "injected_files": self.quota_injected_files,
            "injected_file_content_bytes": self.quota_injected_file_content_bytes,
            "injected_file_path_bytes": self.quota_injected_file_path_bytes,
        }
