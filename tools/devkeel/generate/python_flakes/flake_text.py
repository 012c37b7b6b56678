"""The text of a flake of the three roles, from values that are printed: description, inputs, outputs."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from devkeel.errors import Diagnostic, Place, UsageError
from devkeel.generate.extra_outputs import with_extra
from devkeel.generate.inputs import FlakeInput, environment_inputs, require_reference
from devkeel.generate.kind import GeneratedFile
from devkeel.generate.parameters import SYSTEM, Parameter
from devkeel.pinned.flake_lock import read_lock
from devkeel.source import nix
from devkeel.source.flake_reference import FlakeReference
from devkeel.source.inputs import FLAKE
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devkeel.generate.kind import ProjectSource

__all__ = [
    "ENVIRONMENT",
    "EXAMPLE",
    "EXTRA",
    "FILE",
    "FOLDER",
    "NIXPKGS",
    "SYSTEMS",
    "FlakeText",
    "file_of",
    "flake_file",
    "inputs_of",
    "places",
    "reference",
    "required",
    "unlocked",
]

ENVIRONMENT = "python-env"
"""The name of the provider as an input, and of what it makes as a package."""
EXAMPLE = "github:OWNER/REPOSITORY"
"""A reference, to show how one is given."""
_SYSTEMS = ["x86_64-linux", "aarch64-linux", "x86_64-darwin", "aarch64-darwin"]
FILE = r"(?!.*\.\.)[A-Za-z0-9_][A-Za-z0-9_.+-]*(?:/[A-Za-z0-9_][A-Za-z0-9_.+-]*)*"
"""What Nix takes for a path, relative, and without a way out of its directory."""
_REFERENCE = r"[^\s\"\\$]{1,400}"
FOLDER = Parameter("folder", "The directory of the flake, below the project's root.", default="", pattern=f"|{FILE}")
NIXPKGS = Parameter(
    "nixpkgs", "A reference to nixpkgs, which all of the flakes follow; else the environment's.", pattern=_REFERENCE
)
SYSTEMS = Parameter(
    "systems", "The systems that there are outputs for, as x86_64-linux.", "texts", _SYSTEMS, pattern=SYSTEM
)
EXTRA = Parameter(
    "extra",
    "A Nix file of your own, beside the flake: a function of the inputs to further outputs.",
    pattern=rf"{FILE}\.nix",
)


def reference(name: str, about: str) -> Parameter:
    """Return a parameter that is the reference of a flake."""
    return Parameter(name, about, pattern=_REFERENCE)


def required(source: ProjectSource, name: str, example: str) -> Any:  # noqa: ANN401  (a value of JSON)
    """Return a parameter that has no default. Raises UsageError `bad_parameter` where it is not given."""
    value = source.parameters[name]
    if not value:
        raise UsageError(
            "bad_parameter", f"The parameter {name} is missing.", remedy=f"Give it with the call, as {name}={example}."
        )
    return value


def file_of(parameters: Mapping[str, Any], name: str = FLAKE) -> str:
    """Return a file of the flake, from the project's root."""
    return posixpath.join(parameters.get("folder") or "", name)


def places(parameters: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the file that has the parameters of the last time."""
    return (file_of(parameters),)


def inputs_of(source: ProjectSource, provider: str | None = None, **consumers: str) -> list[FlakeInput]:
    """Return nixpkgs and the other inputs, each with what of its own inputs is ours."""
    found = [*environment_inputs(source, nixpkgs=source.parameters["nixpkgs"], whole=False)]
    if provider is not None:
        found.append(_input(ENVIRONMENT, provider, "nixpkgs"))
    return found + [_input(name, url, "nixpkgs", ENVIRONMENT) for name, url in consumers.items()]


def _input(name: str, url: str, *follows: str) -> FlakeInput:
    require_reference(name, url)
    pinned = FlakeReference.of(url).revision is not None
    return FlakeInput(name, {"url": url}, pinned, {each: each for each in follows})


class FlakeText(Struct, frozen=True):
    """A flake of one of the roles.

    bindings: of the let round the outputs, behind those of the systems. own: the outputs, a set.
    """

    about: str
    inputs: list[FlakeInput]
    bindings: str
    own: str


def flake_file(source: ProjectSource, flake: FlakeText) -> GeneratedFile:
    """Return the file of a flake.

    All but the braces round it is made anew: what a person adds stands above or below.
    """
    lines = [
        f"description = {nix.print_value(flake.about)};",
        "",
        *(line for item in flake.inputs for line in item.lines()),
        "",
        "outputs =",
        f"  inputs@{{ {', '.join(('self', *(item.name for item in flake.inputs)))}, ... }}:",
        "  let",
        f"    systems = {nix.print_value(list(source.parameters['systems']))};",
        "    each = nixpkgs.lib.genAttrs systems;",
        *(f"    {line}" for line in flake.bindings.strip("\n").split("\n")),
        "  in",
        *(f"  {line}" for line in _outputs(source, flake.own)),
    ]
    text = "".join(f"  {line}\n" if line else "\n" for line in lines)
    return GeneratedFile(file_of(source.parameters), text, before="{\n", after="}\n")


def _outputs(source: ProjectSource, own: str) -> list[str]:
    return with_extra(source, own.strip("\n").split("\n"), source.parameters["folder"] or "")


def unlocked(source: ProjectSource, inputs: list[FlakeInput]) -> tuple[Diagnostic, ...]:
    """Return `lock_missing` where no lock says which revisions the flake is made of: no hash is made up."""
    file = file_of(source.parameters, "flake.lock")
    lock = read_lock(source.read(file))
    missing = [item.name for item in inputs if lock is None or item.name not in lock.own]
    if not missing:
        return ()
    how = f"{do('lock', action='create', names=[file])} makes it" if file == "flake.lock" else "Nix makes it there"
    message = f"{file} does not hold {', '.join(missing)} yet: {how}"
    return (Diagnostic("lock_missing", "warning", message, "lock", Place(file_of(source.parameters))),)
