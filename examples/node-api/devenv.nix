{ pkgs, lib, ... }:

let
  port = 3000;
in
{
  packages = [ pkgs.git pkgs.jq ] ++ lib.optionals pkgs.stdenv.isLinux [ pkgs.inotify-tools ];

  languages.javascript = {
    enable = true;
    package = pkgs.nodejs_22;
    npm.enable = true;
    npm.install.enable = true;
  };
  languages.typescript.enable = true;

  services.mysql.enable = true;
  services.mysql.initialDatabases = [ { name = "shop"; } ];
  services.mailpit.enable = true;

  services.caddy = {
    enable = true;
    virtualHosts."http://localhost:8080".extraConfig = ''
      reverse_proxy localhost:${toString port}
    '';
  };

  processes.web.exec = "npm run dev -- --port ${toString port}";
  processes.worker = {
    exec = "npm run worker";
    restart.on = "on_failure";
  };

  enterShell = ''
    node --version
  '';
}
