{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.languages.javascript;
  manager = name: {
    enable = lib.mkEnableOption "install ${name}";
    package = mkOption { type = types.package; default = pkgs.${name}; };
    install.enable = lib.mkEnableOption "${name} install during devenv initialisation";
  };
in
{
  options.languages.javascript = {
    enable = lib.mkEnableOption "tools for JavaScript development";
    package = mkOption { type = types.package; default = pkgs.nodejs; };
    directory = mkOption { type = types.str; default = config.devenv.root; };
    npm = manager "nodejs";
    pnpm = manager "pnpm";
    yarn = manager "yarn";
    bun = manager "bun";
    corepack.enable = lib.mkEnableOption "wrappers for npm, pnpm and Yarn via Node.js Corepack";
  };
  config = lib.mkIf cfg.enable {
    packages = [ cfg.package ] ++ lib.concatMap (name: lib.optional cfg.${name}.enable cfg.${name}.package) [ "pnpm" "yarn" "bun" ];
  };
}
