"""A module or a distribution of Python that is not there: the library that brings it, in the project's own manifest."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from devkeel.remedies.distributions import distributions_of, is_development, is_known, is_standard
from devkeel.remedies.fix import Fix
from devkeel.remedies.manifests import (
    DOCUMENTS,
    canonical,
    python_group,
    python_manifest,
    python_names,
    section,
    table_of,
)
from devkeel.remedies.tables import table
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from devkeel.diagnosis.cause import Cause
    from devkeel.remedies.situation import Situation

__all__ = ["propose"]

_FIXES = 2
_CHECKERS = ("mypy.implementation", "pyright.import")
_EXTRAS = re.compile(r"[\w-]+(?:, ?[\w-]+)*")
# Parts of Python that are left out where its build finds no library of the system: what they are of, in nixpkgs.
_PARTS = {
    "tkinter": "tk",
    "_tkinter": "tk",
    "turtle": "tk",
    "_ctypes": "libffi",
    "ctypes": "libffi",
    "_sqlite3": "sqlite",
    "sqlite3": "sqlite",
    "_bz2": "bzip2",
    "bz2": "bzip2",
    "_lzma": "xz",
    "lzma": "xz",
    "_ssl": "openssl",
    "ssl": "openssl",
    "zlib": "zlib",
    "readline": "readline",
    "_curses": "ncurses",
    "curses": "ncurses",
    "_gdbm": "gdbm",
    "_uuid": "util-linux",
}
# Fixtures with names that anybody gives one, and the libraries of a project in which a plugin's is meant.
_COMMON = {
    "db": "django",
    "settings": "django",
    "rf": "django",
    "page": "playwright",
    "fs": "pyfakefs",
    "fp": "pytest-subprocess",
    "snapshot": "syrupy",
    "postgresql": "psycopg",
}
_BUILDS = re.compile(
    r"Getting requirements to build (?:wheel|editable)(?: did not|[^\n]{0,40}error)|Preparing (?:editable )?metadata \("
    r"pyproject\.toml\)(?: did not|[^\n]{0,60}error)|build backend returned an error|python setup\.py "
    r"egg_info did not run|"
    r"Failed to build `|Building wheel for [^\n]{1,80} did not run|get_requires_for_build"
)
_HINT = re.compile(
    r"error likely indicates that `(?P<library>[A-Za-z0-9][\w-]{0,60})@[^`\n]{1,40}` depends on "
    r"`(?P<needs>[A-Za-z0-9][\w.-]{0,60})`"
)
_FRAME = re.compile(r"File \"([^\"\n]{1,300})\"")


def propose(situation: Situation, cause: Cause) -> Iterator[Fix]:
    """Yield the libraries that bring a module; what the project has, or is, already comes first."""
    names = _names(situation, cause)
    if cause.subject.partition(".")[0] == "distutils" and "gyp" in situation.text:
        yield from _of_gyp(situation)
        return
    if _is_of_build(situation, cause):
        yield from _build_dependency(situation)
        yield Fix(
            f"{cause.subject} is missing where a library is built, in an environment of its own: that library does not "
            "name it among what its build needs. Another version of the library may come built."
        )
        return
    if not names:
        yield from _part(situation, cause)
        return
    there = python_names(situation)
    known = next((name for name in names if canonical(name) in there), None)
    if known is not None and "extras" in cause.facts and not _has_extra(situation, names[0]):
        yield Fix(f"Asks for {names[0]}.", ({"kind": "add_library", "language": "python", "names": [names[0]]},))
        return
    if known is not None:
        if cause.facts.get("is") != "requirement":
            yield Fix(f"{known} is in the project's manifest: it is to be installed.", call=do("apply"))
        return
    if _is_anybodys(situation, cause, there):
        yield Fix(
            f"The fixture {cause.facts['fixture']} is in no file that the tests see. The plugin {names[0]} has one of "
            "this name, and nothing says that it is meant: the project's own may lie in another folder's conftest.py."
        )
        return
    for name in names[:_FIXES]:
        yield from _adding(situation, cause, name)


def _build_dependency(situation: Situation) -> Iterator[Fix]:
    """Yield the table by which uv gives a build what it does not name itself, as uv's hint has it."""
    found = _HINT.search(situation.text[-20_000:])
    text = (situation.read("pyproject.toml") or b"").decode("utf-8", "replace")
    if found is None or not text.strip() or "extra-build-dependencies" in text:
        return
    lines = text.splitlines(keepends=True)
    tails = ("".join(lines[-size:]) for size in range(1, len(lines) + 1))
    tail = next(item for item in tails if text.count(item) == 1)
    table_ = f'\n[tool.uv.extra-build-dependencies]\n{found["library"]} = ["{found["needs"]}"]\n'
    new = f"{tail if tail.endswith(chr(10)) else tail + chr(10)}{table_}"
    edit = {"kind": "replace_text", "file": "pyproject.toml", "old": tail, "new": new}
    yield Fix(f"Gives the build of {found['library']} what it does not name: {found['needs']}.", (edit,))


