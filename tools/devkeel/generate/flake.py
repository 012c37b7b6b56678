"""flake.nix: a package, a development shell, checks of both, for some systems."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devkeel.errors import Diagnostic, Place
from devkeel.generate.extra_outputs import with_extra
from devkeel.generate.inputs import environment_inputs
from devkeel.generate.kind import Generated, GeneratedFile, Generator
from devkeel.generate.packaging import LANGUAGES, package_of
from devkeel.generate.parameters import SYSTEM, Parameter
from devkeel.generate.part import find_parts
from devkeel.generate.shell_contents import plain_contents
from devkeel.pinned.flake_lock import read_lock
from devkeel.project.declaration import is_literal_import, yaml_imports
from devkeel.project.root import DECLARATION, INPUTS
from devkeel.source import nix, yaml
from devkeel.source.inputs import FLAKE
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from devkeel.generate.inputs import FlakeInput
    from devkeel.generate.kind import ProjectSource
    from devkeel.generate.packaging import BuiltPackage

__all__ = ["FLAKE_FILE", "NIX_FILE"]

_LOCK = "flake.lock"
_MODULE, _IMAGE = "nixos-module.nix", "image.nix"
NIX_FILE = r"(?!/)(?!.*(?:^|/)\.\.?(?:/|$))[\w./+-]{1,200}\.nix"
"""A Nix file below the root, whose path stands in Nix as it is."""
# devenv.yaml's reference: what nixpkgs is imported with, by the names that nixpkgs has for it.
_CONFIG = ("allowUnfree", "permittedInsecurePackages")
_IN_FLAKE = frozenset({"inputs", "imports", *_CONFIG})

_PARAMETERS = (
    Parameter("shell", "What the shell is: devenv's with devenv.nix, or mkShell.", allowed=("devenv", "plain")),
    Parameter(
        "package",
        f"What is built: {', '.join(LANGUAGES)}, none, or a Nix file for callPackage.",
        pattern=rf"{'|'.join(LANGUAGES)}|none|{NIX_FILE}",
    ),
    Parameter(
        "systems",
        "The systems that it is for, as x86_64-linux.",
        "texts",
        ["x86_64-linux", "aarch64-linux", "x86_64-darwin", "aarch64-darwin"],
        pattern=SYSTEM,
    ),
    Parameter("checks", "Whether checks build the package and the shell.", "flag", default=True),
    Parameter("nixpkgs", "A reference to nixpkgs; else the environment's.", pattern=r"[\x21-\x7e]{1,300}"),
    Parameter("module", "A NixOS module, for nixosModules.default.", pattern=NIX_FILE),
    Parameter("extra", "A Nix file of your own: a function of the inputs to further outputs.", pattern=NIX_FILE),
)


def _generate(source: ProjectSource) -> Generated:
    given = source.parameters
    whole = (given["shell"] or ("devenv" if source.read(DECLARATION) is not None else "plain")) == "devenv"
    package, notes = package_of(source, given["package"])
    inputs = environment_inputs(source, nixpkgs=given["nixpkgs"], whole=whole)
    shell, told = _devenv_shell(source) if whole else _plain_shell(source, package)
    checked = _checked(package, whole=whole) if given["checks"] else {}
    module = given["module"] or (_MODULE if source.read(_MODULE) is not None else None)
    made = "\n".join(_outputs(package, _image(source, package), shell, _module(source, module, package), checked))
    outputs = [line.removeprefix("  ") for line in made.split("\n")]
    lines = [
        *(line for item in inputs for line in item.lines()),
        "",
        "outputs = inputs@{ self, nixpkgs, ... }:",
        *_let(source, given["systems"]),
        *(f"  {line}" if line else "" for line in with_extra(source, ["{", *outputs, "}"])),
    ]
    text = "".join(f"  {line}\n" if line else "\n" for item in lines for line in item.split("\n"))
    description = f"{{\n  description = {nix.print_value(source.name)};\n\n"
    return Generated(
        (GeneratedFile(FLAKE, text, before=description, after="}\n"),),
        source.given,
        (*notes, *(package.notes if package else ()), *told),
        findings=tuple(_unlocked(source, inputs)),
    )


def _module(source: ProjectSource, name: str | None, package: BuiltPackage | None) -> str | None:
    """Return a NixOS module; one that devkeel made has the package of the flake unless a machine says otherwise."""
    if name is None:
        return None
    parameters = _made_with(source, name, "nixos-module")
    if parameters is None or package is None or parameters.get("package"):
        return f"import ./{name}"
    service = parameters.get("name")
    path = nix.format_path(("services", service if isinstance(service, str) else source.name, "package"))
    return (
        "{ lib, pkgs, ... }: {\n"
        f"      imports = [ ./{name} ];\n"
        f"      {path} = lib.mkDefault self.packages.${{pkgs.stdenv.hostPlatform.system}}.default;\n"
        "    }"
    )


def _image(source: ProjectSource, package: BuiltPackage | None) -> str | None:
    """Return the image of the project, None where devkeel made none, or there is nothing to put into it."""
    parameters = _made_with(source, _IMAGE, "image")
    if parameters is None:
        return None
    if package is not None and not parameters.get("package"):
        return f"import ./{_IMAGE} {{ inherit pkgs; package = self.packages.${{system}}.default; }}"
    return f"import ./{_IMAGE} {{ inherit pkgs; }}" if parameters.get("package") else None


def _made_with(source: ProjectSource, name: str, kind: str) -> dict[str, Any] | None:
    """Return the parameters of a generated part, None where a file has none of that kind."""
    data = source.read(name)
    parts = find_parts(name, data) if data is not None else []
    return next((part.parameters or {} for part in parts if part.kind == kind), None)


def _checked(package: BuiltPackage | None, *, whole: bool) -> dict[str, str]:
    """Return what the checks build. devenv's shell is none of it: it is evaluated where it is entered, impurely."""
    found = {"package": "self.packages.${system}.default"} if package is not None else {}
    return found | ({} if whole else {"shell": "self.devShells.${system}.default"})


