{ lib, pkgs, ... }:
{
  options.cachix = {
    enable = lib.mkOption { type = lib.types.bool; default = true; description = "Whether to enable Cachix integration."; };
    pull = lib.mkOption { type = lib.types.listOf lib.types.str; default = [ ]; description = "Which Cachix caches to pull from."; };
    push = lib.mkOption { type = lib.types.nullOr lib.types.str; default = null; };
    package = lib.mkOption { type = lib.types.package; default = pkgs.cachix; };
  };
  config.cachix.pull = [ "devenv" ];
}
