{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  script = types.submodule ({ name, config, ... }: {
    options = {
      exec = mkOption { type = types.either types.str types.path; description = "Shell code to execute when the script is run."; };
      description = mkOption { type = types.str; default = ""; };
      package = mkOption { type = types.package; default = pkgs.bash; };
      packages = mkOption { type = types.listOf types.package; default = [ ]; };
      binary = mkOption { type = types.nullOr types.str; default = null; };
      scriptPackage = mkOption { type = types.package; internal = true; };
    };
    config.scriptPackage = pkgs.writeShellScriptBin name ''
      ${lib.concatMapStringsSep "\n" (package: "export PATH=${package}/bin:$PATH") config.packages}
      ${config.exec}
    '';
  });
in
{
  options.scripts = mkOption { type = types.attrsOf script; default = { }; description = "A set of scripts available when the environment is active."; };
  config.packages = lib.mapAttrsToList (_: each: each.scriptPackage) config.scripts;
}