def _let(source: ProjectSource, systems: list[str]) -> Iterator[str]:
    config = {name: value for name, value in _settings(source).items() if name in _CONFIG}
    yield "  let"
    yield f"    systems = {nix.print_value([*systems], nix.Style('    '))};"
    if config:
        printed = nix.print_value(config, nix.Style("      "))
        yield f"    packages = system: import nixpkgs {{\n      inherit system;\n      config = {printed};\n    }};"
    else:
        yield "    packages = system: nixpkgs.legacyPackages.${system};"
    yield "    each = make: nixpkgs.lib.genAttrs systems (system: make system (packages system));"
    yield "  in"


def _outputs(
    package: BuiltPackage | None,
    image: str | None,
    shell: str,
    module: str | None,
    checked: Mapping[str, str],
) -> Iterator[str]:
    style = nix.Style("      ")
    if package is not None or image is not None:
        yield "    packages = each (system: pkgs: {"
        if package is not None:
            yield f"      default = {package.text(style)};"
        if image is not None:
            yield "    } // nixpkgs.lib.optionalAttrs pkgs.stdenv.hostPlatform.isLinux {"
            yield f"      image = {image};"
        yield "    });"
        yield ""
    yield "    devShells = each (system: pkgs: {"
    yield f"      default = {shell};"
    yield "    });"
    if checked:
        yield ""
        yield "    checks = each (system: pkgs: {"
        yield from (f"      {name} = {value};" for name, value in checked.items())
        yield "    });"
    if module is not None:
        yield ""
        yield f"    nixosModules.default = {module};"


def _devenv_shell(source: ProjectSource) -> tuple[str, tuple[str, ...]]:
    """Return devenv's shell with the declaration as its modules, and what is not in it."""
    modules, left = [f"./{DECLARATION}"], list[str]()
    for target in yaml_imports(source.read(INPUTS) or b""):
        path = target if target.startswith(".") else f"./{target}"
        found = next((name for name in (f"{path}/{DECLARATION}", path) if _is_module(source, name)), None)
        (modules if found else left).append(found or f"the import {target} of {INPUTS}")
    left += [f"{name} of {INPUTS}" for name in _settings(source) if name not in _IN_FLAKE]
    printed = nix.print_value([nix.Expression(name) for name in modules], nix.Style("        "))
    text = f"{{\n        inherit inputs pkgs;\n        modules = {printed};\n      }}"
    told = (f"The shell has nothing of: {'; '.join(left)}.",) if left else ()
    return f"inputs.devenv.lib.mkShell {text}", told


def _is_module(source: ProjectSource, path: str) -> bool:
    return path.endswith(".nix") and is_literal_import(path) and source.read(path) is not None


def _plain_shell(source: ProjectSource, package: BuiltPackage | None) -> tuple[str, tuple[str, ...]]:
    """Return mkShell with what of the declaration can be carried over, and what cannot."""
    contents = plain_contents(source.declared if source.read(DECLARATION) is not None else {})
    attributes = contents.attributes()
    if package is not None:  # what builds the package is what one develops it with
        attributes = {"inputsFrom": [nix.Expression("self.packages.${system}.default")], **attributes}
    told = (f"A plain shell has nothing of: {'; '.join(contents.left)}.",) if contents.left else ()
    return f"pkgs.mkShell {nix.print_value(attributes, nix.Style('      '))}", told


def _settings(source: ProjectSource) -> Mapping[str, Any]:
    """Return what devenv.yaml says, by its top names."""
    data = source.read(INPUTS)
    if data is None:
        return {}
    document = yaml.Document(data, INPUTS)
    root = document.root
    entries = root.entries if root is not None and root.kind == "map" else []
    names = [item.key.value for item in entries]
    return {name: yaml.get(document, [name]) for name in names}


def _unlocked(source: ProjectSource, inputs: tuple[FlakeInput, ...]) -> Iterator[Diagnostic]:
    """Yield `lock_missing` where no lock says which revisions the flake is made of."""
    lock = read_lock(source.read(_LOCK))
    missing = [item.name for item in inputs if lock is None or item.name not in lock.own]
    if missing:
        loose = [item.name for item in inputs if item.name in missing and not item.pinned]
        by = f", and {FLAKE} names {', '.join(loose)} by no revision" if loose else ""
        yield Diagnostic(
            "lock_missing",
            "warning",
            f"{_LOCK} does not hold {', '.join(missing)} yet{by}: "
            f"{do('lock', action='create', names=[_LOCK])} makes it",
            "lock",
            Place(FLAKE),
        )


FLAKE_FILE = Generator(
    "flake",
    "A flake.nix with a package, a development shell and checks, its nixpkgs as devenv.lock pins it.",
    _PARAMETERS,
    lambda _: (FLAKE,),
    _generate,
)
