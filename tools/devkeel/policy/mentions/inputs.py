"""What devenv.yaml says of options: modules that it imports, inputs, overlays, the profile that is on."""

from __future__ import annotations

import json
import posixpath
import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from devkeel.policy.mentions.facts import UNPARSED, Fact

if TYPE_CHECKING:
    from devkeel.policy.mentions.facts import DeclarationFiles
    from devkeel.policy.mentions.references import References

__all__ = ["InputsFiles", "read"]

_ROOTS = ("devenv.yaml", "devenv.local.yaml")
# The modules of every option, and the library that they stand on.
_ALWAYS = frozenset({"devenv", "nixpkgs"})
# An input of such a name is what a module gets instead of the argument.
# devenv hands its inputs to the modules as arguments (specialArgs), together with those of the module system (nixpkgs,
# lib/modules.nix, `evalModules`).
_SHADOWING = frozenset({"pkgs", "lib", "config", "options", "inputs", "modulesPath", "secretspec"})
# Permissions change no value; the rest of nixpkgs' configuration makes other packages.
_PERMISSIONS = ("allow", "permitted", "block")
_MOST = 50
# An input that is a folder: with its scheme, or as a path.
_LOCAL = re.compile(r"(?:(?:path|git\+file|file|tarball\+file|hg\+file):(?://)?|(?=\.{0,2}/))(?P<path>[^?#]*)")


class InputsFiles(Struct):
    """The devenv.yaml files that count: their data by name, the modules that they import, those that must be there."""

    data: dict[str, dict[str, Any]] = field(default_factory=dict)
    broken: list[Fact] = field(default_factory=list)
    modules: list[str] = field(default_factory=list)
    required: set[str] = field(default_factory=set)
    imports: list[Fact] = field(default_factory=list)
    named: set[str] = field(default_factory=set)

    def facts(self, references: References, *, packages: bool, profiles: bool) -> list[Fact]:
        """Return what matters to an option.

        references: what is said about it refers to. packages: it may hold packages. profiles: some profile is about it.
        """
        found = [*self.broken, *self.imports]
        for name, data in self.data.items():
            found += self._inputs(name, data, references, packages=packages)
            for key, value in data.items():
                said = key == "profile" and profiles
                said = said or (key in ("impure", "clean") and "getEnv" in references.words)
                said = said or (key == "secretspec" and "secretspec" in references.inputs)
                if said:
                    found.append(_fact(name, key, value))
                elif packages and key == "nixpkgs":
                    found += [
                        _fact(name, f"nixpkgs.{inner}", setting)
                        for inner, setting in (value.items() if isinstance(value, dict) else ())
                        if not str(inner).startswith(_PERMISSIONS)
                    ]
        return found

    def folders(self, references: References) -> set[str]:
        """Return the folders of the project that matter as inputs; "" where it may be any."""
        wanted = references.inputs | self.named | _ALWAYS | _SHADOWING
        found = {""} if "self" in wanted else set()
        for name, data in self.data.items():
            inputs = data.get("inputs")
            for key, value in inputs.items() if isinstance(inputs, dict) else ():
                url = value.get("url") if isinstance(value, dict) else None
                local = _LOCAL.match(url) if isinstance(url, str) else None
                if local is not None and (key in wanted or "*" in wanted):
                    place = posixpath.normpath(posixpath.join(posixpath.dirname(name), local["path"]))
                    found.add("" if local["path"].startswith("/") or place == "." else place)
        return found

    def _inputs(self, name: str, data: dict[str, Any], references: References, *, packages: bool) -> list[Fact]:
        inputs = data.get("inputs")
        wanted = references.inputs | self.named | _ALWAYS | _SHADOWING
        found = []
        for key, value in inputs.items() if isinstance(inputs, dict) else ():
            overlays = value.get("overlays") if isinstance(value, dict) else None
            if key in wanted or ("*" in references.inputs) or (overlays and packages):
                found.append(_fact(name, f"inputs.{key}", value))
        return found


def _fact(name: str, what: str, value: object) -> Fact:
    return Fact(f"{name} {what} {json.dumps(value, default=str, sort_keys=True)}", f"`{what}`", name)


def read(files: DeclarationFiles) -> InputsFiles:
    """Return what the devenv.yaml files say, those of imported folders included."""
    found = InputsFiles()
    for name in _ROOTS:
        _read(files, name, found)
    return found


def _read(files: DeclarationFiles, name: str, found: InputsFiles) -> None:
    data = files.read(name)
    if data is None or name in found.data or len(found.data) > _MOST:
        return
    loaded = _load(data)
    found.data[name] = loaded or {}
    if loaded is None:
        found.broken.append(Fact(data.decode("utf-8", "replace"), UNPARSED, name, opaque=True))
        return
    imports = loaded.get("imports")
    for item in imports if isinstance(imports, list) else [imports] if imports else []:
        if isinstance(item, str):
            _import(files, name, item.removeprefix("path:"), found)


def _import(files: DeclarationFiles, name: str, item: str, found: InputsFiles) -> None:
    if not item.startswith((".", "/")):
        found.named.add(item.split("/", maxsplit=1)[0])
        found.imports.append(Fact(f"import {item}", f"the import {item}", name, opaque=True))
        return
    base = "" if item.startswith("/") else posixpath.dirname(name)
    target = posixpath.normpath(posixpath.join(base, item.lstrip("/")))
    if item.endswith(".nix"):
        found.modules.append(target)
        found.required.add(target)
        return
    found.required.add(posixpath.join(target, "devenv.nix"))
    found.modules += [posixpath.join(target, "devenv.nix"), posixpath.join(target, "devenv.local.nix")]
    _read(files, posixpath.join(target, _ROOTS[0]), found)


def _load(data: bytes) -> dict[str, Any] | None:
    from ruamel.yaml import YAML  # noqa: PLC0415  (30 ms that most projects do not need)
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415  (with the 30 ms)

    try:
        loaded = YAML(typ="safe", pure=True).load(data.decode())
    except (YAMLError, ValueError, RecursionError):
        return None
    return {} if loaded is None else loaded if isinstance(loaded, dict) else None
