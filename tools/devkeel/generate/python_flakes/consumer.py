"""A consumer: a flake that takes the Python environment of a provider as an input, and works with its `python`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.generate.kind import Generated, Generator
from devkeel.generate.python_flakes.flake_text import (
    ENVIRONMENT,
    EXAMPLE,
    EXTRA,
    FOLDER,
    NIXPKGS,
    SYSTEMS,
    FlakeText,
    flake_file,
    inputs_of,
    places,
    reference,
    required,
    unlocked,
)

if TYPE_CHECKING:
    from devkeel.generate.kind import ProjectSource

__all__ = ["CONSUMER"]

_ABOUT = "What is made with the Python environment of another flake"


def _generate(source: ProjectSource) -> Generated:
    inputs = inputs_of(source, required(source, "provider", EXAMPLE))
    bindings = f"""
pythonFor = system: {ENVIRONMENT}.packages.${{system}}.{ENVIRONMENT};
"""
    own = """
{
  lib = { inherit pythonFor; };
  packages = each (system: { python = pythonFor system; });
  apps = each (system: {
    python = { type = "app"; program = "${pythonFor system}/bin/python"; };
  });
  devShells = each (system: {
    default = nixpkgs.legacyPackages.${system}.mkShell { packages = [ (pythonFor system) ]; };
  });
}
"""
    flake = flake_file(source, FlakeText(_ABOUT, inputs, bindings, own))
    return Generated((flake,), source.given, findings=unlocked(source, inputs))


CONSUMER = Generator(
    "python-consumer",
    "A flake that takes the Python environment of a provider as an input and works with its python.",
    (
        reference("provider", "The reference of the flake that builds the environment. It has to be given."),
        NIXPKGS,
        SYSTEMS,
        FOLDER,
        EXTRA,
    ),
    places,
    _generate,
)
