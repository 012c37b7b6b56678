"""The package of a project as nixpkgs builds it, by the manifest of its language: nothing of it needs a hash."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from devkeel.errors import Refused
from devkeel.source import nix, toml

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from devkeel.generate.kind import ProjectSource

__all__ = ["LANGUAGES", "BuiltPackage", "package_of"]

# PEP 508: a name before extras, versions and markers.
_REQUIREMENT = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?", re.ASCII)
_SELF = nix.Expression("self")


class BuiltPackage(Struct, frozen=True):
    """An expression for a package, of `pkgs` and `self`. notes: what to know about it."""

    function: str
    attributes: Mapping[str, Any] | None
    notes: tuple[str, ...] = ()

    def text(self, style: nix.Style) -> str:
        """Return the Nix source."""
        if self.attributes is None:
            return self.function
        return f"{self.function} {nix.print_value(dict(self.attributes), style)}"


def package_of(source: ProjectSource, wanted: str | None) -> tuple[BuiltPackage | None, tuple[str, ...]]:
    """Return the package of a project, None without one, and what is to be said of that.

    wanted: a language, `none`, a Nix file that makes it, or None for what its manifests say. Raises Refused
    `no_package` where the language that is wanted cannot be packaged without a guess.
    """
    if wanted == "none":
        return None, ()
    if wanted is not None and wanted.endswith(".nix"):
        if source.read(wanted) is None:
            raise Refused("no_package", f"There is no {wanted} that makes a package.", remedy="Name one that is there.")
        return BuiltPackage(f"pkgs.callPackage ./{wanted} {{ }}", None), ()
    if wanted is not None:
        return LANGUAGES[wanted](source), ()
    tried = [_tried(source, name) for name in LANGUAGES]
    found = [package for package, _ in tried if package is not None]
    if len(found) == 1:
        return found[0], ()
    if found:
        return None, ("There are manifests of several languages: the parameter package says which is built.",)
    return None, tuple(f"No package: {why}" for _, why in tried if why)


def _tried(source: ProjectSource, name: str) -> tuple[BuiltPackage | None, str | None]:
    try:
        return LANGUAGES[name](source), None
    except Refused as error:
        return None, error.message if error.seen else None


def _refused(why: str, *, there: bool) -> Refused:
    """Return a refusal. there: whether the manifest is there, and something in it stands in the way."""
    return Refused(
        "no_package",
        why,
        seen="the manifest" if there else None,
        remedy="Name a Nix file that makes the package as package=FILE.nix, or do without one by package=none.",
    )


def _toml(source: ProjectSource, name: str) -> dict[str, Any]:
    data = source.read(name)
    if data is None:
        raise _refused(f"There is no {name}.", there=False)
    try:
        return toml.loads(data)
    except (ValueError, RecursionError) as error:
        raise _refused(f"{name} does not parse.", there=True) from error


def _table(value: object, *path: str) -> dict[str, Any]:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def _rust(source: ProjectSource) -> BuiltPackage:
    manifest = _toml(source, "Cargo.toml")
    package = _table(manifest, "package")
    if source.read("Cargo.lock") is None:
        raise _refused("Cargo.toml has no Cargo.lock beside it.", there=True)
    if not isinstance(package.get("name"), str):
        raise _refused("Cargo.toml is of a workspace without a package of its own.", there=True)
    version = package.get("version")
    if not isinstance(version, str):
        version = _table(manifest, "workspace", "package").get("version")
    attributes = {
        "pname": package["name"],
        "version": version if isinstance(version, str) else "0",
        "src": _SELF,
        # Without it every dependency from Git wants a hash (nixpkgs, doc, "Importing a Cargo.lock file").
        "cargoLock": {"lockFile": nix.Expression("./Cargo.lock"), "allowBuiltinFetchGit": True},
    }
    return BuiltPackage("pkgs.rustPlatform.buildRustPackage", attributes)


def _python(source: ProjectSource) -> BuiltPackage:
    manifest = _toml(source, "pyproject.toml")
    project = _table(manifest, "project")
    name, version = project.get("name"), project.get("version")
    if not isinstance(name, str):
        raise _refused("pyproject.toml has no [project] with a name.", there=bool(project))
    backend, _ = _requirements(_table(manifest, "build-system").get("requires", ["setuptools"]))
    needed, left = _requirements(project.get("dependencies"))
    scripts = sorted(_table(project, "scripts"))
    attributes: dict[str, Any] = {
        "pname": name,
        "version": version if isinstance(version, str) else "0",
        "pyproject": True,
        "src": _SELF,
        "build-system": [nix.Expression(f"pkgs.python3Packages.{item}") for item in backend],
        "dependencies": [nix.Expression(f"pkgs.python3Packages.{item}") for item in needed],
    }
    if scripts:
        attributes["meta"] = {"mainProgram": name if name in scripts else scripts[0]}
    function = f"pkgs.python3Packages.{'buildPythonApplication' if scripts else 'buildPythonPackage'}"
    return BuiltPackage(function, attributes, (*(_LIBRARIES,) * bool(needed), *left))


_LIBRARIES = "Libraries are taken from nixpkgs by their names: an evaluation says which are not there."


def _requirements(listed: object) -> tuple[list[str], list[str]]:
    """Return the names in nixpkgs of Python requirements, and sentences about those that are left out.

    The names are those of PyPI, normalised (packaging.python.org, "Names and normalization"; nixpkgs, doc, "Python").
    """
    texts = [item for item in (listed if isinstance(listed, list) else []) if isinstance(item, str)]
    left = [f"Not among the package's libraries, since a marker decides: {item}." for item in texts if ";" in item]
    left += [
        f"The extras of {item} are not asked for: nixpkgs has them below optional-dependencies."
        for item in texts
        if ";" not in item and "[" in item
    ]
    names = [found[0] for item in texts if ";" not in item and (found := _REQUIREMENT.match(item.strip()))]
    return [nix.format_path((re.sub(r"[-_.]+", "-", name).lower(),)) for name in names], left


def _go(source: ProjectSource) -> BuiltPackage:
    data = source.read("go.mod")
    if data is None:
        raise _refused("There is no go.mod.", there=False)
    lines = data.decode("utf-8", "replace").split("\n")
    asks = source.read("go.sum") is not None or any(line.replace("(", " ").split()[:1] == ["require"] for line in lines)
    if asks and source.read("vendor/modules.txt") is None:
        raise _refused("The modules of go.mod are not in vendor/, and a hash of them is not known.", there=True)
    module = next((line.split()[1] for line in lines if _names(line)), None)
    if module is None:
        raise _refused("go.mod names no module.", there=True)
    attributes = {"pname": module.rstrip("/").rpartition("/")[2], "version": "0", "src": _SELF, "vendorHash": None}
    return BuiltPackage("pkgs.buildGoModule", attributes)


def _names(line: str) -> bool:
    words = line.split()
    return len(words) > 1 and words[0] == "module"


def _node(source: ProjectSource) -> BuiltPackage:
    data = source.read("package.json")
    if data is None:
        raise _refused("There is no package.json.", there=False)
    try:
        manifest = _table(json.loads(data))
    except (ValueError, RecursionError) as error:
        raise _refused("package.json does not parse.", there=True) from error
    if source.read("package-lock.json") is None:
        raise _refused("package.json has no package-lock.json beside it.", there=True)
    if not isinstance(manifest.get("name"), str):
        raise _refused("package.json names no package.", there=True)
    version = manifest.get("version")
    attributes: dict[str, Any] = {
        "pname": manifest["name"].rpartition("/")[2],
        "version": version if isinstance(version, str) else "0",
        "src": _SELF,
        # It takes the hashes of the lock, and needs none of its own (nixpkgs, doc, "importNpmLock").
        "npmDeps": nix.Expression("pkgs.importNpmLock { npmRoot = self; }"),
        "npmConfigHook": nix.Expression("pkgs.importNpmLock.npmConfigHook"),
    }
    if "build" not in _table(manifest, "scripts"):
        attributes["dontNpmBuild"] = True
    return BuiltPackage("pkgs.buildNpmPackage", attributes)


LANGUAGES: dict[str, Callable[[ProjectSource], BuiltPackage]] = {
    "rust": _rust,
    "python": _python,
    "go": _go,
    "node": _node,
}
