# A server for one project: its data below the state directory, its socket below the runtime directory, no port unless an
# address is given.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.postgres;
  bin = "${cfg.package}/bin";
  open = cfg.listen_addresses != "";
  port = toString (if open then config.processes.postgres.ports.main.value else cfg.port);
  sockets = "${config.env.DEVENV_RUNTIME}/postgres";
  setting = name: value: "${name} = ${if builtins.isBool value then lib.boolToString value else if builtins.isString value then "'${value}'" else toString value}";
  settings = pkgs.writeText "postgresql.conf" (lib.concatStringsSep "\n" (lib.mapAttrsToList setting cfg.settings));
  # The first start makes the databases, by a server that listens nowhere else.
  databases = if cfg.initialDatabases == [ ] then lib.optional cfg.createDatabase "$(id -un)" else map (each: each.name) cfg.initialDatabases;
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
    env = {
      PGDATA = config.env.DEVENV_STATE + "/postgres";
      PGHOST = if open then cfg.listen_addresses else sockets;
      PGPORT = port;
    };
    processes.postgres = {
      ports = lib.mkIf open { main.allocate = cfg.port; };
      exec = ''
        mkdir -p ${sockets}
        if [ ! -f "$PGDATA/filled" ]; then
          rm -rf "$PGDATA"
          ${bin}/initdb ${lib.concatStringsSep " " cfg.initdbArgs}
          ${bin}/pg_ctl -w start -o "-k ${sockets} -c listen_addresses= -p ${port}"
          ${lib.concatMapStringsSep "\n" (name: "${bin}/createdb -h ${sockets} -p ${port} ${name}") databases}
          ${bin}/pg_ctl -w -m fast stop
          touch "$PGDATA/filled"
        fi
        cp ${settings} "$PGDATA/postgresql.auto.conf"
        exec ${bin}/postgres -k ${sockets} -p ${port} -h '${cfg.listen_addresses}'
      '';
      ready = {
        exec = "test -f $PGDATA/filled && ${bin}/pg_isready -h ${sockets} -p ${port} -d template1";
        initial_delay = 1;
        probe_timeout = 4;
      };
      shutdown.signal = 2; # a fast shutdown: PostgreSQL manual, Server Administration, Shutting Down the Server
    };
  };
}
