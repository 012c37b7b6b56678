"""What `devenv.yaml` says to the evaluation: imports, overlays, the configuration of nixpkgs."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["InputsFile", "read_inputs_file"]

# The local one comes last and so wins (devenv, devenv-core/src/config.rs).
_FILES = ("devenv.yaml", "devenv.local.yaml")
_AT_TOP = ("allow_unfree", "allow_broken", "allow_unsupported_system", "permitted_insecure_packages")
_OWN = frozenset({"permittedUnfreePackages", "perPlatform", "per-platform", "androidSdk"})


class InputsFile(Struct):
    """`imports` as written, `overlays` and `urls` by input, `nixpkgs` in its own names, `permitted` unfree packages.

    strict_ports: whether a taken port is an error.
    inputs: what each is, as it is written; the file that is read last says so (devenv, devenv-core/src/config.rs, the
    `merge` of `inputs`).
    """

    imports: list[str] = field(default_factory=list)
    overlays: dict[str, list[str]] = field(default_factory=dict)
    nixpkgs: dict[str, Any] = field(default_factory=dict)
    permitted: list[str] = field(default_factory=list)
    urls: dict[str, str] = field(default_factory=dict)
    strict_ports: bool = False
    inputs: dict[str, dict[str, Any]] = field(default_factory=dict)


def read_inputs_file(files: Mapping[str, bytes]) -> InputsFile:
    """Return what devenv.yaml says together with the local one and those of imported folders.

    What cannot be read says nothing: the rungs that look at text report it.
    """
    found = InputsFile()
    seen = set[str]()
    for name in _FILES:
        _read(files, name, found, seen)
    return found


def _read(files: Mapping[str, bytes], name: str, found: InputsFile, seen: set[str]) -> None:
    # Imports may be circular: devenv visits each file once (devenv-core/src/config.rs).
    if name in seen or name not in files:
        return
    seen.add(name)
    data = _load(files[name])
    for text in _texts(data.get("imports")):
        place = text
        if text.startswith("."):
            place = posixpath.normpath(posixpath.join(posixpath.dirname(name), text))
            _read(files, posixpath.join(place, _FILES[0]), found, seen)
            place = place if place.startswith("..") else f"./{place}"
        found.imports.append(place)
    found.strict_ports = bool(data.get("strict_ports", found.strict_ports))
    inputs = data.get("inputs")
    for key, value in inputs.items() if isinstance(inputs, dict) else ():
        found.inputs[str(key)] = value if isinstance(value, dict) else {}
        if isinstance(value, dict) and isinstance(value.get("url"), str):
            found.urls.setdefault(str(key), value["url"])
        overlays = _texts(value.get("overlays")) if isinstance(value, dict) else []
        if overlays:
            found.overlays.setdefault(str(key), []).extend(overlays)
    nixpkgs = data.get("nixpkgs")
    settings = {key: value for key, value in data.items() if _snake(str(key)) in _AT_TOP}
    settings |= nixpkgs if isinstance(nixpkgs, dict) else {}
    for key, value in settings.items():
        # devenv takes both spellings and hands nixpkgs the second (devenv-core/src/config.rs, the aliases of
        # `NixpkgsConfig`).
        camel = _camel(str(key))
        # nixpkgs has no such setting: devenv makes it an `allowUnfreePredicate` (devenv,
        # devenv-nix-backend/bootstrap/bootstrapLib.nix).
        if camel == "permittedUnfreePackages":
            found.permitted += _texts(value)
        elif camel not in _OWN:
            found.nixpkgs[camel] = value


def _load(data: bytes) -> dict[Any, Any]:
    from ruamel.yaml import YAML  # noqa: PLC0415  (27 ms that the other rungs do not need)
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415  (with the 27 ms)

    try:
        loaded = YAML(typ="safe", pure=True).load(data.decode())
    except (YAMLError, UnicodeDecodeError):
        return {}
    return loaded if isinstance(loaded, dict) else {}


def _texts(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def _snake(name: str) -> str:
    return re.sub(r"[A-Z]", lambda found: f"_{found[0].lower()}", name)
