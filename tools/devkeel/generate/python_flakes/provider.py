"""The provider: a flake that builds one Python environment from a file of names, and shows it."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from devkeel.errors import Place, ProjectError
from devkeel.generate.kind import Generated, Generator, MergedFile
from devkeel.generate.parameters import Parameter
from devkeel.generate.python_flakes.flake_text import (
    ENVIRONMENT,
    EXTRA,
    FOLDER,
    NIXPKGS,
    SYSTEMS,
    FlakeText,
    file_of,
    file_parameter,
    flake_file,
    inputs_of,
    places,
    unlocked,
)

if TYPE_CHECKING:
    from devkeel.generate.kind import ProjectSource

__all__ = ["PROVIDER"]

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
    _require_names(file_of(given, packages), source.read(file_of(given, packages)))
    begun = "".join(f"{name}\n" for name in given["libraries"])
    listed = MergedFile(file_of(given, packages), partial(_keep, f"{_HEAD}{begun}"))
    return Generated((flake, listed), source.given, findings=unlocked(source, inputs))


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
        file_parameter("packages", "The file beside the flake with the names, one a line.", "python-packages.txt"),
        Parameter("libraries", "What that file begins with.", "texts", [], pattern=r"[A-Za-z0-9][A-Za-z0-9._-]*"),
        Parameter("python", "The interpreter, as nixpkgs names it.", default="python3", pattern=r"python3[0-9]{0,2}"),
        NIXPKGS,
        SYSTEMS,
        FOLDER,
        EXTRA,
    ),
    places,
    _generate,
)
