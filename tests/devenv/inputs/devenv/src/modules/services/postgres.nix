# The options and the process, for the module system's sake: nothing here starts a server.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.postgres;
in
{
  imports = [ (lib.mkRenamedOptionModule [ "postgres" "enable" ] [ "services" "postgres" "enable" ]) ];
  options.services.postgres = {
    enable = lib.mkEnableOption "PostgreSQL process";
    package = mkOption { type = types.package; default = pkgs.postgresql; };
    extensions = mkOption { type = types.nullOr (types.functionTo (types.listOf types.package)); default = null; };
    listen_addresses = mkOption { type = types.str; default = ""; };
    port = mkOption { type = types.port; default = 5432; };
    initdbArgs = mkOption { type = types.listOf types.lines; default = [ "--locale=C" "--encoding=UTF8" ]; };
    initialScript = mkOption { type = types.nullOr types.str; default = null; };
    createDatabase = mkOption { type = types.bool; default = true; };
    settings = mkOption { type = types.attrsOf (types.oneOf [ types.bool types.float types.int types.str ]); default = { }; };
    initialDatabases = mkOption {
      default = [ ];
      type = types.listOf (types.submodule {
        options = {
          name = mkOption { type = types.str; };
          schema = mkOption { type = types.nullOr types.path; default = null; };
          user = mkOption { type = types.nullOr types.str; default = null; };
          pass = mkOption { type = types.nullOr types.str; default = null; };
        };
      });
    };
  };
  config = lib.mkIf cfg.enable {
    packages = [ cfg.package ];
    env.PGDATA = config.env.DEVENV_STATE + "/postgres";
    processes.postgres = {
      ports.main.allocate = cfg.port;
      exec = "exec ${cfg.package}/bin/postgres -p ${toString config.processes.postgres.ports.main.value}";
    };
  };
}
