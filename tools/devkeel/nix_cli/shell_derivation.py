"""A shell as its derivation says it, which nothing has to be built for: packages, hook, variables.

What belongs to building it is left out. What setup hooks of packages set on entering is in no derivation.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.nix_cli.derivation_file import DerivationFile, read_derivation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


__all__ = ["ShellDerivation", "ShellPackage", "read_shell"]

_PATH = re.compile(r"/nix/store/[0-9a-z]{32}-(?P<name>[\w.+?=-]+)")
# A version begins at the first dash before what is no letter (nix, src/libstore/names.cc, `DrvName`).
_VERSION = re.compile(r"(?P<name>.+?)-(?P<version>[^a-zA-Z].*)")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# nixpkgs, pkgs/stdenv/generic/make-derivation.nix: what a shell is made with; `packages` of mkShell are among the
# second (pkgs/build-support/mkshell).
_INPUTS = (
    *("packages", "nativeBuildInputs", "buildInputs", "propagatedNativeBuildInputs", "propagatedBuildInputs"),
    *("depsBuildBuild", "depsBuildBuildPropagated", "depsBuildTarget", "depsBuildTargetPropagated"),
    *("depsHostHost", "depsHostHostPropagated", "depsTargetTarget", "depsTargetTargetPropagated"),
)
# Where a profile, which has links to the files of packages, has their paths (nixpkgs, pkgs/build-support/buildenv).
_JOINED = ("chosenOutputs", "pkgs", "paths")
_HOOK = "shellHook"
# What the same files give a derivation that is none of the shell's own variables.
_BUILDERS = frozenset(
    {
        *("args", "builder", "name", "outputs", "stdenv", "system", "pname", "version", "strictDeps", "phases", "env"),
        *("buildPhase", "buildCommand", "preferLocalBuild", "allowSubstitutes", "doCheck", "doInstallCheck", "patches"),
        *("configureFlags", "cmakeFlags", "mesonFlags", "enableParallelBuilding", "enableParallelChecking", "src"),
        *("enableParallelInstalling", "passAsFile", "hardeningDisable", "hardeningEnable", "dontAddDisableDepTrack"),
        *("outputHash", "outputHashAlgo", "outputHashMode", "requiredSystemFeatures", "impureEnvVars", "unpackPhase"),
        "nobuildPhase",
        *("installPhase", "dontUnpack", "userHook", "nativeCheckInputs", "checkInputs", "propagatedUserEnvPkgs"),
    }
)


class ShellPackage(Struct, frozen=True):
    """A package of a shell. derivation: what builds it, None for a path that is there without one."""

    name: str
    version: str | None
    path: str
    derivation: str | None


class ShellDerivation(Struct, frozen=True):
    """What a derivation says of a shell. unnamed: packages whose content decides their path, which is not known yet."""

    name: str
    system: str
    packages: tuple[ShellPackage, ...]
    hook: str
    variables: Mapping[str, str]
    unnamed: tuple[str, ...] = ()


def read_shell(
    derivation: DerivationFile, read: Callable[[str], DerivationFile | None] = read_derivation
) -> ShellDerivation:
    """Return a shell as its derivation says it. read: a derivation by its path."""
    given = derivation.given
    built, unnamed = _built(derivation, read)
    paths = _paths(given, _INPUTS)
    profiles = [built[text] for text in dict.fromkeys(given.values()) if text in built and not paths]
    for _, profile in profiles:
        paths |= _paths(profile.given, _JOINED)
        more, others = _built(profile, read)
        built, unnamed = {**built, **more}, [*unnamed, *others]
    outputs = {*derivation.outputs, *given.get("outputs", "").split()}
    variables = {
        name: text
        for name, text in given.items()
        if _NAME.fullmatch(name)
        and name not in _BUILDERS
        and name not in {*_INPUTS, _HOOK, *outputs}
        # `__structuredAttrs` and its kind are Nix' own.
        and not name.startswith("__")
    }
    return ShellDerivation(
        given.get("name", ""),
        derivation.system,
        tuple(_package(path, built.get(path)) for path in paths),
        given.get(_HOOK, ""),
        variables,
        tuple(unnamed),
    )


def _built(
    derivation: DerivationFile, read: Callable[[str], DerivationFile | None]
) -> tuple[dict[str, tuple[str, DerivationFile]], list[str]]:
    """Return what builds each path that a derivation takes, and what is built whose path is not known before."""
    built, unnamed = dict[str, tuple[str, DerivationFile]](), list[str]()
    for path in derivation.inputs:
        found = read(path)
        if found is not None and found.is_content_addressed:
            unnamed.append(_called(found, path)[0])
        elif found is not None:
            built |= {output.path: (path, found) for output in found.outputs.values()}
    return built, unnamed


def _paths(given: Mapping[str, str], names: Iterable[str]) -> dict[str, None]:
    return dict.fromkeys(match[0] for name in names for match in _PATH.finditer(given.get(name, "")))


def _package(path: str, built: tuple[str, DerivationFile] | None) -> ShellPackage:
    if built is not None:
        place, derivation = built
        return ShellPackage(*_called(derivation, place), path, place)
    match = _PATH.fullmatch(path)
    return ShellPackage(*_split(match["name"] if match else path), path, None)


def _called(derivation: DerivationFile, path: str) -> tuple[str, str | None]:
    """Return what a package is called, and its version, as it says itself, else as its name has it."""
    given = derivation.given
    whole = given.get("name") or path.partition("-")[2].removesuffix(".drv")
    name, version = _split(whole)
    return given.get("pname") or name, given.get("version") or version


def _split(name: str) -> tuple[str, str | None]:
    match = _VERSION.fullmatch(name)
    return (match["name"], match["version"]) if match else (name, None)