def _of_gyp(situation: Situation) -> Iterator[Fix]:
    """What node-gyp is written in wants a module that Python lost with 3.12, and setuptools has."""
    if situation.has_nix:
        if situation.has_devenv:
            yield Fix("Adds a Python that has it.", ({"kind": "add_packages", "names": ["python311"]},))
        return
    yield Fix(
        "Installs setuptools for the Python that node-gyp runs.",
        command="python3 -m pip install setuptools",
        uncertain="A newer npm brings a node-gyp that wants no setuptools.",
    )


def _has_extra(situation: Situation, name: str) -> bool:
    """Return whether the manifest asks for a distribution with an extra."""
    manifest = python_manifest(situation)
    text = (situation.read(manifest) or b"").decode("utf-8", "replace").lower() if manifest else ""
    return re.sub(r"\s", "", name.lower()) in re.sub(r"\s", "", text)


def _is_anybodys(situation: Situation, cause: Cause, there: frozenset[str]) -> bool:
    """Return whether a fixture has a common name, and nothing that a plugin's would be for is there."""
    meant = _COMMON.get(cause.facts.get("fixture", ""))
    return (
        meant is not None and not any(name.startswith(meant) for name in there) and meant not in situation.text.lower()
    )


def _is_of_build(situation: Situation, cause: Cause) -> bool:
    """Return whether a module is missing where pip or uv builds a library, which no library of the project mends."""
    place = situation.text.rfind(cause.line[-80:])
    return cause.said_by == "python.module" and _BUILDS.search(situation.text[max(0, place - 4000) : place]) is not None


def _names(situation: Situation, cause: Cause) -> tuple[str, ...]:
    """Return the distributions that are meant, the likeliest first."""
    named = _NAMED.get(cause.facts.get("is", ""))
    if named is not None:
        return named(cause.subject.rstrip("."), cause)
    if "shadowed" in cause.facts or _is_own(situation, cause):
        return ()
    subject = cause.subject
    if "." in subject and cause.said_by not in _CHECKERS and subject not in table("imports"):
        # Where a part is missing the rest is there: another version of it, unless the whole is but a namespace.
        parts = subject.split(".")
        deeper = any(".".join(parts[:size]) in table("imports") for size in range(2, len(parts)))
        return distributions_of(subject) if deeper else ()
    return distributions_of(subject)


def _distribution(subject: str, cause: Cause) -> tuple[str, ...]:
    meant = distributions_of(subject) if subject in table("imports") else ()
    extras = cause.facts.get("extras", "")
    name = f"{subject}[{extras}]" if _EXTRAS.fullmatch(extras) else subject
    return meant or ((name,) if is_known(subject) else ())


def _dialect(subject: str, cause: Cause) -> tuple[str, ...]:  # noqa: ARG001  (as the other forms)
    return table("dialects").get(subject, ())


def _mkdocs_plugin(subject: str, cause: Cause) -> tuple[str, ...]:
    plugin = cause.facts.get("plugin", "")
    known = (f"mkdocs-{plugin}-plugin", subject, plugin)
    return next(((name,) for name in known if is_known(name)), ())


def _requirement(subject: str, cause: Cause) -> tuple[str, ...]:  # noqa: ARG001
    # What is installed by another name than it is imported by was asked for by the latter.
    return tuple(item for item in distributions_of(subject) if canonical(item) != canonical(subject))


_NAMED: dict[str, Callable[[str, Cause], tuple[str, ...]]] = {
    "distribution": _distribution,
    "dialect": _dialect,
    "mkdocs-plugin": _mkdocs_plugin,
    "requirement": _requirement,
}


