{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  policy = import ./policy.nix { inherit lib; };
  allocate = (config._module.args.devenvPrimops or { }).allocatePort or (_: _: base: base);
  port = process: types.submodule ({ name, config, ... }: {
    options = {
      allocate = mkOption { type = types.port; description = "Base port for auto-allocation."; };
      value = mkOption { type = types.port; readOnly = true; default = allocate process name config.allocate; };
    };
  });
  process = types.submodule ({ name, ... }: {
    options = policy // {
      exec = mkOption { type = types.str; description = "Bash code to run the process."; };
      ports = mkOption { type = types.attrsOf (port name); default = { }; };
      process-compose = mkOption { type = types.attrs; default = { }; };
    };
  });
in
{
  imports = [
    (lib.mkRenamedOptionModule [ "process" "implementation" ] [ "process" "manager" "implementation" ])
  ];
  options = {
    processes = mkOption { type = types.attrsOf process; default = { }; description = "Processes can be started with ``devenv up``."; };
    process.manager = {
      implementation = mkOption { type = types.enum [ "hivemind" "honcho" "mprocs" "native" "overmind" "process-compose" ]; default = "native"; };
      before = mkOption { type = types.lines; default = ""; };
      after = mkOption { type = types.lines; default = ""; };
      args = mkOption { type = types.attrs; default = { }; };
    };
  };
  config = {
    assertions = map
      (when: {
        assertion = config.process.manager.implementation != "native" || config.process.manager.${when} == "";
        message = "process.manager.${when} is not supported with the native process manager.\nUse tasks with process dependencies instead. See https://devenv.sh/tasks/";
      }) [ "before" "after" ];
    tasks = lib.mapAttrs'
      (name: each: lib.nameValuePair "devenv:processes:${name}" {
        type = "process";
        inherit (each) exec env cwd after before;
        showOutput = true;
        process = {
          inherit (each) start ready restart shutdown listen watchdog linux;
          watch = each.watch // { paths = map toString each.watch.paths; };
          ports = builtins.mapAttrs (_: found: found.value) each.ports;
        };
      })
      config.processes;
    infoSections.processes = lib.mapAttrsToList (name: each: "${name}: ${each.exec}") config.processes;
  };
}
