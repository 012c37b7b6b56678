{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  policy = import ./policy.nix { inherit lib; };
  task = types.submodule ({ name, config, ... }: {
    options = {
      inherit (policy) env cwd after before;
      type = mkOption { type = types.enum [ "oneshot" "process" ]; default = "oneshot"; };
      exec = mkOption { type = types.nullOr types.str; default = null; description = "Command to execute the task."; };
      status = mkOption { type = types.nullOr types.str; default = null; };
      execIfModified = mkOption { type = types.listOf types.str; default = [ ]; };
      exports = mkOption { type = types.listOf types.str; default = [ ]; };
      description = mkOption { type = types.str; default = ""; };
      showOutput = mkOption { type = types.bool; default = false; };
      input = mkOption { type = types.attrsOf types.anything; default = { }; };
      package = mkOption { type = types.package; default = pkgs.bash; };
      binary = mkOption { type = types.nullOr types.str; default = null; };
      process = mkOption {
        default = { };
        type = types.submodule {
          options = {
            inherit (policy) start ready restart shutdown listen watch watchdog linux;
            ports = mkOption { type = types.attrsOf types.port; default = { }; };
          };
        };
      };
      config = mkOption { type = types.attrsOf types.anything; internal = true; };
    };
    config.config =
      let
        exporting = lib.concatMapStringsSep "\n"
          (name: "printf '%s\\0%s\\0' ${name} \"$(printf %s \"\$${name}\" | base64 -w0)\" >> \"\$DEVENV_TASK_EXPORTS_FILE\"")
          config.exports;
        script = kind: code: if code == null then null else "${pkgs.writeShellScript (builtins.replaceStrings [ ":" ] [ "-" ] "${name}${kind}") code}";
      in
      {
        inherit name;
        inherit (config) type description after before input env cwd process;
        command = script "" (if config.exec == null then null else "set -e\n${config.exec}\n${exporting}");
        status = script "-status" config.status;
        exec_if_modified = config.execIfModified;
        show_output = config.showOutput;
      };
  });
in
{
  options = {
    tasks = mkOption { type = types.attrsOf task; default = { }; };
    task.config = mkOption { type = types.package; internal = true; };
  };
  config = {
    task.config = pkgs.writeText "tasks.json" (builtins.toJSON (lib.mapAttrsToList (_: each: each.config) config.tasks));
    tasks = {
      "devenv:enterShell" = { description = "Runs when entering the shell"; };
      "devenv:enterTest" = { description = "Runs when entering the test environment"; };
    };
  };
}
