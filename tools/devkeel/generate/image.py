"""An OCI image: by nixpkgs' dockerTools of the package and what is declared, or as a container of devenv."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devkeel.errors import UsageError
from devkeel.generate.flake import NIX_FILE
from devkeel.generate.kind import Generated, GeneratedFile, Generator, MergedFile
from devkeel.generate.parameters import Parameter
from devkeel.generate.shell_contents import plain_contents
from devkeel.project.root import DECLARATION
from devkeel.source import nix

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from devkeel.generate.kind import ProjectSource

__all__ = ["IMAGE", "IMAGE_FILE"]

IMAGE_FILE = "image.nix"
_CONTAINER_FILE = "container.nix"
_PARAMETERS = (
    Parameter(
        "form",
        "By dockerTools, or as one of devenv's containers, which has the whole environment.",
        default="docker",
        allowed=("docker", "devenv"),
    ),
    Parameter("name", "What the image is called; else as the project.", pattern=r"[a-z0-9]+(?:[._/-][a-z0-9]+)*"),
    Parameter("tag", "Its tag.", default="latest", pattern=r"\w[\w.-]{0,127}"),
    Parameter("command", "What it runs, word by word; without it, the package's main program.", "texts"),
    Parameter("ports", "Where it listens, as 8080 or 53/udp.", "texts", pattern=r"[0-9]{1,5}(?:/(?:tcp|udp))?"),
    Parameter("variables", "Further variables, by name.", "settings"),
    Parameter("package", "A Nix file for callPackage: what the image is of.", pattern=NIX_FILE),
    Parameter(
        "user",
        "Who runs it: user or user:group; not root unless you say so.",
        default="65534:65534",
        pattern=r"[\w-]+(?::[\w-]+)?",
    ),
)


def _generate(source: ProjectSource) -> Generated:
    if source.parameters["form"] == "devenv":
        return _container(source)
    return _image(source)


def _image(source: ProjectSource) -> Generated:
    """Return a function of nixpkgs and a package, which a flake calls with its own, or nix-build by itself."""
    given = source.parameters
    contents = plain_contents(source.declared if source.read(DECLARATION) is not None else {})
    variables = {**{name: _said(value) for name, value in contents.variables.items()}, **_variables(given["variables"])}
    command = given["command"]
    config: dict[str, nix.Value] = {
        "Cmd": [*command] if command else nix.Expression("[ (pkgs.lib.getExe package) ]"),
        "User": given["user"],
        "WorkingDir": "/",
    }
    if variables:
        config["Env"] = [f"{name}={value}" for name, value in variables.items()]
    if given["ports"]:
        config["ExposedPorts"] = {f"{port}/tcp" if "/" not in port else port: {} for port in given["ports"]}
    packages = " ".join(("package", *(f"pkgs.{name}" for name in contents.packages)))
    image: dict[str, nix.Value] = {
        "name": given["name"] or source.name,
        "tag": given["tag"],
        # A file of certificates, for what speaks TLS; all else is what the packages bring.
        "contents": nix.Expression(f"[ pkgs.dockerTools.caCertificates {packages} ]"),
        "config": config,
    }
    default = f" ? pkgs.callPackage ./{given['package']} {{ }}" if given["package"] else ""
    text = f"{{ pkgs ? import <nixpkgs> {{ }}, package{default} }}:\n\n"
    text += f"pkgs.dockerTools.streamLayeredImage {nix.print_value(image)}\n"
    told = (f"The image has nothing of: {'; '.join(contents.left)}.",) if contents.left else ()
    return Generated((GeneratedFile(IMAGE_FILE, text),), source.given, told)


def _container(source: ProjectSource) -> Generated:
    """Return a module of devenv with a container, and the declaration that imports it."""
    given = source.parameters
    if source.read(DECLARATION) is None:
        raise _bad("form", f"devenv's containers are declared beside a {DECLARATION}, and there is none")
    if not given["command"]:
        raise UsageError(
            "bad_parameter",
            "The parameter command is missing: a container of devenv has no program of its own.",
            remedy='Give what it runs, word by word, as command=["serve", "--port=8080"].',
        )
    if given["ports"] or given["package"]:
        raise _bad("ports" if given["ports"] else "package", "devenv's containers have none")
    name = given["name"] or source.name
    text = "".join(f"  {line}\n" for line in _module(name, given))
    part = GeneratedFile(_CONTAINER_FILE, text, before="{ config, pkgs, ... }:\n\n{\n", after="}\n")
    return Generated((part, MergedFile(DECLARATION, _importing)), source.given)


def _module(name: str, given: Mapping[str, Any]) -> Iterator[str]:
    said: dict[str, nix.Value] = {"name": name, "version": given["tag"], "startupCommand": [*given["command"]]}
    printed = nix.print_value(said).split("\n")
    path = nix.format_path(("containers", name))
    yield f"{path} = {printed[0]}"
    yield from printed[1:-1]
    yield f"{printed[-1]};"
    for key, value in _variables(given["variables"]).items():
        inside = nix.print_value(value)
        yield f"{nix.format_path(('env', key))} = pkgs.lib.mkIf config.container.isBuilding {inside};"


def _importing(old: bytes | None, replace: bool) -> bytes:  # noqa: ARG001  (as every file is merged)
    return nix.add_imports(old or b"", f"./{_CONTAINER_FILE}").data


def _variables(given: Mapping[str, Any] | None) -> dict[str, str]:
    found = given or {}
    if wrong := [name for name, value in found.items() if isinstance(value, (dict, list)) or not name or "=" in name]:
        raise _bad("variables", f"{wrong[0][:80]} is no variable with a value of text, number or truth")
    return {name: _said(value) for name, value in found.items()}


def _said(value: object) -> str:
    """Return the text of a variable: true is 1 and false nothing, as in a shell of Nix (Nix manual, `toString`)."""
    if isinstance(value, bool):
        return "1" if value else ""
    return "" if value is None else str(value)


def _bad(name: str, why: str) -> UsageError:
    return UsageError(
        "bad_parameter",
        f"The parameter {name} cannot be so: {why}.",
        seen=name,
        remedy="Give another, or leave it out.",
    )


def _places(parameters: Mapping[str, Any]) -> tuple[str, ...]:
    found = (IMAGE_FILE, _CONTAINER_FILE)
    return found[::-1] if parameters["form"] == "devenv" else found


IMAGE = Generator(
    "image",
    "The declaration of an OCI image: image.nix by dockerTools, or a container of devenv.",
    _PARAMETERS,
    _places,
    _generate,
)
