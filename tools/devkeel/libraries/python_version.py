"""Which Python a project asks for where no devenv.nix says it: changed in the files that a backend reads it from.

A version is pinned in `.python-version`, as `uv python pin` does, and a range of pyproject.toml follows it where its
shape leaves no doubt how. A range goes into pyproject.toml. In environment.yml Python is a package as any other.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from devkeel.errors import Place, Refused, UsageError
from devkeel.libraries.manifests import conda_file
from devkeel.libraries.request import LibraryPlan, Request
from devkeel.libraries.resolve.declared_python import PINNED, declared_python, exclude_each_other, wanted_version
from devkeel.source import toml
from devkeel.source.splice import Splice, apply

if TYPE_CHECKING:
    from collections.abc import Callable

    from devkeel.libraries.resolve.declared_python import WantedPython

__all__ = ["asks_for_python"]

_PYPROJECT = "pyproject.toml"
_RANGES = (("project", "requires-python"), ("tool", "poetry", "dependencies", "python"))
_NUMBER = r"(\d+)\.(\d+)(?:\.\d+)*"
# Ranges that name one version, each with the same one of another.
_SHAPES = (
    (re.compile(rf"(>=\s*){_NUMBER}"), "{0}{version}"),
    (re.compile(r"(==\s*)(\d+)\.(\d+)\.\*"), "{0}{minor}.*"),
    (re.compile(r"(~=\s*)(\d+)\.(\d+)\.0"), "{0}{minor}.0"),
    (re.compile(rf"([\^~]\s*){_NUMBER}"), "{0}{version}"),
)
_RELEASE = re.compile(r"(\d+)\.(\d+)(?:\.\d+)?(?:(?:a|b|rc)\d+)?")
_WITHIN = re.compile(rf"(>=\s*){_NUMBER}(\s*,\s*<\s*)(\d+)\.(\d+)")
_FIRST = re.compile(rb"(?m)^(?!\s*#)[ \t]*(\S+)")


def asks_for_python(version: str, read: Callable[[str], bytes | None], manifest: str) -> LibraryPlan:
    """Return the edits by which a project asks for another Python.

    version: such as 3.12, pypy3.10 or >=3.11,<3.14. manifest: the file in which the backend's environments name Python
    libraries. Raises UsageError `bad_value`, Refused `python_versions_differ` where two places would exclude each
    other, and what an editor refuses.
    """
    request = Request("python", (f"python{_specified(version)}",))
    plan = LibraryPlan(manifest, read)
    if posixpath.basename(manifest) in conda_file.NAMES:
        conda_file.edit(plan, request)
        return plan
    wanted = wanted_version(PINNED, version)
    if wanted.versions is None:
        _take_range(plan, version)
    else:
        _take_version(plan, wanted)
    _require_agreement(plan)
    return plan


def _specified(version: str) -> str:
    """Return a version or a range behind a name. Raises UsageError `bad_value`."""
    plain = version.strip()
    if wanted_version("", plain).versions is not None:
        return f"={plain}"
    try:
        if SpecifierSet(plain):
            return plain
    except InvalidSpecifier:
        pass
    raise UsageError(
        "bad_value",
        f"{version[:80]!r} is no version of Python and no range of versions.",
        seen=version[:80],
        remedy="Write a version as 3.12, or a range as >=3.11,<3.14.",
    )


def _declared(plan: LibraryPlan) -> tuple[WantedPython, ...]:
    return declared_python({name: plan.data(name) for name in (PINNED, _PYPROJECT)})


def _take_range(plan: LibraryPlan, version: str) -> None:
    path = _range_of(plan)
    if path is None:
        raise Refused(
            "bad_value",
            f"{plan.manifest} has no place for a range of versions of Python.",
            place=Place(plan.manifest),
            seen=version,
            remedy="Name one version, such as 3.12: it is pinned in .python-version.",
        )
    plan.take(_PYPROJECT, toml.set(toml.Document(plan.data(_PYPROJECT), _PYPROJECT), path, version.strip()))


def _range_of(plan: LibraryPlan) -> tuple[str, ...] | None:
    """Return where pyproject.toml says its range, or would; None where it has no such table."""
    try:
        model = toml.loads(plan.data(_PYPROJECT))
    except ValueError:
        return None
    for path in reversed(_RANGES):
        found: Any = model
        for name in path[:-1]:
            found = found.get(name) if isinstance(found, dict) else None
        if isinstance(found, dict) and (path[-1] in found or path == _RANGES[0]):
            return path
    return None


def _take_version(plan: LibraryPlan, wanted: WantedPython) -> None:
    """Pin a version, and let a range that leaves it out follow."""
    path, narrow = _range_of(plan), False
    ranges = [item for item in _declared(plan) if item.file == _PYPROJECT]
    for item in ranges:
        new = None if item.versions is None else _followed(item.text, wanted.text)
        narrow = new is not None and new[1]
        if path is not None and exclude_each_other((wanted, item)):
            if new is None:
                raise _differ(wanted.text, item)
            document = toml.Document(plan.data(_PYPROJECT), _PYPROJECT)
            plan.take(_PYPROJECT, toml.set(document, path, new[0]))
    if plan.read(PINNED) is not None or not narrow:
        _pin(plan, wanted.text)


def _followed(text: str, version: str) -> tuple[str, bool] | None:
    """Return a range of the same shape for another version, and whether it says no more and no less than that."""
    found = _RELEASE.fullmatch(version)
    if found is None:  # such as 3.13t and pypy3.10, which no range says
        return None
    major, minor = found[1], found[2]
    plain, whole = text.strip(), version == f"{major}.{minor}"
    if (within := _WITHIN.fullmatch(plain)) and int(within[6]) == int(within[3]) + 1 and within[5] == within[2]:
        return f"{within[1]}{version}{within[4]}{major}.{int(minor) + 1}", whole
    for number, (shape, form) in enumerate(_SHAPES):
        if same := shape.fullmatch(plain):
            minor_alone = 0 < number < len(_SHAPES) - 1
            return form.format(same[1], version=version, minor=f"{major}.{minor}"), whole and minor_alone
    return None


def _pin(plan: LibraryPlan, version: str) -> None:
    """Write a version in place of the first one that `.python-version` names; remarks and others stay."""
    data = plan.data(PINNED)
    found = _FIRST.search(data)
    start, end = found.span(1) if found else (len(data), len(data))
    new = version.encode()
    if found is None:
        new = (b"\n" if data and not data.endswith(b"\n") else b"") + new + b"\n"
    plan.take(PINNED, apply(data, [Splice(start, end, new)]))


def _require_agreement(plan: LibraryPlan) -> None:
    """Raise Refused where what the files say of Python then excludes each other."""
    declared = _declared(plan)
    if exclude_each_other(declared):
        pin = next(item for item in declared if item.kind is not None)
        raise _differ(pin.text, next(item for item in declared if exclude_each_other((pin, item))))


def _differ(version: str, other: WantedPython) -> Refused:
    return Refused(
        "python_versions_differ",
        f"{other.file} asks for Python {other.text}, which leaves out {version}: no Python would fit both.",
        place=Place(other.file),
        seen=other.text,
        remedy="Give the range that is to stand there, such as >=3.11,<3.14, in place of the version, then repeat the "
        "edit with the version; or name a version that is in it.",
    )
