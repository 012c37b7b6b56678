{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.dotenv;
  load = (config._module.args.devenvPrimops or { }).loadDotenv or (_: throw "The dotenv integration requires the C-Nix devenv CLI. It is not\navailable through the flake integration or another standalone Nix evaluation.\n");
in
{
  options.dotenv = {
    enable = lib.mkEnableOption ".env integration";
    filename = mkOption { type = types.either types.str (types.listOf types.str); default = ".env"; };
    substitution = mkOption { type = types.bool; default = false; };
    disableHint = mkOption { type = types.bool; default = false; };
    resolved = mkOption { type = types.attrsOf types.str; default = { }; };
  };
  config = lib.mkIf cfg.enable {
    dotenv.resolved = load (lib.toList cfg.filename);
    env = builtins.mapAttrs (_: lib.mkDefault) cfg.resolved;
  };
}
