"""The provider: a flake that builds one Python environment from a file of names, and shows it."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from devkeel.catalogue.packages import is_slip, open_names, suggest
from devkeel.errors import Place, ProjectError
from devkeel.generate.kind import Generated, Generator, MergedFile
from devkeel.generate.parameters import Parameter
from devkeel.generate.python_flakes.flake_text import (
    ENVIRONMENT,
    EXTRA,
    FILE,
    FOLDER,
    NIXPKGS,
    SYSTEMS,
    FlakeText,
    file_of,
    flake_file,
    inputs_of,
    places,
    unlocked,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from devkeel.generate.kind import ProjectSource

__all__ = ["PROVIDER"]

_SET = "python3Packages"
# As the flake reads them.
_LINE = re.compile(r"[ \t]*[A-Za-z0-9._-]*[ \t]*(#.*)?")
_ABOUT = "The Python environment that several flakes share"
_HEAD = "# One library a line, as nixpkgs names it below python3Packages; nixpkgs decides the versions.\n"


def _generate(source: ProjectSource) -> Generated:
    given = source.parameters
    packages = given["packages"]
    bindings = f"""
# A line of {packages} is the name of a library, or a remark.
nameOf = line:
  let found = builtins.match "[ \\t]*([A-Za-z0-9._-]*)[ \\t]*(#.*)?" line;
  in if found == null
    then throw "{packages} has a line that is no name of a library: ${{line}}"
    else builtins.head found;
lines = builtins.filter builtins.isString (builtins.split "[\\r\\n]+" (builtins.readFile ./{packages}));
names = builtins.filter (name: name != "") (map nameOf lines);
# PyPI's spelling of a name is taken too; nixpkgs writes it in small letters with `-`.
normal = name: nixpkgs.lib.toLower (builtins.replaceStrings [ "_" "." ] [ "-" "-" ] name);
pythonFor = pkgs: pkgs.{given["python"]}.withPackages (libraries:
  let
    library = name: libraries.${{name}} or libraries.${{normal name}} or (throw (missing + name));
    missing = "{packages}: nixpkgs has no Python library ";
  in
  map library names);
"""
    own = f"""
{{
  # Functions have their place under `lib`: an argument of `outputs` would be an input.
  lib = {{ inherit names pythonFor; }};
  packages = each (system: rec {{
    {ENVIRONMENT} = pythonFor nixpkgs.legacyPackages.${{system}};
    default = {ENVIRONMENT};
  }});
}}
"""
    inputs = inputs_of(source)
    flake = flake_file(source, FlakeText(_ABOUT, inputs, bindings, own))
    file = file_of(given, packages)
    there = source.read(file)
    _require_names(file, there)
    begun = "".join(f"{name}\n" for name in given["libraries"])
    listed = MergedFile(file, partial(_keep, f"{_HEAD}{begun}"))
    # What the file began with is of no use to the next call: the file has it.
    kept = {name: value for name, value in source.given.items() if name != "libraries"}
    notes = (*_unlisted(file, there, given["libraries"]), *_unknown(given["libraries"]))
    return Generated((flake, listed), kept, notes, findings=unlocked(source, inputs))


def _unlisted(file: str, data: bytes | None, wanted: Sequence[str]) -> Iterator[str]:
    """Yield which libraries that are asked for a file of names lacks, which is not written to."""
    lines = (data or b"").decode("utf-8", "replace").splitlines()
    there = {_normal(line.partition("#")[0].strip()) for line in lines}
    missing = [name for name in wanted if _normal(name) not in there]
    if data is not None and missing:
        yield f"{file} is there and stays as it is: write {', '.join(missing)} into it, a line each."


def _unknown(wanted: Sequence[str]) -> Iterator[str]:
    """Yield libraries that are certainly misspelt, with the nearest."""
    names = open_names()
    for name in wanted:
        whole = f"{_SET}.{_normal(name)}"
        if not names.status_of(whole).known and is_slip(whole, near := suggest(whole)):
            nearest = ", ".join(item.removeprefix(f"{_SET}.") for item in near)
            yield f"nixpkgs is not known to have a Python library {name}; nearest: {nearest}."


def _normal(name: str) -> str:
    return re.sub(r"[_.]", "-", name).lower()


def _require_names(name: str, data: bytes | None) -> None:
    """Refuse a file of names that the flake would refuse. Raises ProjectError `bad_package_file`."""
    for number, line in enumerate((data or b"").decode("utf-8", "replace").splitlines(), start=1):
        if not _LINE.fullmatch(line):
            raise ProjectError(
                "bad_package_file",
                "The file of libraries has a line that is no name alone.",
                place=Place(name, number),
                seen=line.strip()[:120],
                remedy="Write the name alone: nixpkgs decides the version, and has no extras.",
            )


def _keep(begun: str, old: bytes | None, replace: bool) -> bytes:  # noqa: ARG001  (it is never replaced)
    """Return the file of names, which is a person's: it only begins here."""
    return begun.encode() if old is None else old


PROVIDER = Generator(
    "python-provider",
    "A flake that builds one Python environment from a file of names, for other flakes to take.",
    (
        Parameter(
            "packages",
            "The text file beside the flake with the names, one a line.",
            default="python-packages.txt",
            pattern=rf"{FILE}\.txt",
        ),
        Parameter(
            "libraries",
            "Names that the file begins with, as PyPI spells them: numpy,flask-cors.",
            "texts",
            [],
            pattern=r"(?!python[0-9]*Packages\.)[A-Za-z0-9][A-Za-z0-9._-]*",
        ),
        Parameter("python", "The interpreter, as nixpkgs names it.", default="python3", pattern=r"python3[0-9]{0,2}"),
        NIXPKGS,
        SYSTEMS,
        FOLDER,
        EXTRA,
    ),
    places,
    _generate,
)
