{ pkgs, lib, config, ... }:

{
  packages = [ pkgs.git pkgs.jq ];
  env.GREETING = "hello";
  languages.javascript.enable = true;
  services.redis = {
    enable = true;
    port = 7000;
  };
  processes.web.exec = "serve --redis ${toString config.services.redis.port}";
  scripts.greet.exec = "echo $GREETING";
  profiles.ci.module = { pkgs, ... }: {
    env.GREETING = "ci";
    packages = [ pkgs.ripgrep ];
  };
  profiles.full = {
    extends = [ "ci" ];
    module.env.GREETING = "full";
  };
}
