"""Launch templates as their project has them: each verb is one transaction."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from compute.core.identifiers import Identifiers
from compute.core.sql.database import Connection, Database, Duplicate
from compute.ec2 import ids
from compute.ec2.frame.errors import Ec2Error
from compute.ec2.frame.signed import Signer
from compute.ec2.rights import READERS, WRITERS, allow
from compute.ec2.templates import store
from compute.ec2.templates.data import laid_over
from compute.ec2.templates.model import (
    DEFAULT,
    LATEST,
    TEMPLATES_MAX,
    VERSIONS_MAX,
    Data,
    Template,
    Version,
)
from objectstore.kernel.clock import Clock

T = TypeVar("T")
_NAME = re.compile(r"[a-zA-Z0-9().\-/_]{3,128}\Z")
_NUMBER = re.compile(r"[1-9][0-9]{0,8}\Z")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which template is meant: by its id, or by its name."""

    id: str = ""
    name: str = ""


class Templates:
    """Of all projects; everybody is given those of his own."""

    def __init__(
        self, database: Database, clock: Clock, identifiers: Identifiers
    ) -> None:
        self._database = database
        self._clock = clock
        self._identifiers = identifiers

    # ---- looking -----------------------------------------------------------------

    def all(self, signer: Signer) -> list[Template]:
        """The project's."""
        return self._read(signer, lambda each: store.templates_of(each, _of(signer)))

    def named(self, signer: Signer, wanted: Wanted) -> Template:
        """One of them.  ``Ec2Error``."""
        return self._read(signer, lambda each: _find(each, signer, wanted))

    def versions(
        self, signer: Signer, template: Template, wanted: Sequence[str] | None = None
    ) -> list[Version]:
        """The versions of a template, the newest first: all, or those wanted, which
        must be there.  ``Ec2Error``."""

        def look(connection: Connection) -> list[Version]:
            now = _find(connection, signer, Wanted(id=_id(template)))
            numbers = None
            if wanted is not None:
                there = store.numbers_of(connection, now.id)
                numbers = [number_of(now, each, there) for each in wanted]
            return store.versions_of(connection, now.id, numbers)

        return self._read(signer, look)

    # ---- changing ----------------------------------------------------------------

    def create(
        self,
        signer: Signer,
        name: str,
        description: str,
        data: Data,
        tags: Mapping[str, str],
        token: str,
    ) -> Template:
        """A new one with its first version, or what the same order made before."""
        if not _NAME.match(name):
            text = (
                "A launch template name must be between 3 and 128 characters, and may"
                " contain letters, numbers, and the following characters: - ( ) . / _"
            )
            raise Ec2Error("InvalidLaunchTemplateName.MalformedException", text)
        now, by = self._clock.time(), signer.arn
        made = Template(
            id=self._identifiers.uuid(),
            project_id=_of(signer),
            name=name,
            default_version=1,
            latest_version=1,
            last_number=1,
            tags=dict(tags),
            client_token=token,
            created_by=by,
            created_at=now,
        )
        first = Version(made.id, 1, description, data, token, by, now)

        def write(connection: Connection) -> Template:
            there = store.templates_of(connection, _of(signer))
            for each in there:
                if token and each.client_token == token:
                    return _same_order(each, name)
                if each.name == name:
                    raise _taken(name)
            if len(there) >= TEMPLATES_MAX:
                text = f"A project may have {TEMPLATES_MAX} launch templates"
                raise Ec2Error("LaunchTemplateLimitExceeded", text)
            store.insert_template(connection, made)
            store.insert_version(connection, first)
            return made

        try:
            return self._write(signer, write)
        except Duplicate:
            raise _taken(name) from None

    def add_version(
        self,
        signer: Signer,
        wanted: Wanted,
        source: str,
        description: str,
        data: Data,
        token: str,
    ) -> tuple[Template, Version]:
        """One more version, laid over a ``source`` if there is one."""
        at, by = self._clock.time(), signer.arn

        def write(connection: Connection) -> tuple[Template, Version]:
            template = _find(connection, signer, wanted)
            if before := store.ordered_with(connection, template.id, token):
                return template, store.versions_of(connection, template.id, [before])[0]
            there = store.numbers_of(connection, template.id)
            if len(there) >= VERSIONS_MAX:
                text = f"A launch template may have {VERSIONS_MAX} versions"
                raise Ec2Error("VersionLimitExceeded", text)
            said = data
            if source:
                origin = number_of(template, source, there)
                base = store.versions_of(connection, template.id, [origin])[0]
                said = laid_over(base.data, data)
            number = template.last_number + 1
            made = Version(template.id, number, description, said, token, by, at)
            store.insert_version(connection, made)
            counts = {"latest_version": number, "last_number": number}
            store.change_template(connection, template.id, **counts)
            return replace(template, latest_version=number, last_number=number), made

        return self._write(signer, write)

    def set_default(self, signer: Signer, wanted: Wanted, version: str) -> Template:
        """Another default version."""

        def write(connection: Connection) -> Template:
            template = _find(connection, signer, wanted)
            there = store.numbers_of(connection, template.id)
            number = number_of(template, version, there)
            store.change_template(connection, template.id, default_version=number)
            return replace(template, default_version=number)

        return self._write(signer, write)

    def delete(self, signer: Signer, wanted: Wanted) -> Template:
        """It and all its versions."""

        def write(connection: Connection) -> Template:
            template = _find(connection, signer, wanted)
            store.delete_template(connection, template.id)
            return template

        return self._write(signer, write)

    def delete_versions(
        self, signer: Signer, wanted: Wanted, numbers: Iterable[str]
    ) -> tuple[Template, dict[str, Ec2Error | None]]:
        """Those that may go: not the default one.  What came of each."""

        def write(
            connection: Connection,
        ) -> tuple[Template, dict[str, Ec2Error | None]]:
            template = _find(connection, signer, wanted)
            there = set(store.numbers_of(connection, template.id))
            came: dict[str, Ec2Error | None] = {}
            for each in dict.fromkeys(numbers):
                came[each] = _why_kept(template, each, there)
                if came[each] is None:
                    store.delete_version(connection, template.id, int(each))
                    there.remove(int(each))
            latest = max(there)
            store.change_template(connection, template.id, latest_version=latest)
            return template, came

        return self._write(signer, write)

    def tag(
        self,
        signer: Signer,
        template_id: str,
        change: Callable[[dict[str, str]], dict[str, str]],
    ) -> None:
        """Give the template with that uuid other tags than it has."""

        def write(connection: Connection) -> None:
            for each in store.templates_of(connection, _of(signer)):
                if each.id == template_id:
                    tags = change(dict(each.tags))
                    store.change_template(connection, each.id, tags=tags)

        self._write(signer, write)

    def _read(self, signer: Signer, look: Callable[[Connection], T]) -> T:
        allow(signer, READERS)
        return self._database.read(look)

    def _write(self, signer: Signer, write: Callable[[Connection], T]) -> T:
        allow(signer, WRITERS)
        return self._database.run(write)


