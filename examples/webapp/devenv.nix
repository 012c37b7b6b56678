{ pkgs, lib, config, ... }:

{
  # Where the app listens; the smoke test reads it too.
  env.APP_PORT = "8000";

  packages = with pkgs; [
    git
    jq # the smoke test picks the version out of /health
  ];

  languages.python = {
    enable = true;
    version = "3.12";
    venv.enable = true;
    venv.requirements = ./requirements.txt;
  };

  services.postgres = {
    enable = true;
    initialDatabases = [ { name = "webapp"; } ];
    listen_addresses = "127.0.0.1"; # never on the office network
  };

  processes.web.exec = "uvicorn webapp:app --port ${config.env.APP_PORT}";

  scripts.smoke.exec = ''
    curl -fsS "http://127.0.0.1:$APP_PORT/health" | jq -e .version
  '';

  enterTest = "smoke";
}
