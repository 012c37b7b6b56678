"""Permits for packages that nixpkgs refuses to evaluate: an unfree license, known insecurities, marked as broken."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from devkeel.errors import DevkeelError
from devkeel.project.root import INPUTS
from devkeel.remedies.fix import Fix
from devkeel.source import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.diagnosis.cause import Cause
    from devkeel.remedies.situation import Situation

__all__ = ["propose"]

# nix, `builtins.parseDrvName`: the version begins after the first dash that no letter follows.
_NAMED = re.compile(r"(?P<name>[A-Za-z0-9_+.?=]+(?:-[A-Za-z_+?=][\w+.?=]*)*)(?:-(?P<version>[^A-Za-z].*))?")
_ASKS: dict[str, tuple[str, str]] = {
    "broken_package": ("allow_broken", "is marked as broken: it may fail to build, or not work."),
    "unsupported_package": ("allow_unsupported_system", "is not made for this system: it may fail to build."),
}


def propose(situation: Situation, cause: Cause) -> Iterator[Fix]:
    """Yield the permit of the one package, then of all of its sort; nothing of all where the project says no to it."""
    full, code = cause.subject, cause.facts.get("code", "")
    named = _NAMED.fullmatch(full)
    if not situation.has_devenv or named is None:
        return
    name, create = named["name"], INPUTS not in situation.files
    elsewhere = "" if _is_declared(situation, name) else f" {_ELSEWHERE}"
    if code == "unfree_package":
        yield Fix(
            f"Permit {name}, whose license is unfree.",
            (_append("nixpkgs.permitted_unfree_packages", name),),
            create=create,
            uncertain=f"Whether its license suits you is for a person to say.{elsewhere}",
        )
        yield from _every(situation, "allow_unfree", "Permit every unfree package.", elsewhere)
    elif code == "insecure_package":
        yield Fix(
            f"Permit {full}, which has known insecurities.",
            (_append("nixpkgs.permitted_insecure_packages", full),),
            create=create,
            uncertain="What the message lists under Known issues stays open; a newer version may have none of it."
            f"{elsewhere}",
        )
    elif code in _ASKS:
        if code == "unsupported_package" and name in situation.packages:
            edit: dict[str, Any] = {"kind": "remove_packages", "names": [name]}
            yield Fix(f"Leave {name} out: it is not made for this system.", (edit,))
        key, why = _ASKS[code]
        yield from _every(situation, key, f"Permit such packages: {full} {why}", elsewhere)


_ELSEWHERE = "The declaration does not list it: look what needs it, for nobody looked whether this project does."


def _every(situation: Situation, key: str, sentence: str, elsewhere: str) -> Iterator[Fix]:
    """Yield the permit of all packages of a sort; a sentence where the project has decided against it."""
    old = "allow" + "".join(word.capitalize() for word in key.split("_")[1:])
    if any(_value(situation, path) is False for path in (("nixpkgs", key), (old,))):
        yield Fix(f"{INPUTS} says no to all packages of this sort: that is the project's decision.")
        return
    yield Fix(
        sentence,
        (_set(f"nixpkgs.{key}"),),
        create=INPUTS not in situation.files,
        uncertain=f"It holds for all packages of the project, also such as come later.{elsewhere}",
    )


def _value(situation: Situation, path: tuple[str, ...]) -> object:
    try:
        return yaml.get(situation.files.get(INPUTS, b""), path)
    except (KeyError, DevkeelError):
        return None


def _is_declared(situation: Situation, name: str) -> bool:
    """Return whether a package of this name is listed: an attribute has it without its set and its version."""
    listed = {_plain(item.rpartition(".")[2]) for item in situation.packages}
    return bool({_plain(name), _plain(_OF_A_SET.sub("", name))} & listed)


def _plain(name: str) -> str:
    return re.sub(r"[-_.]?\d[\d_.]*$", "", name).replace("_", "-").lower()


# nixpkgs, buildPythonPackage and its like: `python3.12-numpy`.
_OF_A_SET = re.compile(r"^(?:python|perl|ruby|lua|ocaml)[\d.]+-")


def _append(path: str, value: str) -> dict[str, Any]:
    return {"kind": "append", "file": INPUTS, "path": path, "value": value}


def _set(path: str) -> dict[str, Any]:
    return {"kind": "set", "file": INPUTS, "path": path, "value": True}
