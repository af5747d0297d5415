"""What the known extra specs of flavors may say: checked from 2.86 on.

Keys that are not known here may say anything: hosts, aggregates and other tools have
their own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_BOOLEAN = r"(?i:true|false|1|0|yes|no|on|off|t|f|y|n)"
_POSITIVE = r"0*[1-9]\d*"
_WHOLE = r"\d+"
_PROCESSORS = r"\^?\d+((-\d+)?(,\^?\d+(-\d+)?)?)*"
# Pattern of keys -> pattern of values; both match as a whole.
KNOWN: dict[str, str] = {
    r"hw:cpu_realtime|hw:hide_hypervisor_id|hide_hypervisor_id": _BOOLEAN,
    r"hw:boot_menu|hw:mem_encryption|hw:pmu": _BOOLEAN,
    r"hw:cpu_policy": "dedicated|shared|mixed",
    r"hw:cpu_thread_policy": "prefer|isolate|require",
    r"hw:emulator_threads_policy": "isolate|share",
    r"hw:cpu_realtime_mask|hw:cpu_dedicated_mask|hw:numa_cpus\.\d+": _PROCESSORS,
    r"hw:mem_page_size": r"large|small|any|\d+([kKMGT]i?)?(b|bit|B)?",
    r"hw:numa_nodes|hw:numa_mem\.\d+": _POSITIVE,
    r"hw:pci_numa_affinity_policy": "required|preferred|legacy|socket",
    r"hw:(max_)?cpu_(sockets|cores|threads)": _POSITIVE,
    r"hw:serial_port_count": _WHOLE,
    r"hw:tpm_model": "tpm-tis|tpm-crb",
    r"hw:tpm_version": r"1\.2|2\.0",
    r"hw:watchdog_action": "none|pause|poweroff|reset|disabled",
    r"os:secure_boot": "required|optional|disabled",
    r"trait:[A-Z0-9_]+": "required|forbidden",
    r"group_policy": "isolate|none",
    r"quota:cpu_(shares|period|quota)": _WHOLE,
    r"quota:disk_(read|write|total)_(bytes|iops)_sec": _WHOLE,
    r"quota:vif_(inbound|outbound)_(average|peak|burst)": _WHOLE,
}
_RULES = [(re.compile(key), re.compile(value)) for key, value in KNOWN.items()]


def wrong_spec(specs: Mapping[str, str]) -> str:
    """The first key whose value it cannot have; "": none."""
    for key, value in specs.items():
        for known, allowed in _RULES:
            if known.fullmatch(key) and not allowed.fullmatch(value):
                return key
    return ""
