{ pkgs, config, ... }:

{
  imports = [ ./services.nix ];

  packages = [ pkgs.just pkgs.ripgrep pkgs.shellcheck ];

  languages = {
    elixir.enable = true;
    javascript.enable = true;
    javascript.pnpm.enable = true;
    nix.enable = true;
  };

  env.API_URL = "http://localhost:4000";

  process.manager.implementation = "process-compose";

  devcontainer.enable = true;

  git-hooks.hooks.nixfmt.enable = true;
  git-hooks.hooks.prettier = {
    enable = true;
    excludes = [ "pnpm-lock.yaml" ];
  };

  enterTest = "just test";
}
