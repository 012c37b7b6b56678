"""Which Python a project asks for: what its files say, each with its place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from devkeel.errors import DevkeelError
from devkeel.source import nix, toml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["PINNED", "WantedPython", "declared_python", "exclude_each_other", "wanted_version"]

PINNED = ".python-version"
_PYPROJECT = "pyproject.toml"
_ENABLE = ("languages", "python", "enable")
_VERSION_OPTION = ("languages", "python", "version")
_PACKAGE_OPTION = ("languages", "python", "package")
# What pyenv and uv accept: 3, 3.12, 3.12.1, 3.13t, cpython-3.12, cpython@3.12, pypy3.10, 3.13-dev, 3.14.0rc2.
_NAMED = re.compile(
    r"(?:(?P<kind>cpython|pypy|graalpy)[-@]?)?(?P<version>[23](?:\.\d+){0,2}(?:(?:a|b|rc)\d+)?)(?P<free>t?)(?P<dev>-dev)?\Z"
)
_ATTRIBUTE = re.compile(
    r"(?:\w+\.)?(?P<kind>python|pypy)(?P<major>[23])(?P<minor>\d+)(?P<free>FreeThreading)?(?:Full|Minimal)?\Z"
)
# Poetry's caret and tilde, as its documentation defines them.
_POETRY = re.compile(r"\s*(?P<sign>[\^~])\s*(?P<major>\d+)(?:\.(?P<minor>\d+))?(?:\.\d+)*\s*\Z")


class WantedPython(Struct, frozen=True):
    """What one place says of Python.

    file: who says it. text: as it stands there. versions: those that fit, None where the text is no version and
    nothing follows from it. kind: `sys.implementation.name`, None where any fits. free: a build without the GIL.
    """

    file: str
    text: str
    versions: SpecifierSet | None
    kind: str | None = None
    free: bool = False

    def fits(self, version: str, kind: str, *, free: bool) -> bool:
        """Return whether an interpreter is one of those: its version, implementation, and whether it has no GIL."""
        same = self.kind is None or (self.kind, self.free) == (kind, free)
        # PEP 440, "Handling of pre-releases": a specifier leaves them out, and an interpreter that is one is there all
        # the same.
        return same and (self.versions is None or self.versions.contains(version, prereleases=True))


def wanted_version(file: str, text: str) -> WantedPython:
    """Return what a version means, as pyenv, uv and devenv read it."""
    found = _NAMED.match(text.strip())
    if found is None:
        return WantedPython(file, text, None)
    version = found["version"]
    exact = version.count(".") > 1 or not re.fullmatch(r"[\d.]+", version)
    # PEP 440, "Version matching": `.*` is any release that begins so.
    versions = SpecifierSet(f"=={version}" if exact else f"=={version}.*")
    return WantedPython(file, text.strip(), versions, found["kind"] or "cpython", bool(found["free"]))


def declared_python(files: Mapping[str, bytes]) -> tuple[WantedPython, ...]:
    """Return what the files of a project say of Python: `.python-version`, pyproject.toml, devenv.nix.

    What is computed in Nix, or is broken, is left out: other checks say so.
    """
    found = [*_pinned(files.get(PINNED)), *_project(files.get(_PYPROJECT))]
    for name in sorted(files):
        if name.endswith(".nix"):
            found += _module(name, files[name])
    return tuple(found)


def _pinned(data: bytes | None) -> Iterator[WantedPython]:
    lines = (line.strip() for line in (data or b"").decode("utf-8", "replace").splitlines())
    # pyenv: several versions may be there, one a line; the first is the one that `python` means.
    first = next((line for line in lines if line and not line.startswith("#")), None)
    if first is not None and first != "system":
        yield wanted_version(PINNED, first.split()[0])


def _project(data: bytes | None) -> Iterator[WantedPython]:
    try:
        model: dict[str, Any] = toml.loads(data or b"")
    except ValueError:
        return
    text = _get(model, "project", "requires-python")
    if isinstance(text, str):
        yield _range(text)
    text = _get(model, "tool", "poetry", "dependencies", "python")
    if isinstance(text, str):
        yield _range(text, poetry=True)


def _get(model: Any, *path: str) -> Any:  # noqa: ANN401  (plain data)
    for name in path:
        model = model.get(name) if isinstance(model, dict) else None
    return model


def _range(text: str, *, poetry: bool = False) -> WantedPython:
    plain = text
    found = _POETRY.match(text) if poetry else None
    if found is not None:
        major, minor = int(found["major"]), found["minor"]
        above = f"{major + 1}" if found["sign"] == "^" or minor is None else f"{major}.{int(minor) + 1}"
        plain = f">={text.strip(' ^~')},<{above}"
    elif poetry and re.fullmatch(r"\s*[\d.]+(?:\.\*)?\s*", text):
        plain = f"=={text.strip()}"
    try:
        return WantedPython(_PYPROJECT, text, SpecifierSet(plain))
    except InvalidSpecifier:
        return WantedPython(_PYPROJECT, text, None)


def _module(name: str, data: bytes) -> Iterator[WantedPython]:
    try:
        document = nix.Document(data, name)
        known = {item.path for item in document.definitions if not item.conditions}
    except DevkeelError:
        return
    if _ENABLE in known and document.get(_ENABLE) is False:
        return
    if _VERSION_OPTION in known:
        text = document.get(_VERSION_OPTION)
        if isinstance(text, str):
            yield wanted_version(name, text)
    if _PACKAGE_OPTION in known:
        value = document.get(_PACKAGE_OPTION)
        source = value.source if isinstance(value, nix.Expression) else ""
        found = _ATTRIBUTE.match(source)
        if found is not None:
            kind = "cpython" if found["kind"] == "python" else "pypy"
            versions = SpecifierSet(f"=={found['major']}.{found['minor']}.*")
            yield WantedPython(name, source, versions, kind, bool(found["free"]))


def exclude_each_other(wanted: tuple[WantedPython, ...]) -> bool:
    """Return whether one of them names a version that another one leaves out: then nothing that is fetched fits."""
    return any(
        pin.kind is not None and other.versions is not None and not _overlap(pin.versions, other.versions)
        for pin in wanted
        for other in wanted
        if pin is not other
    )


def _overlap(pin: SpecifierSet | None, other: SpecifierSet) -> bool:
    """Return whether a version, or any patch of a minor one, fits a range. A whole major version is not looked into."""
    text = str(pin).removeprefix("==")
    if pin is None or text.count(".") < 2:  # noqa: PLR2004  (3.*)
        return True
    if not text.endswith(".*"):
        return other.contains(text, prereleases=True)
    return any(other.contains(f"{text[:-2]}.{patch}", prereleases=True) for patch in range(100))