def _is_own(situation: Situation, cause: Cause) -> bool:
    """Return whether a module is the project's: a file or a folder of it, its own name, or beside one of its files."""
    top = cause.subject.partition(".")[0]
    source = situation.context.source
    places = (f"{top}.py", top, f"src/{top}", f"src/{top}.py", f"lib/{top}", f"app/{top}", f"backend/{top}")
    if any(source.exists(place) for place in places):
        return True
    model = table_of(situation, "pyproject.toml")
    named = [section(model, *keys).get("name") for keys in (("project",), ("tool", "poetry"))]
    if any(isinstance(name, str) and canonical(name) == canonical(top) for name in named):
        return True
    frames = (frame for frame in _FRAME.findall(situation.text[-20_000:]) if "site-packages" not in frame)
    return any(f"/{top}/" in frame and "/lib/python" not in frame for frame in frames)


def _manifest(situation: Situation, cause: Cause) -> str | None:
    """Return the file that is to name a library: what documents are made with stands in a file of its own."""
    if cause.said_by.startswith(("sphinx.", "mkdocs.")):
        known = next((name for name in DOCUMENTS if situation.read(name) is not None), None)
        if known is not None:
            return known
    return python_manifest(situation)


def _adding(situation: Situation, cause: Cause, name: str) -> Iterator[Fix]:
    manifest = _manifest(situation, cause)
    plain = canonical(name)
    if situation.backend == "conda" and manifest is not None and not manifest.endswith((".toml", ".txt")):
        name = table("conda-distributions").get(plain, (plain,))[0]
    edit: dict[str, Any] = {"kind": "add_library", "language": "python", "names": [name]}
    if manifest is not None and manifest.endswith(".txt") and manifest != "requirements.txt":
        edit["file"] = manifest
    elif cause.facts.get("group") == "dev" or is_development(name):
        edit |= python_group(situation)
    told = f"Adds {name} to the project's Python libraries" + (
        f": {cause.subject} is imported from it." if cause.subject not in (name, plain) else "."
    )
    old = cause.subject if cause.facts.get("is") == "requirement" else None
    if old is not None and canonical(old) in python_names(situation):
        removed = {"kind": "remove_library", "language": "python", "names": [old]}
        yield Fix(f"Asks for {name} in place of {old}, which is what it is imported by.", (removed, edit))
        return
    yield Fix(told, (edit,))
    if manifest is None and situation.has_devenv:
        yield from _with_packages(situation, plain)


def _with_packages(situation: Situation, name: str) -> Iterator[Fix]:
    """Without a manifest, a Python that nixpkgs makes with the package."""
    said = situation.definition("languages.python.package")
    base = re.fullmatch(r"pkgs\.(python3\d*)", said.source or "") if said is not None else None
    if (said is None or base is not None) and re.fullmatch(r"[a-z][a-z0-9-]*", name):
        expression = f"pkgs.{base[1] if base else 'python3'}.withPackages (ps: [ ps.{name} ])"
        enable = () if situation.is_enabled("languages.python") else ({"kind": "enable", "name": "languages.python"},)
        edit = {"kind": "set", "path": "languages.python.package", "expression": expression}
        yield Fix(f"Makes Python with {name} from nixpkgs.", (*enable, edit))


def _part(situation: Situation, cause: Cause) -> Iterator[Fix]:
    """What Python's own library lacks: a build without a library of the system."""
    top = cause.subject.partition(".")[0]
    library = _PARTS.get(top)
    if library is None or cause.facts.get("is") or not (is_standard(top) or top.startswith("_")):
        return
    if situation.has_devenv:
        if library == "tk":
            yield from _with_packages(situation, "tkinter")
        return
    if situation.backend == "conda" and library == "tk":
        yield Fix("Adds tk.", ({"kind": "add_library", "language": "python", "names": ["tk"]},))
    elif not situation.has_nix and (names := table("system-names").get(library)) is not None:
        yield Fix(
            f"{cause.subject} is a part of Python that this build of it lacks. With {names[0]} of Debian, "
            f"{names[1]} of "
            f"Fedora, {names[2]} of Homebrew or {names[3]} of Alpine it is there; a Python built before is to "
            f"be built again."
        )