def _of(signer: Signer) -> str:
    return signer.project_id


def _id(template: Template) -> str:
    return ids.ec2_id(ids.LAUNCH_TEMPLATE, template.id)


def _find(connection: Connection, signer: Signer, wanted: Wanted) -> Template:
    there = store.templates_of(connection, _of(signer))
    if wanted.id:
        by_id = {_id(each): each for each in there}
        return ids.named(by_id, ids.LAUNCH_TEMPLATE, [wanted.id])[0]
    for each in there:
        if each.name == wanted.name:
            return each
    text = f"The specified launch template, with template name {wanted.name}, does not"
    raise Ec2Error("InvalidLaunchTemplateName.NotFoundException", f"{text} exist.")


def number_of(template: Template, version: str, there: Iterable[int]) -> int:
    """The number of a version that may be named by a word.  ``Ec2Error``."""
    number = 0
    if version == DEFAULT:
        number = template.default_version
    elif version == LATEST:
        number = template.latest_version
    elif _NUMBER.match(version):
        number = int(version)
    else:
        text = f"Invalid launch template version: {version}"
        raise Ec2Error("InvalidLaunchTemplateId.VersionMalformed", text)
    if number not in set(there):
        raise _no_version(template, version)
    return number


def _no_version(template: Template, version: str) -> Ec2Error:
    text = f"Could not find the specified version {version} for the launch template"
    code = "InvalidLaunchTemplateId.VersionNotFound"
    return Ec2Error(code, f"{text} with ID {_id(template)}.")


def _why_kept(template: Template, version: str, there: set[int]) -> Ec2Error | None:
    if not _NUMBER.match(version) or int(version) not in there:
        text = f"Version {version} does not exist"
        return Ec2Error("launchTemplateVersionDoesNotExist", text)
    if int(version) == template.default_version:
        text = "The default version of a launch template cannot be deleted"
        return Ec2Error("unexpectedError", text)
    return None


def _same_order(template: Template, name: str) -> Template:
    if template.name != name:
        text = "The client token was used for a launch template with another name"
        raise Ec2Error("IdempotentParameterMismatch", text)
    return template


def _taken(name: str) -> Ec2Error:
    code = "InvalidLaunchTemplateName.AlreadyExistsException"
    return Ec2Error(code, f"Launch template name {name} already in use.")
