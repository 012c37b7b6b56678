{ pkgs, ... }:

{
  packages = with pkgs; [
    cargo-nextest
    openssl
    pkg-config
  ];

  languages.rust = {
    enable = true;
    channel = "stable"; # needs the rust-overlay input
    components = [ "rustc" "cargo" "clippy" "rustfmt" "rust-analyzer" ];
  };

  env.RUST_BACKTRACE = "1";
  env.RUST_LOG = "info";

  scripts.lint.exec = "cargo clippy --all-targets -- -D warnings";
  scripts.bench.exec = "cargo bench";

  tasks."app:build" = {
    exec = "cargo build --release";
    before = [ "devenv:enterTest" ];
  };

  cachix.enable = false;
  dotenv.enable = true;
  dotenv.filename = ".env.development";
}
