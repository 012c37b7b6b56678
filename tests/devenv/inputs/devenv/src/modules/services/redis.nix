{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.redis;
  port = if cfg.port == 0 then 0 else config.processes.redis.ports.main.value;
  socket = "${config.env.DEVENV_RUNTIME}/redis.sock";
  settings = pkgs.writeText "redis.conf" ''
    port ${toString port}
    ${lib.optionalString (cfg.bind != null) "bind ${cfg.bind}"}
    ${lib.optionalString (port == 0) "unixsocket ${socket}"}
    ${cfg.extraConfig}
  '';
in
{
  imports = [ (lib.mkRenamedOptionModule [ "redis" "enable" ] [ "services" "redis" "enable" ]) ];
  options.services.redis = {
    enable = lib.mkEnableOption "Redis process and expose utilities";
    package = mkOption { type = types.package; default = pkgs.redis; };
    bind = mkOption { type = types.nullOr types.str; default = "127.0.0.1"; };
    port = mkOption { type = types.port; default = 6379; };
    extraConfig = mkOption { type = types.lines; default = ""; };
  };
  config = lib.mkIf cfg.enable {
    packages = [ cfg.package ];
    env = {
      REDISDATA = config.env.DEVENV_STATE + "/redis";
      REDIS_UNIX_SOCKET = if port == 0 then socket else null;
    };
    processes.redis = {
      ports = lib.mkIf (cfg.port != 0) { main.allocate = cfg.port; };
      exec = ''
        mkdir -p "$REDISDATA"
        exec ${cfg.package}/bin/redis-server ${settings} --daemonize no --dir "$REDISDATA"
      '';
      ready = {
        exec = "${cfg.package}/bin/redis-cli ${if port == 0 then "-s ${socket}" else "-p ${toString port}"} ping";
        initial_delay = 2;
        probe_timeout = 4;
        failure_threshold = 5;
      };
    };
  };
}
