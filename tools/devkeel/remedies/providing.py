"""Who provides what a cause is about, among what the project has and what nixpkgs has."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from devkeel.catalogue.provided import Provider, devenv_way, providers
from devkeel.catalogue.provided.ranking import decisions, relation
from devkeel.remedies.tables import table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from devkeel.diagnosis.cause import Cause
    from devkeel.remedies.situation import Situation

__all__ = ["in_use", "option_of", "provided", "says_enough", "spellings"]

# What a name may be beside what its cause says: a build asks for one thing by the name of another. Only what has the
# very name counts there.
_INSTEAD = {"pkg_config": ("cmake", "library"), "cmake": ("pkg_config", "library"), "library": ("pkg_config", "cmake")}
_ANY = ("program", "library", "pkg_config", "cmake")
# What an option brings beside what the tables of ways say: npm is no part of devenv's own Node (nodejs-slim).
_OPTIONS = {
    **dict.fromkeys((("program", "npm"), ("program", "npx")), "languages.javascript.npm.enable"),
    **dict.fromkeys((("program", "pip"), ("program", "pip3")), "languages.python.venv.enable"),
    ("program", "corepack"): "languages.javascript.corepack.enable",
}
# The packages that services add to the shell themselves (devenv, src/modules/services).
_OF_SERVICES = {
    "services.postgres": ("postgresql",),
    "services.mysql": ("mariadb", "mariadb.client"),
    "services.redis": ("redis",),
    "services.mongodb": ("mongodb", "mongosh", "mongodb-tools"),
    "services.rabbitmq": ("rabbitmq-server",),
    "services.nginx": ("nginx",),
    "services.caddy": ("caddy",),
    "services.minio": ("minio", "minio-client"),
    "services.memcached": ("memcached",),
    "services.elasticsearch": ("elasticsearch",),
    "services.influxdb": ("influxdb",),
    "services.clickhouse": ("clickhouse",),
    "services.vault": ("vault",),
    "services.nats": ("nats-server",),
}
# Applications and sets that carry copies of what belongs to others.
_BUNDLES = re.compile(
    r"jupyter.*|ihaskell|sage.*|zammad|lasuite-.*|discourse.*|gitlab.*|mastodon|redmine|vcpkg|tt-metal|glamoroustoolkit"
    r"|emscripten|busybox.*|toybox.*|u-root-cmds|root|zluda|trilinos.*|coreboot-toolchain.*|rocmPackages\..*|freecad"
    r"|uutils.*|dawarich|davis|photofield|olvid|zulu.*|polar-bookshelf|react-native-debugger"
)
_NOTHING = 3  # a name and an attribute that have nothing in common
_FEW = 3
_IN_USE = re.compile(r"\bpkgs\.([A-Za-z][\w.'-]*)")
# Other spellings of a name, by who uses them: a version that is a part of it, an import library of a component.
_STEMS = (
    (re.compile(r"^(.+?)-?\d+(?:\.\d+)*$"), r"\1"),
    (re.compile(r"^lib(.+)$"), r"\1"),
)


def in_use(situation: Situation, *, programs: bool = False) -> frozenset[str]:
    """Return the attributes that a project has: packages, what options are set to, and the programs of its services."""
    packages = set(situation.packages)
    for item in situation.declared.definitions:
        if item.source is not None and item.path.endswith("package"):
            packages |= {*_IN_USE.findall(item.source)}
    for service, brought in _OF_SERVICES.items() if programs else ():
        if situation.is_enabled(service) and situation.definition(f"{service}.package") is None:
            packages |= {*brought}
    return frozenset(packages)


def provided(situation: Situation, cause: Cause) -> tuple[Provider, ...]:
    """Return the packages that provide what a cause is about, what is meant most likely first."""
    declared = in_use(situation, programs=cause.kind == "program" and cause.subject != "pg_config")
    if "system" in cause.facts and (attribute := _by_its_name_elsewhere(cause.subject)) is not None:
        return (Provider(attribute, cause.subject, declared=attribute in declared),)
    for kind, name in spellings(cause):
        found = tuple(item for item in providers(kind, name, declared=declared) if _is_of_its_own(item, name))
        preferred = _preferred().get((kind, name))
        if preferred is not None:
            return _with(preferred, name, found, declared)
        if found and (found[0].exact or kind == "header"):
            return found
    return ()


def _by_its_name_elsewhere(name: str) -> str | None:
    """Return the package that Debian calls so, None for one that is not known."""
    return next((attribute for attribute, names in table("system-names").items() if names[0] == name), None)


def _is_of_its_own(item: Provider, name: str) -> bool:
    """What bundles the programs of others is not what they come from."""
    return item.attribute == name or _BUNDLES.fullmatch(item.attribute) is None


def _with(
    preferred: tuple[str, ...], name: str, found: tuple[Provider, ...], declared: frozenset[str]
) -> tuple[Provider, ...]:
    """Return what is preferred before what was found; what the project has of it stays the first."""
    ours = [item for item in found if item.attribute in declared]
    first = [Provider(item, name, declared=item in declared) for item in preferred]
    first.sort(key=lambda item: not item.declared)
    return tuple({item.attribute: item for item in (*ours, *first)}.values())


@cache
def _preferred() -> Mapping[tuple[str, str], tuple[str, ...]]:
    """Return what is decided by hand; nothing provides a name whose packages are none."""
    rows = dict[tuple[str, str], tuple[str, ...]]()
    for line in Path(__file__).with_name("preferred.tsv").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            kind, names, packages = line.split("\t")
            rows |= {(kind, name): tuple(packages.split()) if packages != "-" else () for name in names.split()}
    return rows


def spellings(cause: Cause) -> Iterator[tuple[str, str]]:
    """Yield the kinds and names by which a cause is looked for."""
    kind = "library" if cause.kind == "soname" else cause.kind
    subject = cause.subject
    yield kind, subject
    if cause.kind == "soname":
        yield from ((kind, name) for name in _sonames(subject))
        return
    others = _ANY if "any" in cause.facts else _INSTEAD.get(kind, ())
    kinds = (kind, *(other for other in others if other != kind))
    names = [subject]
    if kind == "program" and "any" not in cause.facts:
        names.append(subject.lower())
    if "any" in cause.facts or kind in ("cmake", "pkg_config"):
        names += [subject.lower(), f"lib{subject.lower()}"]
    if kind in ("pkg_config", "cmake", "library"):
        names += [pattern.sub(instead, subject) for pattern, instead in _STEMS if pattern.match(subject)]
    yield from ((other, name) for name in dict.fromkeys(names) for other in kinds)


def _sonames(name: str) -> Iterator[str]:
    """Yield the files by which a library is loaded that is named without its ending: `cairo-2`, `gobject-2.0-0`."""
    if ".so" in name:
        if not name.startswith("lib"):
            yield f"lib{name}"
        return
    plain = name.removeprefix("lib")
    stem, dash, version = plain.rpartition("-")
    if dash and version.isdecimal():
        yield f"lib{stem}.so.{version}"
    yield from (plain, f"lib{plain}.so")


def option_of(cause: Cause) -> str | None:
    """Return the option of devenv that brings what a cause is about."""
    named = (cause.kind, cause.subject)
    return _OPTIONS.get(named) or devenv_way(*named)


def says_enough(cause: Cause, found: tuple[Provider, ...]) -> bool:
    """Return whether a name says which package is meant: what many have by accident, such as config.h, does not."""
    first = found[0]
    if cause.kind != "header" or first.declared or first.certain or ("/" in cause.subject and first.exact):
        return True
    return ("header", cause.subject) in decisions() or (
        relation(cause.subject, first.attribute) < _NOTHING or _few(found)
    )


def _few(found: tuple[Provider, ...]) -> bool:
    return 0 < len({re.split(r"[\d._-]", item.attribute)[0] for item in found if item.exact}) <= _FEW
