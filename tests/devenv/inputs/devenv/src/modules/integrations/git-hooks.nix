{ config, lib, pkgs, inputs ? { }, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.git-hooks;
  wanted = { name = "git-hooks"; url = "github:cachix/git-hooks.nix"; attribute = "git-hooks"; follows = [ "nixpkgs" ]; };
  used = builtins.any (hook: hook.enable or false) (builtins.attrValues cfg.hooks);
in
{
  imports = [ (lib.mkRenamedOptionModule [ "pre-commit" ] [ "git-hooks" ]) ];
  options.git-hooks = mkOption {
    default = { };
    type = types.submodule {
      freeformType = types.attrsOf types.anything;
      options = {
        enable = mkOption { type = types.bool; default = true; };
        package = mkOption { type = types.package; default = pkgs.prek; };
        hooks = mkOption { type = types.attrsOf types.anything; default = { }; };
      };
    };
  };
  config = lib.mkIf (used && cfg.enable) {
    assertions = [{ assertion = inputs ? git-hooks; message = config.lib.missing wanted; }];
    packages = [ cfg.package ];
  };
}
