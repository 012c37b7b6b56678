"""What a system lacks, in a project without Nix: libraries that come built, packages of conda, names of the systems."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from devkeel.catalogue.provided import devenv_way, providers
from devkeel.remedies.fix import Fix
from devkeel.remedies.manifests import canonical, python_manifest, python_names
from devkeel.remedies.series import numbers
from devkeel.remedies.tables import table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.diagnosis.cause import Cause
    from devkeel.remedies.situation import Situation

__all__ = ["propose"]

_SYSTEMS = ("Debian", "Fedora", "Homebrew", "Alpine")
_INDEXED = {"soname": "library", "compiler": "program"}
# What is being built, in the words of pip, uv, Poetry and pdm.
_BUILT = re.compile(
    r"(?:Failed building wheel for|Failed to build|Building wheel for|Unable to build|Failed to download and build|"
    r"building wheels? for|ChefBuildError.{0,40}) [`'\"]?(?P<name>[A-Za-z0-9][\w.-]{1,60}?)(?:[=<>~ (`'\"\[,;:@]|$)",
    re.MULTILINE,
)
# What imports the library that the loader does not find.
_IMPORTED = re.compile(r"site-packages/(?P<name>[A-Za-z0-9_]{1,60})[/.]")
_CHAINED = re.compile(r"`([A-Za-z0-9][\w.-]{0,60})`")
_COMPILERS = {
    "C": "gcc",
    "CXX": "gcc",
    "c": "gcc",
    "cc": "gcc",
    "gcc": "gcc",
    "g++": "gcc",
    "c++": "gcc",
    "Fortran": "gfortran",
}
# What conda calls the compilers of a language.
_OF_CONDA = {"g++": "cxx-compiler", "c++": "cxx-compiler", "CXX": "cxx-compiler"}
_IMPORTS = {"cv2": "opencv-python", "psycopg2": "psycopg2", "magic": "python-magic"}
_LOADED = {"libGL.so.1": "opencv-python", "libgthread-2.0.so.0": "opencv-python"}


def propose(situation: Situation, cause: Cause) -> Iterator[Fix]:
    """Yield a library that comes built, else a package of conda, else what the systems call it."""
    if situation.has_nix:
        return
    distribution = table("programs-of-pypi").get(cause.subject) if cause.kind == "program" else None
    if distribution is not None and python_names(situation) and distribution[0] not in python_names(situation):
        edit = {"kind": "add_library", "language": "python", "names": [distribution[0]]}
        yield Fix(f"Adds {distribution[0]}, which PyPI has built.", (edit,))
    yield from _built(situation, cause)
    yield from _newer(situation, cause)
    if cause.kind == "unbuilt":
        return
    attribute = _attribute(cause)
    if attribute is None:
        return
    manifest = python_manifest(situation)
    if situation.backend == "conda" and manifest is not None and manifest.startswith("environment."):
        yield from _of_conda(situation, cause, attribute)
        return
    names = next(filter(None, (table("system-names").get(item) for item in _alike(cause, attribute))), None)
    if names is not None:
        told = ", ".join(f"{name} ({system})" for name, system in zip(names, _SYSTEMS, strict=False) if name != "-")
        yield Fix(
            f"{cause.subject} is of the system, which nothing in this project declares: {told}.",
            uncertain="Which system this is to run on; a devenv.nix would bring it everywhere.",
        )


def _built(situation: Situation, cause: Cause) -> Iterator[Fix]:
    """Distributions with the same modules that need nothing of the system."""
    names = python_names(situation)
    if not names:
        return
    rows = table("binary-distributions")
    wanted = {canonical(match["name"]) for match in _BUILT.finditer(situation.text[-200_000:])}
    loaded = {canonical(match["name"]) for match in _IMPORTED.finditer(situation.text[-200_000:])}
    wanted |= {_IMPORTS[name] for name in loaded if name in _IMPORTS}
    if cause.subject in _LOADED:
        wanted.add(_LOADED[cause.subject])
    if cause.subject in ("pg_config", "libpq-fe.h", "pq"):
        wanted.add("psycopg2")
    for name in sorted(wanted & names):
        if name in rows and canonical(rows[name][0]) not in names:
            yield _exchanged(situation, name, rows[name][0])


def _alike(cause: Cause, attribute: str) -> Iterator[str]:
    """Yield the packages by which a table may know what is missing, the likeliest first."""
    yield attribute
    yield attribute.partition(".")[0]
    for item in providers(_INDEXED.get(cause.kind, cause.kind), cause.subject):
        yield item.attribute.partition(".")[0]


def _newer(situation: Situation, cause: Cause) -> Iterator[Fix]:
    """Yield a range in place of the pin of a version that has to be built, where newer ones come built."""
    wanted = {canonical(match["name"]) for match in _BUILT.finditer(situation.text[-200_000:])}
    wanted |= {canonical(cause.subject)} if cause.kind == "unbuilt" else set()
    # Of a chain the project names the first: with a newer one of it comes a newer one of what it depends on.
    chain = {canonical(name) for name in _CHAINED.findall(cause.facts.get("chain", ""))}
    manifest = python_manifest(situation)
    if manifest is None or not (wanted or chain) or manifest.startswith("environment."):
        return
    text = (situation.read(manifest) or b"").decode("utf-8", "replace")
    for name in sorted((wanted & table("wheels").keys() | chain) & python_names(situation)):
        plain = re.escape(name).replace("\\-", "[-_.]")
        found = re.search(rf"(?i)(?<![\w.-]){plain}\s*==\s*(?P<version>\d[\w.]*)", text)
        if found is not None:
            least = max(found["version"], table("wheels").get(name, ("0",))[0], key=numbers)
            edit = {"kind": "add_library", "language": "python", "names": [f"{name}>={least}"]}
            yield Fix(
                f"Lets {name} be a newer version: {found['version']} is built from source here, newer ones come built.",
                (edit,),
                uncertain="Whether the project works with a newer version.",
            )


def _exchanged(situation: Situation, old: str, new: str) -> Fix:
    pin = _pin(situation, old)
    edits: tuple[dict[str, Any], ...] = (
        {"kind": "remove_library", "language": "python", "names": [old]},
        {"kind": "add_library", "language": "python", "names": [f"{new}{pin}"]},
    )
    return Fix(f"Takes {new}, which comes built, in place of {old}, which is built from source.", edits)


def _pin(situation: Situation, name: str) -> str:
    """Return the version that a requirements file pins: where both have the same numbers it is kept."""
    if name != "psycopg2":
        return ""
    text = (situation.read("requirements.txt") or b"").decode("utf-8", "replace")
    found = re.search(rf"^{name}\s*(==\s*[\d.]+)", text, re.MULTILINE)
    return found[1].replace(" ", "") if found else ""


def _attribute(cause: Cause) -> str | None:
    """Return the package of nixpkgs that has it, which is what the tables go by."""
    if cause.kind == "compiler" or cause.subject in _COMPILERS:
        return _COMPILERS.get(cause.subject)
    kind = _INDEXED.get(cause.kind, cause.kind)
    way = devenv_way(kind, cause.subject)
    if way is not None:
        return _OF_WAYS.get(way)
    return next((item.attribute for item in providers(kind, cause.subject)), None)


_OF_WAYS = {
    "languages.java.enable": "jdk",
    "languages.javascript.enable": "nodejs",
    "languages.rust.enable": "cargo",
    "languages.go.enable": "go",
    "languages.ruby.enable": "ruby",
    "languages.python.enable": "python3",
    "languages.java.maven.enable": "maven",
    "languages.fortran.enable": "gfortran",
}


def _is_listed(situation: Situation, name: str) -> bool:
    """Return whether conda itself is to install something, and not pip below it."""
    text = (situation.read(python_manifest(situation) or "") or b"").decode("utf-8", "replace").partition("pip:")[0]
    return re.search(rf"(?im)^\s*-\s*(?:[\w-]+::)?{re.escape(name)}\b(?!-)", text) is not None


def _of_conda(situation: Situation, cause: Cause, attribute: str) -> Iterator[Fix]:
    plain = attribute.partition(".")[0]
    name = _OF_CONDA.get(cause.subject) or table("conda-names").get(plain, (plain.lower().replace("_", "-"),))[0]
    known = {*table("conda-names"), *table("system-names")}
    if plain not in known or _is_listed(situation, name):
        return
    if canonical(name) in python_names(situation):
        # pip is to build it, in an environment in which conda has it built.
        removed = {"kind": "remove_library", "language": "python", "names": [name]}
        added = {"kind": "add_library", "language": "python", "names": [name]}
        yield Fix(f"Takes {name} of conda, which comes built, in place of the one that pip builds.", (removed, added))
        return
    edit = {"kind": "add_library", "language": "python", "names": [name]}
    yield Fix(f"Adds {name}, which has {cause.subject}, to the environment of conda.", (edit,))
