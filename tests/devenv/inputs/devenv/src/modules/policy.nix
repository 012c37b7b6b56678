# What a process and its task share: when it is ready, how it is restarted, how it is stopped.
{ lib }:
let
  inherit (lib) mkOption types;
  seconds = default: mkOption { type = types.ints.unsigned; inherit default; };
  get = types.submodule {
    options = {
      host = mkOption { type = types.str; default = "127.0.0.1"; };
      port = mkOption { type = types.port; };
      path = mkOption { type = types.str; default = "/"; };
      scheme = mkOption { type = types.str; default = "http"; };
    };
  };
in
{
  ready = mkOption {
    default = null;
    type = types.nullOr (types.submodule {
      options = {
        exec = mkOption { type = types.nullOr types.str; default = null; };
        http = mkOption { type = types.submodule { options.get = mkOption { type = types.nullOr get; default = null; }; }; default = { }; };
        notify = mkOption { type = types.bool; default = false; };
        initial_delay = seconds 0;
        period = seconds 10;
        probe_timeout = seconds 1;
        timeout = mkOption { type = types.nullOr types.ints.unsigned; default = null; };
        success_threshold = seconds 1;
        failure_threshold = seconds 3;
      };
    });
  };
  start = mkOption { type = types.submodule { options.enable = mkOption { type = types.bool; default = true; }; }; default = { }; };
  restart = mkOption {
    default = { };
    type = types.submodule {
      options = {
        on = mkOption { type = types.enum [ "never" "always" "on_failure" ]; default = "on_failure"; };
        max = mkOption { type = types.nullOr types.int; default = 5; };
        window = mkOption { type = types.nullOr types.ints.unsigned; default = null; };
      };
    };
  };
  shutdown = mkOption {
    default = { };
    type = types.submodule {
      options = {
        signal = mkOption { type = types.ints.between 1 31; default = 15; };
        grace = seconds 5;
      };
    };
  };
  listen = mkOption { type = types.listOf types.attrs; default = [ ]; };
  watch = mkOption {
    default = { };
    type = types.submodule {
      options = {
        paths = mkOption { type = types.listOf types.unspecified; default = [ ]; };
        extensions = mkOption { type = types.listOf types.str; default = [ ]; };
        ignore = mkOption { type = types.listOf types.str; default = [ ]; };
      };
    };
  };
  watchdog = mkOption {
    default = null;
    type = types.nullOr (types.submodule {
      options = {
        usec = mkOption { type = types.int; };
        require_ready = mkOption { type = types.bool; default = true; };
      };
    });
  };
  linux = mkOption {
    default = { };
    type = types.submodule { options.capabilities = mkOption { type = types.listOf types.str; default = [ ]; }; };
  };
  env = mkOption { type = types.attrsOf types.str; default = { }; };
  cwd = mkOption { type = types.nullOr types.str; default = null; };
  after = mkOption { type = types.listOf types.str; default = [ ]; };
  before = mkOption { type = types.listOf types.str; default = [ ]; };
}
