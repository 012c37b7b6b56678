{ pkgs, lib, config, ... }:

{
  name = "go-service";

  env = {
    LOG_LEVEL = "debug";
    DATABASE_URL = "postgres://localhost:${toString config.services.postgres.port}/orders";
  };

  packages = [
    pkgs.git
    pkgs.golangci-lint
    pkgs.go-migrate
  ];

  languages.go.enable = true;

  services.postgres = {
    enable = true;
    port = 5433;
    initialDatabases = [
      { name = "orders"; }
    ];
  };

  services.redis = {
    enable = true;
    port = 6380;
    bind = "127.0.0.1";
  };

  processes.api = {
    exec = "go run ./cmd/api";
    after = [ "devenv:processes:postgres" ];
  };

  scripts.migrate = {
    exec = "migrate -path migrations -database $DATABASE_URL up";
    description = "Bring the database up to date";
  };

  git-hooks.hooks = {
    gofmt.enable = true;
    govet.enable = true;
  };

  enterTest = ''
    go test ./...
  '';
}
