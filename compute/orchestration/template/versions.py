"""The versions of Heat's templates, and what each of them knows.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from compute.orchestration.errors import Invalid

KEY = "heat_template_version"
# A section that only translated templates have.
MAPPINGS = "mappings"
# CloudFormation's, and what Heat called its own of that kind; each has one version.
FOREIGN: Mapping[str, str] = {
    "AWSTemplateFormatVersion": "2010-09-09",
    "HeatTemplateFormatVersion": "2012-12-12",
}

_2013 = (
    "get_attr",
    "get_file",
    "get_param",
    "get_resource",
    "list_join",
    "resource_facade",
    "str_replace",
)
_2015_04 = (*_2013, "digest", "repeat")
_2015_10 = (*_2015_04, "str_split")
_2016_04 = (*_2015_10, "map_merge")
_2016_10 = (*_2016_04, "if", "map_replace", "yaql")
_2017_02 = (*_2016_10, "filter", "str_replace_strict")
_2017_09 = (
    *_2017_02,
    "contains",
    "list_concat",
    "list_concat_unique",
    "make_url",
    "str_replace_vstrict",
)
_TESTS_2016 = ("and", "equals", "get_param", "not", "or")
_TESTS_2017 = (*_TESTS_2016, "contains", "yaql")


@dataclass(frozen=True, slots=True)
class Version:
    """One version.  ``functions``: of values; ``tests``: of conditions (none: it has
    no conditions).  ``joins_many``: ``list_join`` takes several lists; ``if_without_
    else``: ``if`` may have no second value."""

    name: str
    functions: frozenset[str]
    tests: frozenset[str] = frozenset()
    joins_many: bool = True
    if_without_else: bool = False
    aliases: tuple[str, ...] = ()


def _version(
    name: str, functions: tuple[str, ...], tests: tuple[str, ...] = (), alias: str = ""
) -> Version:
    return Version(
        name,
        frozenset(functions),
        frozenset(tests),
        joins_many=name >= "2015-10-15",
        if_without_else=name >= "2021-04-16",
        aliases=(alias,) if alias else (),
    )


ALL: tuple[Version, ...] = (
    _version("2013-05-23", _2013),
    _version("2014-10-16", _2013),
    _version("2015-04-30", _2015_04),
    _version("2015-10-15", _2015_10),
    _version("2016-04-08", _2016_04),
    _version("2016-10-14", _2016_10, _TESTS_2016, "newton"),
    _version("2017-02-24", _2017_02, _TESTS_2016, "ocata"),
    _version("2017-09-01", _2017_09, _TESTS_2017, "pike"),
    _version("2018-03-02", _2017_09, _TESTS_2017, "queens"),
    _version("2018-08-31", _2017_09, _TESTS_2017, "rocky"),
    _version("2021-04-16", _2017_09, _TESTS_2017, "wallaby"),
)
# What CloudFormation's templates are translated to.
CLOUDFORMATION = Version(
    "cloudformation",
    frozenset(
        {
            "Fn::FindInMap",
            "Fn::Select",
            "get_attr",
            "get_param",
            "get_resource",
            "if",
            "list_join",
            "resource_facade",
            "str_replace",
            "str_split",
        }
    ),
    frozenset({"Fn::FindInMap", "Fn::Select", *_TESTS_2016}),
)
_BY_NAME: Mapping[str, Version] = {
    CLOUDFORMATION.name: CLOUDFORMATION,
    **{name: version for version in ALL for name in (version.name, *version.aliases)},
}


def is_foreign(document: Mapping[str, object]) -> bool:
    """Whether it is written in CloudFormation's language; ``Invalid`` for a version of
    that which nobody knows."""
    for key, version in FOREIGN.items():
        if key in document:
            if str(document[key]) != version:
                raise Invalid(
                    f'The template version is invalid: "{key}: {document[key]}".'
                    f' "{key}" should be {version}'
                )
            return True
    return False


def version_of(document: Mapping[str, object]) -> Version:
    """The version that the document names; ``Invalid``."""
    name = document.get(KEY)
    if name is None:
        raise Invalid("Template format version not found.")
    version = _BY_NAME.get(str(name))
    if version is None:
        known = ", ".join(sorted(_BY_NAME.keys() - {CLOUDFORMATION.name}))
        raise Invalid(
            f'The template version is invalid: "{KEY}: {name}".'
            f' "{KEY}" should be one of: {known}'
        )
    return version
