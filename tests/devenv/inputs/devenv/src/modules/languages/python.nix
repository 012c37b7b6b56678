{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.languages.python;
  versioned = config.lib.getInput { name = "nixpkgs-python"; url = "github:cachix/nixpkgs-python"; attribute = "languages.python.version"; follows = [ "nixpkgs" ]; };
in
{
  options.languages.python = {
    enable = lib.mkEnableOption "tools for Python development";
    package = mkOption { type = types.package; default = pkgs.python3; };
    version = mkOption { type = types.nullOr types.str; default = null; example = "3.13"; };
    directory = mkOption { type = types.str; default = config.devenv.root; };
    libraries = mkOption { type = types.listOf types.path; default = [ ]; };
    manylinux.enable = mkOption { type = types.bool; default = true; };
    venv = {
      enable = mkOption { type = types.bool; default = false; };
      quiet = mkOption { type = types.bool; default = false; };
      requirements = mkOption { type = types.nullOr (types.either types.lines types.path); default = null; };
    };
    uv = {
      enable = lib.mkEnableOption "uv";
      package = mkOption { type = types.package; default = pkgs.uv; };
      sync = {
        enable = lib.mkEnableOption "uv sync during devenv initialisation";
        extras = mkOption { type = types.listOf types.str; default = [ ]; };
        groups = mkOption { type = types.listOf types.str; default = [ ]; };
        allExtras = mkOption { type = types.bool; default = false; };
        allGroups = mkOption { type = types.bool; default = false; };
      };
    };
    poetry = {
      enable = lib.mkEnableOption "poetry";
      package = mkOption { type = types.package; default = pkgs.poetry; };
    };
  };
  config = lib.mkIf cfg.enable {
    languages.python.package = lib.mkIf (cfg.version != null) (versioned.packages.${pkgs.stdenv.hostPlatform.system}.${cfg.version} or (throw "Unsupported Python version, see https://github.com/cachix/nixpkgs-python#supported-python-versions"));
    packages = [ cfg.package ] ++ lib.optional cfg.uv.enable cfg.uv.package ++ lib.optional cfg.poetry.enable cfg.poetry.package;
    assertions = [
      { assertion = !(cfg.poetry.enable && cfg.uv.sync.enable); message = "languages.python.poetry.enable and languages.python.uv.sync.enable cannot both be set."; }
    ];
    tasks = lib.mkIf cfg.venv.enable {
      "devenv:python:virtualenv" = { description = "Initialize Python virtual environment"; exec = "mkdir -p \"$DEVENV_STATE/venv\""; before = [ "devenv:enterShell" ]; };
    };
  };
}
