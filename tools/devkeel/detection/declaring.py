"""Declaring: how a language or service of a version stands in a devenv.nix, as edits of the vocabulary."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from devkeel.catalogue import packages
from devkeel.catalogue.inputs import Input, needed_inputs
from devkeel.detection.programs import plain_package
from devkeel.source.path import parse_path

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Declaring", "declare", "is_package", "unfree"]

_WHOLE = 3  # numbers of a whole version
# Overlays that options need for some values: catalogue/inputs.py has the rules of values that are plain.
_PHPS = Input("phps", "github:fossar/nix-phps")
_RUST = Input("rust-overlay", "github:oxalica/rust-overlay")
# The option that takes a package, and how nixpkgs calls the package of a series: {0} is its first number.
_PACKAGES = {
    "javascript": ("package", 1, ("nodejs_{0}",)),
    "java": ("jdk.package", 1, ("jdk{0}", "temurin-bin-{0}")),
    "dotnet": ("package", 1, ("dotnet-sdk_{0}",)),
    "erlang": ("package", 1, ("erlang_{0}",)),
    "elixir": ("package", 2, ("elixir_{0}_{1}",)),
    "go": ("package", 2, ("go_{0}_{1}",)),
    "zig": ("package", 2, ("zig_{0}_{1}",)),
    "postgres": ("package", 1, ("postgresql_{0}",)),
    "elasticsearch": ("package", 1, ("elasticsearch{0}",)),
    "mysql": ("package", 2, ("mysql{0}{1}",)),
}
# The option that takes a version, and how many numbers it wants at least.
_VERSIONS = {"python": 2, "ruby": 2, "php": 2, "go": _WHOLE, "terraform": _WHOLE, "zig": _WHOLE}
_CHANNELS = ("stable", "beta", "nightly")
# A path as Nix takes it for a literal.
_PATH = re.compile(r"[A-Za-z0-9._+/-]+")
# The options by which a manager installs what the project names, on entering.
_INSTALLING = {
    "python": ("uv.sync.enable", "poetry.install.enable"),
    "javascript": ("npm.install.enable", "pnpm.install.enable", "yarn.install.enable", "bun.install.enable"),
}

# Those whose package has a license that is not free (nixpkgs, `meta.license.free`), so that it is refused unasked.
_UNFREE = frozenset(
    {
        *("terraform", "vault", "vault-bin", "consul", "nomad", "packer", "vagrant", "boundary"),
        *("mongodb", "mongodb-compass", "elasticsearch", "kibana", "cockroachdb", "cockroachdb-bin", "dynamodb-local"),
        *("google-chrome", "ngrok", "vscode", "unrar", "postman", "slack"),
    }
)


class Declaring(Struct):
    """How something is declared. settings: below its path; expressions: the same, as Nix; notes: what is not."""

    settings: dict[str, Any] = field(default_factory=dict)
    expressions: dict[str, str] = field(default_factory=dict)
    inputs: list[Input] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def edits(self, path: str) -> Iterator[dict[str, Any]]:
        """Yield the edits that declare it: what it is, what is an expression, the inputs that these need."""
        enable: dict[str, Any] = {"kind": "enable", "name": path}
        yield enable | ({"settings": self.settings} if self.settings else {})
        for name, expression in self.expressions.items():
            yield {"kind": "set", "path": f"{path}.{name}", "expression": expression}
        for needed in self.inputs:
            yield needed.edit


def declare(
    group: str,
    name: str,
    version: str | None,
    options: dict[str, Any],
    file: str | None = None,
    paths: dict[str, str] | None = None,
) -> Declaring:
    """Return how a language or service is declared.

    group: `languages` or `services`. options: settings below it; paths: those that take a file, relative to the root.
    file: where the version is said, for an option that reads that file itself.
    """
    declared = Declaring(dict(options))
    declared.expressions |= {key: f"./{path}" for key, path in (paths or {}).items() if _PATH.fullmatch(path)}
    if name == "rust" and (version is not None or file is not None):
        _rust(declared, version or "", file)
    elif version is not None:
        _version(declared, name, version)
    declared.notes += _uninstalled(name, options, declared.expressions)
    declared.notes += unfree(name)
    for key, value in declared.settings.items():
        known = (*needed_inputs((group, name, *parse_path(key)), value),)
        declared.inputs += [item for item in known if item not in declared.inputs]
    return declared


def unfree(name: str) -> list[str]:
    """Return what is to say of the license of a language's, a service's or a package's package: nothing of most."""
    if plain_package(name) not in _UNFREE:
        return []
    refused = "nixpkgs refuses it until devenv.yaml permits that, which is a choice of whoever works here"
    return [f"The package of {name} has a license that is not free: {refused}."]


def _uninstalled(name: str, options: dict[str, Any], expressions: dict[str, str]) -> Iterator[str]:
    """Yield what is to say where a manager is there, and nothing has it install what the project names."""
    if name == "python" and options.get("venv.enable") and "venv.requirements" not in expressions:
        yield "languages.python.venv begins empty: languages.python.venv.requirements says what pip installs into it."
    for option in _INSTALLING.get(name, ()):
        manager = option.partition(".")[0]
        if options.get(f"{manager}.enable") and option not in options:
            path = f"languages.{name}.{option}"
            yield f"{manager} is there and installs nothing by itself: {path} = true has it do so whenever one enters."


def _version(declared: Declaring, name: str, version: str) -> None:
    numbers = version.split(".")
    if len(numbers) >= _VERSIONS.get(name, len(numbers) + 1):
        kept = numbers[:2] if name == "php" else numbers
        declared.settings["version"] = ".".join(kept)
        # devenv, languages/php.nix: another input where nixpkgs has none of that version
        if name == "php" and not is_package(f"php{''.join(kept)}"):
            declared.inputs.append(_PHPS)
        return
    if name not in _PACKAGES:
        return
    option, size, attributes = _PACKAGES[name]
    series = numbers[:size] if len(numbers) >= size else []
    known = [item.format(*series) for item in attributes] if series else []
    attribute = next((item for item in known if is_package(item)), None)
    if attribute is not None:
        declared.expressions[option] = f"pkgs.{attribute}"
    elif known or name in _VERSIONS:
        declared.notes.append(f"{name} {version}: nixpkgs has no package of that series, so that its own stands.")


def _rust(declared: Declaring, version: str, file: str | None) -> None:
    # devenv, languages/rust.nix: the file says version, components and targets; channel and version exclude it.
    if file is not None:
        declared.expressions["toolchainFile"] = f"./{file}"
        declared.inputs.append(_RUST)
        return
    channel, _, date = version.partition("-")
    declared.settings["channel"] = channel if channel in _CHANNELS else "stable"
    if channel not in _CHANNELS:
        numbers = version.split(".")
        declared.settings["version"] = ".".join([*numbers, *["0"] * (_WHOLE - len(numbers))])
    elif date:
        declared.settings["version"] = date


def is_package(attribute: str) -> bool:
    """Return whether the list of names has a package; a check is more lenient, for what the list may lack."""
    names = packages.built_in_names()
    head, dot, rest = attribute.partition(".")
    return rest in names.sets.get(head, frozenset()) if dot else head in names.top
