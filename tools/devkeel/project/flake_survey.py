"""A survey of a flake: the packages of its development shells, its inputs, its outputs and systems, by its text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from devkeel.errors import DevkeelError, Place
from devkeel.source import nix
from devkeel.source.inputs import FLAKE, INPUTS, format_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["DeclaredInput", "FlakeSurvey", "ShellView", "flake_survey"]


class ShellView(Struct, frozen=True):
    """A development shell: its attribute, file and line, and its packages, each with file and line.

    cannot: why its packages cannot be seen, None where they are.
    """

    name: str
    place: str
    packages: Mapping[str, str]
    cannot: str | None = None


class DeclaredInput(Struct, frozen=True):
    """An input as flake.nix declares it: its reference, what it follows, and what inputs of its own follow."""

    place: str
    url: str | None = None
    follows: str | None = None
    inner: Mapping[str, str] = {}


class FlakeSurvey(Struct, frozen=True):
    """What the text of a flake shows. packages: of the default shell. unseen: what may add outputs or systems."""

    shells: tuple[ShellView, ...] = ()
    packages: tuple[str, ...] = ()
    inputs: Mapping[str, DeclaredInput] = {}
    outputs: tuple[str, ...] = ()
    systems: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()


def flake_survey(read: Callable[[str], bytes | None]) -> FlakeSurvey | None:
    """Return what the text of a project's flake.nix shows, through the files that it imports; None without one.

    read: the bytes of a file, None where there is none or it may not be read. What does not parse shows nothing.
    """
    data = read(FLAKE)
    if data is None:
        return None
    try:
        found, outputs = nix.shells_of(read, FLAKE), nix.flake_outputs(read, FLAKE)
        inputs = _inputs(data)
    except DevkeelError:
        return FlakeSurvey()
    shells, default = dict[tuple[object, ...], ShellView](), dict[str, None]()
    for shell in found:
        named = dict[str, str]()
        for part in shell.modules or (shell,):
            for name, line in nix.shell_packages(part):
                named.setdefault(name, f"{part.document.name}:{line}")
        if shell.name == "default":
            default |= dict.fromkeys(named)
        key = (shell.spelled, *shell.body)
        shells.setdefault(key, ShellView(shell.spelled, shell.where, named, shell.why))
    return FlakeSurvey(
        (*shells.values(),),
        (*default,),
        inputs,
        (*outputs.names,),
        (*outputs.systems,),
        (*outputs.unseen,),
    )


def _inputs(data: bytes) -> dict[str, DeclaredInput]:
    form = format_of(FLAKE)
    declared = {name: value for name, value in form.read(FLAKE, data).items() if isinstance(value, dict)}
    return {
        name: _input(str(Place(FLAKE, form.line(FLAKE, data, [INPUTS, name]))), value)
        for name, value in declared.items()
    }


def _input(place: str, value: Mapping[str, Any]) -> DeclaredInput:
    own = value.get("inputs")
    inner = {
        name: tree["follows"]
        for name, tree in (own.items() if isinstance(own, dict) else ())
        if isinstance(tree, dict) and isinstance(tree.get("follows"), str)
    }
    return DeclaredInput(place, _text(value.get("url")) or _forge(value), _text(value.get("follows")), inner)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _forge(value: Mapping[str, Any]) -> str | None:
    """Return a reference that is written as attributes, as Nix writes it on one line (nix, src/libfetchers)."""
    kind, parts = value.get("type"), [value.get(name) for name in ("owner", "repo", "ref")]
    known = [part for part in parts if isinstance(part, str)]
    return f"{kind}:{'/'.join(known)}" if isinstance(kind, str) and known else _text(value.get("path"))
