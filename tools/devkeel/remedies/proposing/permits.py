"""Permits for packages that nixpkgs refuses to evaluate: an unfree license, known insecurities, marked as broken."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from devkeel.remedies.fix import Fix

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.diagnosis.cause import Cause
    from devkeel.remedies.situation import Situation

__all__ = ["propose"]

_INPUTS = "devenv.yaml"
# nix, `builtins.parseDrvName`: the version begins after the first dash that no letter follows.
_NAMED = re.compile(r"(?P<name>[A-Za-z0-9_+.?=]+(?:-[A-Za-z_+?=][\w+.?=]*)*)(?:-(?P<version>[^A-Za-z].*))?")
_ASKS: dict[str, tuple[str, str]] = {
    "broken_package": ("allow_broken", "is marked as broken: it may fail to build, or not work."),
    "unsupported_package": ("allow_unsupported_system", "is not made for this system: it may fail to build."),
}


def propose(situation: Situation, cause: Cause) -> Iterator[Fix]:
    """Yield the permit of the one package, then of all of its sort."""
    if not situation.has_devenv:
        return
    create = _INPUTS not in situation.files
    code, full = cause.facts.get("code", ""), cause.subject
    named = _NAMED.fullmatch(full)
    name = named["name"] if named else full
    if code == "unfree_package":
        yield Fix(
            f"Permit {name}, whose license is unfree.",
            (_append("nixpkgs.permitted_unfree_packages", name),),
            create=create,
            uncertain="Whether its license suits you is for a person to say.",
        )
        yield Fix("Permit every unfree package.", (_set("nixpkgs.allow_unfree"),), create=create)
    elif code == "insecure_package":
        yield Fix(
            f"Permit {full}, which has known insecurities.",
            (_append("nixpkgs.permitted_insecure_packages", full),),
            create=create,
            uncertain="What the message lists under Known issues stays open; a newer version may have none of it.",
        )
    elif code in _ASKS:
        if code == "unsupported_package" and name in situation.packages:
            edit: dict[str, Any] = {"kind": "remove_packages", "names": [name]}
            yield Fix(f"Leave {name} out: it is not made for this system.", (edit,))
        key, why = _ASKS[code]
        yield Fix(f"Permit such packages: {full} {why}", (_set(f"nixpkgs.{key}"),), create=create)


def _append(path: str, value: str) -> dict[str, Any]:
    return {"kind": "append", "file": _INPUTS, "path": path, "value": value}


def _set(path: str) -> dict[str, Any]:
    return {"kind": "set", "file": _INPUTS, "path": path, "value": True}
