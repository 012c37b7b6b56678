# The options that every project has, and the shell that they make. A small part of devenv's own, written for these tests.
{ config, pkgs, lib, ... }:
let
  inherit (lib) mkOption types;
  failed = builtins.filter (each: !each.assertion) config.assertions;
  bullet = message: "- ${builtins.concatStringsSep "\n  " (lib.splitString "\n" message)}";
  assertAll = value:
    if failed == [ ] then lib.showWarnings config.warnings value
    else throw "Failed assertions:\n${lib.concatMapStringsSep "\n" (each: bullet each.message) failed}\n";
  text = value: if value == true then "1" else if value == false then "" else toString value;
  variables = builtins.mapAttrs (_: text) (lib.filterAttrs (_: value: value != null) config.env);
  files = folder: map (name: folder + "/${name}") (builtins.attrNames (builtins.readDir folder));
  inner = type: mkOption { inherit type; internal = true; };
in
{
  imports = [ ./cachix.nix ./info.nix ./lib.nix ./outputs.nix ./processes.nix ./profiles.nix ./scripts.nix ./tasks.nix ./tests.nix ]
    ++ files ./languages ++ files ./services ++ files ./integrations ++ files ./process-managers;

  options = {
    name = mkOption { type = types.nullOr types.str; default = "devenv-shell"; description = "Name of the project."; };
    env = mkOption { type = types.submodule { freeformType = types.lazyAttrsOf types.anything; }; default = { }; description = "Environment variables."; };
    enterShell = mkOption { type = types.lines; default = ""; description = "Bash code to execute when entering the shell."; };
    packages = mkOption { type = types.listOf types.package; default = [ ]; description = "A list of packages to expose inside the developer environment."; };
    overlays = mkOption { type = types.listOf (types.functionTo (types.functionTo types.attrs)); default = [ ]; };
    stdenv = mkOption { type = types.package; default = pkgs.stdenv; };
    hardeningDisable = mkOption { type = types.listOf types.str; default = [ ]; internal = true; };
    unsetEnvVars = mkOption { type = types.listOf types.str; default = [ "buildInputs" "builder" "shellHook" ]; };
    assertions = mkOption { type = types.listOf types.unspecified; default = [ ]; internal = true; };
    warnings = mkOption { type = types.listOf types.str; default = [ ]; internal = true; };
    git.root = mkOption { type = types.nullOr types.str; default = null; };
    shell = inner types.package;
    ci = mkOption { type = types.listOf types.package; default = [ ]; internal = true; };
    container.isBuilding = mkOption { type = types.bool; default = false; };

    devenv = {
      root = inner types.str;
      dotfile = inner types.str;
      tmpdir = mkOption { type = types.str; default = "/tmp"; internal = true; };
      state = inner types.str;
      runtime = inner types.str;
      profile = inner types.package;
      debug = mkOption { type = types.bool; default = false; };
      warnOnNewVersion = mkOption { type = types.bool; default = true; };
      latestVersion = mkOption { type = types.str; default = lib.removeSuffix "\n" (builtins.readFile ./latest-version); };
      direnvrcLatestVersion = mkOption { type = types.int; default = 2; };
      flakesIntegration = mkOption { type = types.bool; default = false; };
      cliVersion = mkOption { type = types.nullOr types.str; default = config.devenv.cli.version; };
      cli = {
        version = mkOption { type = types.nullOr types.str; default = null; };
        isDevelopment = mkOption { type = types.bool; default = false; internal = true; };
        requireVersionMatch = mkOption { type = types.bool; default = false; internal = true; };
      };
    };
  };

  config = {
    devenv = {
      state = lib.mkDefault (config.devenv.dotfile + "/state");
      runtime = lib.mkDefault "/tmp/devenv-${builtins.substring 0 7 (builtins.hashString "sha256" config.devenv.dotfile)}";
      profile = pkgs.buildEnv { name = "devenv-profile"; paths = config.packages; };
    };
    env = {
      DEVENV_PROFILE = "${config.devenv.profile}";
      DEVENV_STATE = config.devenv.state;
      DEVENV_RUNTIME = config.devenv.runtime;
      DEVENV_DOTFILE = config.devenv.dotfile;
      DEVENV_ROOT = config.devenv.root;
    };
    # As mkShell's: bash builds it, and its own variables are the shell's.
    shell = assertAll (builtins.derivation (variables // {
      inherit (config) name;
      inherit (pkgs) system;
      builder = "/bin/bash";
      args = [ "-c" "printf %s \"$(< \"$textPath\")\" > $out" ];
      outputs = [ "out" ];
      PATH = "${config.devenv.profile}/bin";
      shellHook = config.enterShell;
      passAsFile = [ "text" ];
      text = builtins.toJSON {
        inherit (config) name enterShell;
        profile = "${config.devenv.profile}";
        env = variables;
      };
    }));
    ci = [ config.shell ];
  };
}
