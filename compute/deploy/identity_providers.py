"""The operator's file of identity providers, as control hosts get it.

On the deploying machine it is written as identity reads it
(``compute.identity.federation.operator_file``), with secrets in files of their own:
beside it, where their paths are relative.  On hosts these have other names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from compute.deploy.remote.places import SETTINGS
from compute.deploy.settings_files import render
from compute.identity.federation.operator_file import read_providers
from objectstore.kernel.settings import BadSettings, Mistake, read_file

SECRET_OPTION = "client_secret_file"
# Providers' secrets have some tens of characters; a path that was mistyped leads to
# something else.
SECRET_BYTES_MAX = 4096


@dataclass(frozen=True, slots=True)
class HandedOut:
    """What each control host gets."""

    text: str
    # By path on hosts.
    secrets: Mapping[str, str] = field(repr=False)

    def hidden(self) -> tuple[str, ...]:
        """What must not be shown."""
        return tuple(self.secrets.values())


def handed_out(file: Path | None) -> HandedOut | None:
    """None: the inventory names none.  ``BadSettings`` with all mistakes."""
    if file is None:
        return None
    read_providers(file, must_exist=True)
    sections = read_file(file)
    # Merged into each already.
    sections.pop("DEFAULT")
    secrets: dict[str, str] = {}
    mistakes: list[Mistake] = []
    for name, options in sections.items():
        if not options.get(SECRET_OPTION):
            continue
        try:
            secret = _secret(file.parent / options[SECRET_OPTION])
        except ValueError as error:
            mistakes.append(Mistake(str(file), name, SECRET_OPTION, str(error)))
            continue
        options[SECRET_OPTION] = f"{SETTINGS}/federation-{name}.secret"
        secrets[options[SECRET_OPTION]] = secret
    if mistakes:
        raise BadSettings(mistakes)
    return HandedOut(render(sections), secrets)


def _secret(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(SECRET_BYTES_MAX + 1)
        text = content.decode("utf-8").strip()
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"{path} is no text") from None
    if not text or len(content) > SECRET_BYTES_MAX:
        problem = "is too long for a secret" if text else "is empty"
        raise ValueError(f"{path} {problem}")
    return text
