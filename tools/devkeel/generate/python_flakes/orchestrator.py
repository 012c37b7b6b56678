"""The orchestrator: a flake that puts a provider and its consumers together, all of them on one nixpkgs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from devkeel.errors import UsageError
from devkeel.generate.kind import Generated, Generator
from devkeel.generate.parameters import Parameter
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

__all__ = ["ORCHESTRATOR"]

_ABOUT = "Several flakes on one Python environment and one nixpkgs"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
_REFERENCE = re.compile(r"[^\s\"\\$]{1,400}")
# nix, src/libexpr/lexer.l, and what the flake has under these names already.
_TAKEN = frozenset(
    {
        *("if", "then", "else", "assert", "with", "let", "in", "rec", "inherit", "or", "self", "inputs", "nixpkgs"),
        *(ENVIRONMENT, "systems", "each", "consumers", "pythonFor", "own", "whole", "others", "default"),
    }
)


def _generate(source: ProjectSource) -> Generated:
    consumers = _consumers(required(source, "consumers", '{"api": "github:OWNER/api"}'))
    inputs = inputs_of(source, required(source, "provider", EXAMPLE), **consumers)
    bindings = f"""
consumers = {{ inherit {" ".join(consumers)}; }};
# A consumer with another Python than the provider's does not follow this flake's inputs.
pythonFor = system:
  let
    python = {ENVIRONMENT}.packages.${{system}}.{ENVIRONMENT};
    differs = name: consumers.${{name}}.packages.${{system}}.python.drvPath != python.drvPath;
    others = builtins.filter differs (builtins.attrNames consumers);
  in
  if others == [ ] then python else throw "another Python than the provider's: ${{toString others}}";
"""
    own = f"""
{{
  lib = {{ inherit consumers pythonFor; }};
  packages = each (system: {{ {ENVIRONMENT} = pythonFor system; }});
  checks = each (system: {{ one-python = pythonFor system; }});
  devShells = each (system:
    builtins.mapAttrs (_: consumer: consumer.devShells.${{system}}.default) consumers
    // {{ default = nixpkgs.legacyPackages.${{system}}.mkShell {{ packages = [ (pythonFor system) ]; }}; }});
}}
"""
    flake = flake_file(source, FlakeText(_ABOUT, inputs, bindings, own))
    return Generated((flake,), source.given, findings=unlocked(source, inputs))


def _consumers(given: dict[str, Any]) -> dict[str, str]:
    """Return the consumers by their names. Raises UsageError `bad_parameter` for what cannot be an input."""
    for name, url in given.items():
        if not _NAME.fullmatch(name) or name in _TAKEN:
            why = "is taken" if name in _TAKEN else "is no name that Nix takes as it stands"
        elif not isinstance(url, str) or not _REFERENCE.fullmatch(url):
            why = "has no reference of a flake"
        else:
            continue
        raise UsageError(
            "bad_parameter",
            f"A consumer cannot be named so: {name} {why}.",
            seen=f"{name}={url}"[:200],
            remedy='Give names with references: {"app": "github:OWNER/REPOSITORY"}.',
        )
    return dict(sorted(given.items()))


ORCHESTRATOR = Generator(
    "python-orchestrator",
    "A flake that puts a provider of a Python environment and its consumers together, on one nixpkgs.",
    (
        reference("provider", "The reference of the flake that builds the environment. It has to be given."),
        Parameter("consumers", "References of the consumers by their names. At least one has to be given.", "settings"),
        NIXPKGS,
        SYSTEMS,
        FOLDER,
        EXTRA,
    ),
    places,
    _generate,
)
