# The shell in which devkeel is developed: `devenv shell`, or `direnv allow` once.
#
# What is checked, and how, is written in the Makefile; everything here calls it, so that the shell, the git hooks
# and continuous integration cannot come to differ.
{ pkgs, lib, ... }:

{
  name = "devkeel";

  packages = [
    pkgs.git
    pkgs.gnumake
    # nix-instantiate is the second opinion on every file that a test writes.
    pkgs.nix
    # For the end-to-end tests.
    pkgs.direnv
    pkgs.redis
    # Another machine for Nix, on loopback.
    pkgs.openssh
  ]
  # For the fault tests: it makes system calls fail on order.
  ++ lib.optionals pkgs.stdenv.hostPlatform.isLinux [ pkgs.strace ];

  languages.python = {
    enable = true;
    # The oldest version that is supported: what works here works on the newer ones.
    package = pkgs.python311;
    uv.enable = true;
  };

  # A language server for the declaration itself, and for the examples.
  languages.nix.enable = true;

  # make builds .venv, builds it again when pyproject.toml changes, and otherwise has nothing to do.
  tasks."devkeel:venv" = {
    description = "Install devkeel and its development tools into .venv";
    exec = "make .venv/ready";
    before = [ "devenv:enterShell" ];
  };

  enterShell = ''
    source "$DEVENV_ROOT/.venv/bin/activate"
    echo "devkeel: lint, types, unit, demo; devenv test runs all checks"
  '';

  scripts.lint = {
    description = "ruff: lint and format";
    exec = "make lint";
  };
  scripts.types = {
    description = "mypy, strict";
    exec = "make type";
  };
  scripts.unit = {
    description = "pytest; arguments go to it";
    exec = ''make unit PYTEST_ARGS="$*"'';
  };
  scripts.demo = {
    description = "What devkeel does, on a scratch copy of the example";
    exec = "make demo";
  };

  # devkeel's own declaration is held to devkeel's own checks.
  enterTest = ''
    make test
    .venv/bin/devkeel check --nix
  '';

  # Before each commit. The tools are those of .venv, in the versions that `make lint` and `make type` use.
  git-hooks.hooks = {
    ruff = {
      enable = true;
      entry = ".venv/bin/ruff check --force-exclude";
    };
    ruff-format = {
      enable = true;
      entry = ".venv/bin/ruff format --check --force-exclude";
    };
    mypy = {
      enable = true;
      entry = ".venv/bin/mypy";
      # mypy reads the packages that pyproject.toml names, not single files.
      pass_filenames = false;
    };
    own-declaration = {
      enable = true;
      name = "devkeel check";
      description = "devenv.nix and its neighbours pass devkeel's own checks.";
      entry = ".venv/bin/devkeel check";
      files = "^devenv\\.(nix|yaml)$";
      pass_filenames = false;
    };
  };
}
