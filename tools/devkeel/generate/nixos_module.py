"""A NixOS module: `services.NAME` with typed options, and a systemd unit that may do little."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devkeel.generate.flake import NIX_FILE
from devkeel.generate.kind import Generated, GeneratedFile, Generator
from devkeel.generate.module_options import bad_module, module_options, words
from devkeel.generate.parameters import Parameter
from devkeel.source import nix

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from devkeel.generate.kind import ProjectSource
    from devkeel.generate.module_options import ModuleOption

__all__ = ["NIXOS_MODULE"]

_FILE = "nixos-module.nix"
# What other programs take a file of this name for.
_OTHERS = r"(?:.*/)?(?:devenv|devenv\.local|flake|shell)\.nix"
_NAME = r"[a-z][a-z0-9-]{0,62}"
# systemd.exec(5), "Sandboxing"; `systemd-analyze security` counts them.
_HARDENED: dict[str, Any] = {
    "CapabilityBoundingSet": "",
    "LockPersonality": True,
    "MemoryDenyWriteExecute": True,
    "NoNewPrivileges": True,
    "PrivateDevices": True,
    "PrivateTmp": True,
    "PrivateUsers": True,
    "ProcSubset": "pid",
    "ProtectClock": True,
    "ProtectControlGroups": True,
    "ProtectHome": True,
    "ProtectHostname": True,
    "ProtectKernelLogs": True,
    "ProtectKernelModules": True,
    "ProtectKernelTunables": True,
    "ProtectProc": "invisible",
    "ProtectSystem": "strict",
    "RemoveIPC": True,
    "RestrictAddressFamilies": ["AF_INET", "AF_INET6", "AF_UNIX"],
    "RestrictNamespaces": True,
    "RestrictRealtime": True,
    "RestrictSUIDSGID": True,
    "SystemCallArchitectures": "native",
    "SystemCallFilter": ["@system-service", "~@privileged", "~@resources"],
    "UMask": "0077",
}
_PARAMETERS = (
    Parameter("name", "The name of the service; without one, that of the project.", pattern=_NAME),
    Parameter("description", "What the unit says of itself.", pattern=r"[^\r\n]{1,200}"),
    Parameter("command", "A program of the package and its arguments; {port} stands for the option port.", "texts"),
    Parameter("options", "Options by name: a default, or type, default, description, variable, choices.", "settings"),
    Parameter("package", "A Nix file for callPackage, as the default of package.", pattern=NIX_FILE),
    Parameter("writable", "Options that name directories which the service may write.", "texts"),
    Parameter("loosened", "Settings of systemd that are left out of the hardening.", "texts", allowed=(*_HARDENED,)),
    Parameter("file", "The file that is written.", default=_FILE, pattern=rf"(?!{_OTHERS}$){NIX_FILE}"),
)


def _generate(source: ProjectSource) -> Generated:
    given = source.parameters
    name, options = given["name"] or source.name, module_options(given["options"] or {})
    lines = [*_options(name, options, given), "", *_config(name, options, given)]
    text = "".join(f"  {line}\n" if line else "\n" for item in lines for line in item.split("\n"))
    file = GeneratedFile(given["file"], text, before="{ config, lib, pkgs, ... }:\n\n{\n", after="}\n")
    return Generated((file,), source.given)


def _options(name: str, options: tuple[ModuleOption, ...], given: Mapping[str, Any]) -> Iterator[str]:
    package: dict[str, nix.Value] = {
        "type": nix.Expression("lib.types.package"),
        "description": "The package that the service runs.",
    }
    if given["package"]:
        package["default"] = nix.Expression(f"pkgs.callPackage ./{given['package']} {{ }}")
    user: dict[str, nix.Value] = {
        "type": nix.Expression("lib.types.nullOr lib.types.str"),
        "default": None,
        "description": "The user that runs it, who has to be there; null: one that systemd makes for it.",
    }
    variables: dict[str, nix.Value] = {
        "type": nix.Expression("lib.types.attrsOf lib.types.str"),
        "default": {},
        "description": "Further variables of the service.",
    }
    style = nix.Style("  ")
    yield f"options.{nix.format_path(('services', name))} = {{"
    yield f"  enable = lib.mkEnableOption {nix.print_value(name)};"
    yield f"  package = lib.mkOption {nix.print_value(package, style)};"
    yield f"  user = lib.mkOption {nix.print_value(user, style)};"
    yield f"  environment = lib.mkOption {nix.print_value(variables, style)};"
    if _ports(options):
        yield '  openFirewall = lib.mkEnableOption "the ports of the service in the firewall";'
    yield from (f"  {item.name} = {item.declaration()};" for item in options)
    yield "};"


def _config(name: str, options: tuple[ModuleOption, ...], given: Mapping[str, Any]) -> Iterator[str]:
    yield "config ="
    yield "  let"
    yield f"    cfg = config.{nix.format_path(('services', name))};"
    yield "    say = value: if builtins.isBool value then lib.boolToString value else toString value;"
    # systemd.unit(5), "Specifiers": % begins one in all that is set here.
    yield '    plain = builtins.replaceStrings [ "%" ] [ "%%" ];'
    # systemd.service(5), "Command lines": quoted as in C, with $ doubled.
    yield '    word = text: builtins.replaceStrings [ "$" ] [ "$$" ] (plain (builtins.toJSON text));'
    yield "  in"
    yield "  lib.mkIf cfg.enable {"
    yield from (f"    {line}" for line in _unit(name, options, given))
    if ports := _ports(options):
        yield f"    networking.firewall.allowedTCPPorts = lib.mkIf cfg.openFirewall [ {' '.join(ports)} ];"
    yield "  };"


def _unit(name: str, options: tuple[ModuleOption, ...], given: Mapping[str, Any]) -> Iterator[str]:
    yield f"{nix.format_path(('systemd', 'services', name))} = {{"
    yield f"  description = {nix.print_value((given['description'] or name).replace('%', '%%'))};"
    yield '  wantedBy = [ "multi-user.target" ];'
    yield '  wants = [ "network-online.target" ];'
    yield '  after = [ "network-online.target" ];'
    yield f"  environment = {_variables(name, options)}cfg.environment;"
    yield "  # A machine that needs more sets what it needs; these are defaults."
    loose = {"Restart": "on-failure", "StateDirectory": name} | _HARDENED
    kept = {key: value for key, value in loose.items() if key not in (given["loosened"] or ())}
    yield f"  serviceConfig = lib.mapAttrs (_: lib.mkDefault) {nix.print_value(kept, nix.Style('      '))} // {{"
    yield from (f"    {line}" for line in _command(name, options, given["command"] or []))
    yield from _writable(options, given["writable"] or [])
    if secrets := [item for item in options if item.type == "secret"]:
        loaded = [
            f"lib.optional (cfg.{item.name} != null) "
            f'(lib.concatStringsSep ":" [ {nix.print_value(item.name)} (plain (toString cfg.{item.name})) ])'
            for item in secrets
        ]
        yield f"    LoadCredential = {' ++ '.join(loaded)};"
    yield "  } // (if cfg.user == null then { DynamicUser = true; } else { User = cfg.user; });"
    yield "};"


def _command(name: str, options: tuple[ModuleOption, ...], command: list[str]) -> Iterator[str]:
    program = '"${cfg.package}/bin/" + ' + nix.print_value(command[0]) if command else "lib.getExe cfg.package"
    yield 'ExecStart = lib.concatMapStringsSep " " word ('
    yield f"  [ ({program}) ]"
    yield from (f"  ++ {item}" for item in words(command[1:], options, name))
    yield ");"


def _variables(name: str, options: tuple[ModuleOption, ...]) -> str:
    found = list[str]()
    for item in options:
        if item.variable is None:
            continue
        value = f'lib.concatStringsSep " " cfg.{item.name}' if item.type == "texts" else item.value(name)
        bound = f"{{ {item.variable} = plain ({value}); }}"
        found.append(f"lib.optionalAttrs (cfg.{item.name} != null) {bound}" if item.nullable else bound)
    return "".join(f"{item} // " for item in found)


def _writable(options: tuple[ModuleOption, ...], names: list[str]) -> Iterator[str]:
    known = {item.name: item for item in options if item.type == "path"}
    if wrong := [item for item in names if item not in known]:
        raise bad_module("writable", wrong[0], "names no option of the type path", tuple(known))
    if names:
        # Quoted, since a space would begin another path (systemd.exec(5)).
        places = " ".join(f"cfg.{item}" for item in names)
        yield f"    ReadWritePaths = map (place: plain (builtins.toJSON (toString place))) [ {places} ];"


def _ports(options: tuple[ModuleOption, ...]) -> list[str]:
    return [f"cfg.{item.name}" for item in options if item.type == "port" and not item.nullable]


NIXOS_MODULE = Generator(
    "nixos-module",
    "A NixOS module: services.NAME with typed options, and a hardened unit of systemd.",
    _PARAMETERS,
    lambda parameters: (parameters["file"],),
    _generate,
)
