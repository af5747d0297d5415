"""``compute deleted-projects``: list, and have deleted, what they left in the rooms."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import click
import orjson

from compute.app.callers import room_callers
from compute.app.deleted_projects.remains import (
    OBJECT_STORE,
    DeletedProjects,
    Remains,
)
from compute.cli.settings_file import SETTINGS_FILE, read_settings
from objectstore.cli.mistakes import CannotSay
from objectstore.cli.show import console, print_table
from objectstore.kernel.errors import RingstackError

# Servers and volumes take a while to go, and what they use can go only after them: so
# long is waited for the next one to be gone.
PATIENCE_SECONDS = 30.0
PAUSE_SECONDS = 1.0
# Of projects named at once.
PROJECTS_MAX = 1000
Problems = dict[Remains, str]


@click.command("deleted-projects")
@SETTINGS_FILE
@click.option("--project", "projects", multiple=True, help="Only this one (its id).")
@click.option("--purge", is_flag=True, help="Delete what is found, for good.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def deleted_projects(
    settings_file: Path, projects: tuple[str, ...], purge: bool, as_json: bool
) -> None:
    """List what projects that identity does not know any more have left in the rooms.

    SETTINGS_FILE is that of a running cloud.  An account of the object store is found
    when its project has left something in another room too, or is named.  Exit status:
    0 when there is nothing, or all of it was deleted; 1 when something is left; 2 when
    that could not be found out.
    """
    if len(projects) > PROJECTS_MAX:
        raise CannotSay(f"at most {PROJECTS_MAX} projects at once")
    try:
        found, problems = _with_cloud(settings_file, projects, purge)
    except RingstackError as error:
        raise CannotSay(str(error)) from None
    if as_json:
        values = [{**asdict(each), "problem": problems.get(each, "")} for each in found]
        click.echo(orjson.dumps(values))
    else:
        _show(found, problems, purged=purge)
    sys.exit(1 if (problems if purge else found) else 0)


def _with_cloud(
    settings_file: Path, projects: tuple[str, ...], purge: bool
) -> tuple[list[Remains], Problems]:
    from compute.app.beginnings import SERVICE_PASSWORD
    from compute.app.secret_files import read_secret
    from compute.identity.client import (
        IdentityTokens,
        ServiceCredentials,
        ServiceTokens,
    )
    from objectstore.client.over_http import HttpCaller
    from objectstore.kernel.client import ClientPool
    from objectstore.kernel.clock import SystemClock

    settings, clock = read_settings(settings_file), SystemClock()
    pool = ClientPool(settings.client, clock)
    try:
        callers = room_callers(settings, {}, pool)
        callers[OBJECT_STORE] = HttpCaller(settings.cloud.object_store_url, pool)
        password = read_secret(settings.secret_file(SERVICE_PASSWORD))
        tokens = ServiceTokens(callers["identity"], ServiceCredentials(password), clock)
        checker = IdentityTokens(callers["identity"], clock)
        own = checker.check(tokens.token(), "deleted-projects").project_id

        def look() -> DeletedProjects:
            # Each looks anew whether a project is gone.
            return DeletedProjects(callers, tokens, own)

        found = look().remains(projects)
        return found, _purge(look, projects, found) if purge else {}
    finally:
        pool.close()


def _purge(
    look: Callable[[], DeletedProjects],
    projects: tuple[str, ...],
    found: list[Remains],
) -> Problems:
    """Delete until nothing is left, or no more goes; why, for what is left."""
    owners = tuple(dict.fromkeys([*projects, *(each.project_id for each in found)]))
    left, fewest, until = found, len(found) + 1, 0.0
    problems: Problems = {}
    while left:
        if len(left) < fewest:
            fewest, until = len(left), time.monotonic() + PATIENCE_SECONDS
        if time.monotonic() > until:
            return {each: problems.get(each) or "is still there" for each in left}
        deleting = look()
        problems = {each: deleting.purge(each) for each in left}
        time.sleep(PAUSE_SECONDS)
        left = look().remains(owners)
    return {}


def _show(found: list[Remains], problems: Problems, *, purged: bool) -> None:
    if not found:
        console.print("deleted projects have left nothing")
        return
    rows = [
        (
            each.room,
            each.kind,
            each.id,
            each.project_id,
            problems.get(each, "deleted") if purged else "",
        )
        for each in found
    ]
    print_table(
        "", ("room", "what", "id", "project", "outcome" if purged else ""), rows
    )
    if not purged:
        console.print("compute deleted-projects --purge deletes them, for good")
