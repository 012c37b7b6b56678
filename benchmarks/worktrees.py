"""What `devkeel apply` costs in a second worktree of a repository, against the first that applies.

    .venv/bin/python -m benchmarks.worktrees [LIBRARY…]

A flake's shell needs a package that is built here and takes some seconds to count, in place of a download of that
length: the first worktree builds it, the second finds it in the store. An environment of Python by uv begins with an
empty cache, and installs LIBRARY from the package index (those of a notebook, where none is named); so does one of
numpy and scipy alone, where what devkeel and uv cost in any case is the greater part.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

LIBRARIES = ("numpy", "scipy", "pandas", "matplotlib", "scikit-learn", "jupyterlab")
FEW = ("numpy", "scipy")
# Counted by the shell that builds it: no other program is needed.
COUNT = 12_000_000
FLAKE = """\
{
  outputs = { self }: {
    devShells = builtins.mapAttrs (system: _: {
      default = derivation {
        inherit system;
        name = "shell";
        builder = "/bin/bash";
        args = [ "-c" ": > $out" ];
        outputs = [ "out" ];
        PATH = derivation {
          inherit system;
          name = "work-@mark@";
          builder = "/bin/bash";
          args = [ "-c" "i=0; while ((i < @count@)); do ((i += 1)); done; : > $out" ];
        };
      };
    }) { x86_64-linux = { }; aarch64-linux = { }; };
  };
}
"""
SETTINGS = "sandbox = false\nsubstitute = false\nexperimental-features = nix-command flakes\n"


def main() -> None:
    """Print a line for each backend."""
    wanted = tuple(sys.argv[1:]) or LIBRARIES
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder).resolve()
        (here / "nix.conf").write_text(SETTINGS)
        os.environ["NIX_CONF_DIR"] = str(here)
        flake = FLAKE.replace("@count@", str(COUNT)).replace("@mark@", uuid.uuid4().hex[:8])
        compare("flake by Nix", here / "flake", {"flake.nix": flake})
        compare(f"venv by uv ({len(wanted)} libraries)", here / "venv", {"pyproject.toml": manifest(wanted)})
        if wanted == LIBRARIES:
            compare(f"venv by uv ({len(FEW)} libraries)", here / "few", {"pyproject.toml": manifest(FEW)})


def manifest(wanted: tuple[str, ...]) -> str:
    """Return a pyproject.toml that asks for libraries."""
    return f'[project]\nname = "demo"\nversion = "1"\nrequires-python = ">=3.11"\ndependencies = {list(wanted)}\n'


def compare(name: str, folder: Path, files: dict[str, str]) -> None:
    """Apply in a worktree and in a second one, and print how long each took."""
    first, second = folder / "first", folder / "second"
    first.mkdir(parents=True)
    for file, text in files.items():
        (first / file).write_text(text)
    identity = ("git", "-c", "user.name=benchmark", "-c", "user.email=benchmark@example.org")
    for words in (("init", "-q"), ("add", "."), ("commit", "-qm", "begin"), ("worktree", "add", "-q", str(second))):
        subprocess.run([*identity, *words], cwd=first, check=True, capture_output=True)
    caches = {"UV_CACHE_DIR": str(folder / "uv"), "XDG_CACHE_HOME": str(folder / "cache"), "HOME": str(folder)}
    took = [apply(root, caches) for root in (first, second)]
    print(f"{name}: first {took[0]:.1f} s, second {took[1]:.1f} s, {took[1] / took[0]:.2f} of the first")


def apply(root: Path, caches: dict[str, str]) -> float:
    """Return the seconds that applying takes, the whole command."""
    variables = os.environ | caches | {"PYTHONPATH": os.pathsep.join(sys.path)}
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "devkeel_cli", "apply"], cwd=root, env=variables, check=True)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
