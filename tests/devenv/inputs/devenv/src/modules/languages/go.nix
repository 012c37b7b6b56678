{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.languages.go;
  overlay = config.lib.getInput { name = "go-overlay"; url = "github:purpleclay/go-overlay"; attribute = "languages.go.version"; follows = [ "nixpkgs" ]; };
in
{
  options.languages.go = {
    enable = lib.mkEnableOption "tools for Go development";
    package = mkOption { type = types.package; default = pkgs.go; };
    version = mkOption { type = types.nullOr types.str; default = null; };
    enableHardeningWorkaround = mkOption { type = types.bool; default = false; };
  };
  config = lib.mkIf cfg.enable {
    packages = [ (if cfg.version == null then cfg.package else builtins.seq overlay.outPath cfg.package) ];
    env.GOPATH = config.env.DEVENV_STATE + "/go";
  };
}
