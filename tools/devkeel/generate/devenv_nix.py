"""devenv.nix of an existing flake.nix or shell.nix: what the shell has and the declaration lacks, by the editor of Nix.

It is the project's declaration from then on, which is edited as every declaration is, so that it has no part of
devkeel's: made again, it gets what the shell has more, and loses nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devkeel.errors import ProjectError
from devkeel.generate.existing_shell import SHELL, existing_shell, nixpkgs_of
from devkeel.generate.kind import Generated, Generator, MergedFile
from devkeel.generate.parameters import Parameter
from devkeel.project.declaration import beginning
from devkeel.project.root import DECLARATION, INPUTS
from devkeel.source import nix, yaml
from devkeel.source.inputs import FLAKE
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.generate.existing_shell import ExistingShell
    from devkeel.generate.kind import ProjectSource

__all__ = ["DEVENV_NIX"]

_BEGINNING = b"{ pkgs, ... }:\n\n{\n}\n"
_IGNORE = ".gitignore"


def _generate(source: ProjectSource) -> Generated:
    given = source.parameters
    file = given["file"] or next((name for name in (FLAKE, SHELL) if source.read(name) is not None), None)
    if file is None:
        raise ProjectError(
            "missing_file",
            f"There is no {FLAKE} and no {SHELL} to take a shell from.",
            remedy=f"Write the declaration itself: {do('begin')} begins it.",
        )
    shell = existing_shell(source.read, file, given["shell"])
    notes = [f"Taken from {shell.where}."]
    if shell.left:
        notes.append(f"Not carried over: {'; '.join(shell.left)}.")
    files = [MergedFile(DECLARATION, lambda old, replace: _merged(source, shell, old, replace=replace))]
    files += _beginnings(source, file)
    if len(files) > 1:
        notes.append(f"The inputs are not locked yet: {do('lock', action='create')}.")
    runs = ("when the environment is entered",) if shell.hook else ()
    return Generated((*files,), source.given, tuple(notes), runs)


def _merged(source: ProjectSource, shell: ExistingShell, old: bytes | None, *, replace: bool) -> bytes:
    """Return a declaration with what the shell has. What it says otherwise stays, and is said, unless `replace`."""
    data = nix.add_packages(old if old is not None and old.strip() else _BEGINNING, *shell.packages).data
    values: dict[str, nix.Value] = {nix.format_path(("env", key)): value for key, value in shell.variables.items()}
    values |= {"enterShell": shell.hook} if shell.hook else {}
    for path, value in values.items():
        try:
            there = nix.get(data, path)
        except KeyError:
            data = nix.set(data, path, value).data
            continue
        if there != value and replace:
            data = nix.set(data, path, value).data
        elif there != value:
            source.candidate.notes.append(f"{path} stays as {DECLARATION} has it; the shell has another value.")
    return data


def _beginnings(source: ProjectSource, file: str) -> Iterator[MergedFile]:
    """Yield devenv.yaml with the nixpkgs of the flake, and the lines of .gitignore, where they are missing."""
    begun = beginning(source.candidate.basis) if source.read(DECLARATION) is None else {}
    if INPUTS in begun:
        data = source.read(file) if file == FLAKE else None
        url = nixpkgs_of(data) if data is not None else None
        path = ["inputs", "nixpkgs", "url"]
        text = begun[INPUTS] if url is None else yaml.set(yaml.Document(begun[INPUTS], INPUTS), path, url).data
        yield MergedFile(INPUTS, lambda _old, _replace: text)
    if _IGNORE in begun:
        yield MergedFile(_IGNORE, lambda _old, _replace: begun[_IGNORE])


def _places(_parameters: Any) -> tuple[str, ...]:  # noqa: ANN401  (there are no parts)
    return ()


DEVENV_NIX = Generator(
    "devenv",
    "A devenv.nix with the packages, variables and hook of an existing flake.nix or shell.nix.",
    (
        Parameter("file", "The file that has the shell; else flake.nix, or shell.nix.", allowed=(FLAKE, SHELL)),
        Parameter("shell", "The name of the shell, of several.", default="default", pattern=r"[\w.-]{1,200}"),
    ),
    _places,
    _generate,
)
