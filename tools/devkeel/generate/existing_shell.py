"""What an existing development shell has, by the text of its flake.nix or shell.nix: what a devenv.nix can say too."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.catalogue.packages import open_names
from devkeel.errors import Place, ProjectError, Refused
from devkeel.source import nix
from devkeel.source.inputs import FLAKE, format_of
from devkeel.text.secrets.masking import looks_secret

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from devkeel.source.nix.read.shell import Shell

__all__ = ["SHELL", "ExistingShell", "existing_shell", "nixpkgs_of"]

SHELL = "shell.nix"
# A flake whose one shell is that of a shell.nix, so that both are read in one way.
_AROUND = b"{ outputs = _: { devShells.default = import ./shell.nix { }; }; }\n"
_NAME = re.compile(r"[A-Za-z_][\w'-]*(?:\.[A-Za-z_][\w'-]*)*", re.ASCII)
_VARIABLE = re.compile(r"[A-Za-z_]\w*", re.ASCII)
# Arguments of mkShell that are no variables (nixpkgs, pkgs/build-support/mkshell, and doc, "stdenv"); the lists of
# packages are read as such, and a shell's name is of no use to devenv.
_LISTS = frozenset({"packages", "nativeBuildInputs", "buildInputs"})
_UNSAID = frozenset({"name", "pname", "version", "meta"})
_HOOK = "shellHook"
_SHOWN = 60
# What makes another nixpkgs of it, wherever it stands: names are the same, and what they mean may not be.
_OTHERWISE = ("overlays", "allowUnfree", "permittedInsecurePackages", "packageOverrides")
# What may add names to it, here or in a file that is not looked into.
_ADDING = (b"overlays", b"packageOverrides", b".extend", b"appendOverlays", b"import ./", b"import ../")


class ExistingShell(Struct, frozen=True):
    """Packages by their names in nixpkgs, variables, the hook; left: what is not among them, with file and line."""

    where: str
    packages: tuple[str, ...]
    variables: Mapping[str, str | int | bool]
    hook: str
    left: tuple[str, ...]


def existing_shell(read: Callable[[str], bytes | None], file: str, name: str) -> ExistingShell:
    """Return what the shell of a file has. name: of several, as the flake calls it.

    read: the bytes of a file of the project. Raises ProjectError `missing_file`, Refused `no_shell` where there is none
    of that name, or its text does not show what it has.
    """
    data = read(file)
    if data is None:
        raise ProjectError("missing_file", f"There is no {file}.", place=Place(file), remedy="Name one that is there.")

    document = nix.Document(data, file, module=False)
    if problems := document.syntax_problems:
        place = document.place(problems[0].offset)
        raise Refused("no_shell", f"{file} does not parse.", place=place, remedy="Put it right first.")

    def seen(other: str) -> bytes | None:
        return _AROUND if file == SHELL and other == FLAKE else read(other)

    shell = _found(nix.shells_of(seen, FLAKE, name), file, name)
    if shell.part is None or shell.why is not None:
        raise _refused(file, f"What {shell.spelled} has cannot be seen: {shell.why or 'it has no arguments'}.", shell)
    if shell.kind == "devenv":
        raise _refused(file, f"{shell.spelled} is devenv's already: its modules are what a devenv.nix has.", shell)
    return _contents(shell, shell.part, data)


def nixpkgs_of(data: bytes) -> str | None:
    """Return the reference by which a flake names its nixpkgs, None where its text does not show one."""
    found = format_of(FLAKE).read(FLAKE, data).get("nixpkgs")
    url = found.get("url") if isinstance(found, dict) else None
    return url if isinstance(url, str) else None


def _found(shells: list[Shell], file: str, name: str) -> Shell:
    known = {shell.spelled: shell for shell in shells}
    chosen = [shell for shell in shells if name in (shell.name, shell.spelled)]
    if not chosen and name == "default" and len(known) == 1:
        chosen = shells
    if not chosen:
        raise Refused(
            "no_shell",
            f"{file} has no development shell {name}.",
            place=Place(file),
            remedy="Name one that it has, or declare the environment by hand.",
            alternatives=tuple(known),
        )
    return chosen[0]


def _refused(file: str, why: str, shell: Shell) -> Refused:
    place = Place(shell.document.name if shell.document.name != FLAKE or file == FLAKE else file, shell.line)
    return Refused("no_shell", why, place=place, remedy="Declare the environment by hand.")


def _contents(shell: Shell, part: nix.Document, data: bytes) -> ExistingShell:
    file = shell.document.name
    packages, left = _packages(shell, data)
    variables, hook = dict[str, str | int | bool](), ""
    for definition in part.definitions:
        path, value = definition.path, part.value(definition)
        if not definition.computed and path[0] in _LISTS | _UNSAID:
            continue
        variable = None if definition.computed else _variable(path, value)
        if definition.conditions or definition.computed or (variable is None and path != (_HOOK,) and value != {}):
            left.append(_told(shell, definition))
        elif variable is not None and isinstance(value, (str, int, bool)) and looks_secret(variable, str(value)):
            left.append(f"{variable}, which looks like a secret ({file}:{definition.node.start_point[0] + 1})")
        elif variable is not None and isinstance(value, (str, int, bool)):
            variables[variable] = value
        elif isinstance(value, str):
            hook = value
        elif value != {}:
            left.append(_told(shell, definition))
    left += [f"{word} of its nixpkgs" for word in _OTHERWISE if word.encode() in data]
    return ExistingShell(shell.where, (*dict.fromkeys(packages),), variables, hook, (*dict.fromkeys(left),))


def _packages(shell: Shell, data: bytes) -> tuple[list[str], list[str]]:
    """Return the packages of nixpkgs, and the others with file and line. data: of the file that was asked for."""
    packages, left = list[str](), list[str]()
    names = open_names() if any(word in data + shell.document.data for word in _ADDING) else None
    for item in nix.listed_packages(shell):
        if not (item.certain and _NAME.fullmatch(item.name)):
            why = "" if item.certain else ", under a condition"
        elif names is not None and not names.status_of(item.name).known:
            why = ", which nixpkgs is not known to have without what is added to it"
        else:
            packages.append(item.name)
            continue
        left.append(f"{_short(item.source)} ({shell.document.name}:{item.line}{why})")
    return packages, left


def _variable(path: tuple[str, ...], value: object) -> str | None:
    """Return the variable that an argument of mkShell is, None where it is none or its value is computed."""
    names = path[1:] if path[:1] == ("env",) else path
    said = len(names) == 1 and isinstance(value, (str, int, bool)) and names != (_HOOK,)
    return names[0] if said and _VARIABLE.fullmatch(names[0]) else None


def _told(shell: Shell, item: nix.Definition) -> str:
    line = item.node.start_point[0] + 1
    source = shell.part.source(item) if shell.part is not None else ""
    return f"{nix.format_path(item.path)} = {_short(source)} ({shell.document.name}:{line})"


def _short(source: str) -> str:
    text = " ".join(source.split())
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
