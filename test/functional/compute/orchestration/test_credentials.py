"""Stacks by application credentials, which have no password to ask for."""

from __future__ import annotations

from pathlib import Path

from test.functional.compute.house import RunningCloud

TEMPLATE = """
heat_template_version: 2018-08-31
resources:
  word: {type: OS::Heat::RandomString, properties: {length: 4}}
"""


def _credential(cloud: RunningCloud, name: str, *options: str) -> dict[str, str]:
    made = cloud.openstack(
        "application", "credential", "create", "--role", "member", *options, name
    )
    return {
        "OS_AUTH_URL": cloud.environment()["OS_AUTH_URL"],
        "OS_AUTH_TYPE": "v3applicationcredential",
        "OS_APPLICATION_CREDENTIAL_ID": made["ID"],
        "OS_APPLICATION_CREDENTIAL_SECRET": made["Secret"],
        "OS_IDENTITY_API_VERSION": "3",
    }


def test_an_unrestricted_one_makes_stacks_and_others_do_not(
    cloud: RunningCloud, tmp_path: Path
) -> None:
    (tmp_path / "word.yaml").write_text(TEMPLATE)
    create = (
        "stack",
        "create",
        "--wait",
        "--poll",
        "1",
        "-t",
        str(tmp_path / "word.yaml"),
        "lent",
    )
    restricted = _credential(cloud, "restricted")
    refused = cloud.run_openstack(*create, as_user=restricted, expected=1)
    assert "unrestricted" in refused.errors
    unrestricted = _credential(cloud, "unrestricted", "--unrestricted")
    cloud.openstack(*create, as_user=unrestricted, expected=None)
    # What is under way, and what is there, does not need the credential any more.
    cloud.openstack("application", "credential", "delete", "unrestricted")
    heat = cloud.sdk().orchestration
    stack = heat.find_stack("lent")
    assert stack.status == "CREATE_COMPLETE"
    heat.check_stack(stack)
    heat.wait_for_status(stack, "CHECK_COMPLETE", ["CHECK_FAILED"], 0.3, 60)
    heat.delete_stack(stack)
