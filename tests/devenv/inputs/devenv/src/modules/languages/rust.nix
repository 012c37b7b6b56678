{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.languages.rust;
  overlay = config.lib.getInput { name = "rust-overlay"; url = "github:oxalica/rust-overlay"; attribute = "languages.rust.channel"; follows = [ "nixpkgs" ]; };
in
{
  options.languages.rust = {
    enable = lib.mkEnableOption "tools for Rust development";
    channel = mkOption { type = types.enum [ "nixpkgs" "stable" "beta" "nightly" ]; default = "nixpkgs"; };
    version = mkOption { type = types.str; default = "latest"; };
    components = mkOption { type = types.listOf types.str; default = [ "rustc" "cargo" "clippy" "rustfmt" "rust-analyzer" ]; };
    targets = mkOption { type = types.listOf types.str; default = [ ]; };
    rustflags = mkOption { type = types.str; default = ""; };
    toolchain = mkOption { type = types.attrsOf types.anything; default = { inherit (pkgs) rustc cargo clippy rustfmt rust-analyzer; }; };
  };
  config = lib.mkIf cfg.enable {
    packages =
      if cfg.channel == "nixpkgs" then map (name: cfg.toolchain.${name}) cfg.components
      else builtins.seq overlay.outPath (map (name: cfg.toolchain.${name}) cfg.components);
    env = lib.mkIf (cfg.rustflags != "") { RUSTFLAGS = cfg.rustflags; };
  };
}
