"""Modules that are made here: small ones in many shapes, and one of any length."""

from __future__ import annotations

from itertools import product

__all__ = ["long_module", "small_modules"]

_HEADS = (
    "{ pkgs, ... }:\n",
    "{ pkgs, lib, config, inputs, ... }: ",
    "{\n  pkgs,\n  ...\n}:\n",
    "{ pkgs\n, lib\n, ...\n}:\n\n",
    "{ ... }:\n",
    "_:\n",
    "",
)
_PACKAGES = (
    "",
    "  packages = [ pkgs.git ];\n",
    "  packages = with pkgs; [ git ]; # tools\n",
    "  packages = [\n    pkgs.curl\n    pkgs.git # last\n  ];\n",
)
_NESTED = """\
  env = {
    A = "1";
  };

  services = { postgres.enable = true; };

  scripts.hello.exec = "hi";
  # the end
"""
_REST = (
    "",
    '  # https://devenv.sh/\n  env.GREET = "devenv";\n  languages.python.enable = false;\n',
    _NESTED,
)


def small_modules() -> dict[str, bytes]:
    """Return small modules by name: heads by packages by settings, those that need pkgs only where it is there."""
    found = {}
    for number, (start, packages, rest) in enumerate(product(_HEADS, _PACKAGES, _REST)):
        if "pkgs" in packages and "pkgs" not in start:
            continue
        found[f"generated-{number:03}.nix"] = f"{start}{{\n{packages}{rest}}}\n".encode()
    return found


def _block(number: int) -> str:
    return f"""
  # Task {number}
  tasks."app:step{number}" = {{
    exec = ''
      echo "step {number}"
      ${{pkgs.coreutils}}/bin/true
    '';
    after = [ "app:step{number - 1}" ];
  }};
  scripts.run{number}.exec = "echo {number}";
  processes.worker{number} = {{
    exec = "worker --port {8000 + number}";
    process-compose.availability.restart = "on_failure";
  }};
  env.SETTING_{number} = "value {number}";
  services.postgres.settings.option{number} = {number};
"""


def long_module(lines: int) -> bytes:
    """Return a module of about so many lines, of the shapes that real ones have."""
    start = "{ pkgs, lib, ... }:\n\n{\n  packages = [\n    pkgs.git\n    pkgs.curl\n  ];\n"
    count = max(1, (lines - start.count("\n") - 1) // _block(0).count("\n"))
    return (start + "".join(map(_block, range(1, count + 1))) + "}\n").encode()
