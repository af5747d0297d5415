"""``?versions``: the container's own listing and that of its versions as one.  Pure.

Both pages begin at the same place; merged by name and cut to the page's length
they are the first entries of the whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from objectstore.kernel.errors import Rejected
from objectstore.kernel.option_types import TRUE_WORDS
from objectstore.kernel.timestamps import to_text
from objectstore.middleware.versions.link import is_marker
from objectstore.middleware.versions.names import (
    NULL,
    RESERVED,
    parse_version_id,
    split_version,
    version_name,
    versions_prefix,
)

Entry = dict[str, Any]

# They would cut through the parts of a version's name.
_NOT_A_DELIMITER = frozenset("0123456789." + RESERVED)
# Behind every version of a name.
_LAST = ":"


def hidden_query(query: Mapping[str, str]) -> dict[str, str]:
    """The query for the hidden container's page.  Rejected 400."""
    made = {name: query[name] for name in ("limit", "delimiter") if name in query}
    is_reverse = query.get("reverse", "").lower() in TRUE_WORDS
    if is_reverse:
        made["reverse"] = "true"
    if _NOT_A_DELIMITER.intersection(made.get("delimiter", "")):
        raise Rejected(400, "invalid delimiter param")
    made["format"] = "json"
    made["prefix"] = RESERVED + query.get("prefix", "")
    marker, version_marker = query.get("marker", ""), query.get("version_marker", "")
    if version_marker and not marker:
        raise Rejected(400, "version_marker param requires marker")
    if marker:
        made["marker"] = _hidden_marker(marker, version_marker, made)
    end = query.get("end_marker", "")
    if end:
        # None of the end's own versions, from whichever side one comes to them.
        made["end_marker"] = (
            versions_prefix(end) + _LAST if is_reverse else RESERVED + end
        )
    return made


def _hidden_marker(marker: str, version_marker: str, made: Mapping[str, str]) -> str:
    delimiter = made.get("delimiter", "")
    if delimiter and marker.endswith(delimiter):
        return RESERVED + marker
    if version_marker and version_marker != NULL:
        try:
            return version_name(marker, parse_version_id(version_marker))
        except Rejected:
            raise Rejected(400, "invalid version_marker param") from None
    from_first = bool(version_marker) or "reverse" in made
    return versions_prefix(marker) + ("" if from_first else _LAST)


def merge_versions(
    shown: Iterable[Entry],
    hidden: Iterable[Entry],
    current: Mapping[str, str],
    continued: str,
    limit: int,
    newest: Mapping[str, str],
    *,
    reverse: bool,
    names_null: bool,
) -> list[Entry]:
    """One page of all versions.

    ``current`` adds links that ``shown`` does not have: name to version id.
    ``continued`` is the name in whose middle the page begins; ``newest`` has the newest
    version of that in whose middle one that is turned round may end.  ``names_null``:
    what was there before versioning is called ``null`` for good, as S3 has it.
    """
    latest = dict(current)
    entries: list[Entry] = []
    shown, directories = _apart(shown)
    for entry in shown:
        if entry.pop("version_symlink", False):
            latest[entry["name"]] = entry["version_id"]
        else:
            latest[entry["name"]] = NULL
            entries.append({**entry, "version_id": NULL, "is_latest": True})
    hidden, hidden_directories = _apart(hidden)
    for entry in hidden:
        found = split_version(entry["name"])
        if found is not None:
            name, timestamp = found
            version_id = to_text(timestamp)
            entry["name"] = name
            if name not in latest and name != continued and not reverse:
                # The newest without a link: a deletion, or an upload broken off.
                latest[name] = version_id if is_marker(entry["content_type"]) else ""
            entry["is_latest"] = latest.get(name) == version_id
            was_null = entry.pop("version_null", "") != ""
            entry["version_id"] = NULL if was_null and names_null else version_id
            entries.append(entry)
    if reverse:
        _mark_last(entries, latest, newest)
    directories |= {name.lstrip(RESERVED) for name in hidden_directories}
    entries.extend({"subdir": name} for name in directories)
    entries.sort(key=_place_of, reverse=reverse)
    return entries[:limit]


def _apart(page: Iterable[Entry]) -> tuple[list[Entry], set[str]]:
    """A page's objects, and its directories."""
    objects: list[Entry] = []
    directories: set[str] = set()
    for entry in page:
        if "name" in entry:
            objects.append(entry)
        else:
            directories.add(entry["subdir"])
    return objects, directories


def _mark_last(
    entries: list[Entry], latest: Mapping[str, str], newest: Mapping[str, str]
) -> None:
    """Of a name without a link the newest comes last in a listing that is turned round,
    if the page has it: a deletion, which is what is latest."""
    last = {entry["name"]: entry for entry in entries if entry["name"] not in latest}
    for name, entry in last.items():
        is_newest = entry["version_id"] == newest.get(name, entry["version_id"])
        entry["is_latest"] = is_newest and is_marker(entry["content_type"])


def _place_of(entry: Entry) -> str:
    place: str = entry["name"] if "name" in entry else entry["subdir"]
    return place
