{ config, lib, pkgs, ... }:
{
  options.languages.nix = {
    enable = lib.mkEnableOption "tools for Nix development";
    lsp = {
      enable = lib.mkOption { type = lib.types.bool; default = true; };
      package = lib.mkOption { type = lib.types.package; default = pkgs.nixd; };
    };
  };
  config = lib.mkIf config.languages.nix.enable {
    packages = lib.optional config.languages.nix.lsp.enable config.languages.nix.lsp.package;
  };
}
