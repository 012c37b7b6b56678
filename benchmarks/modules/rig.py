"""devenv's own modules and nixpkgs' own library, pinned by a lock file, with a stand-in for the packages."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["pin"]

HERE = Path(__file__).parent
_USED = re.compile(r"\bpkgs\.([a-zA-Z_][\w-]*)|^\s+([a-z][\w-]*)$", re.MULTILINE)
_WELL_KNOWN = ("curl", "git", "go", "hello", "jq", "nodejs", "ripgrep", "redis")


def pin(modules: Path, folder: Path, others: Mapping[str, Path] | None = None) -> bytes:
    """Return a devenv.lock that pins `modules/devenv` and `modules/nixpkgs.lib`; both are put into the Nix store.

    modules: checkouts of devenv and of nixpkgs.lib. folder: where the trees are laid out. others: what else is in
    nixpkgs, or in the place of what would be, by path.
    """
    devenv, nixpkgs = folder / "devenv" / "source", folder / "nixpkgs" / "source"
    shutil.copytree(modules / "devenv" / "src" / "modules", devenv / "src" / "modules")
    shutil.copytree(modules / "nixpkgs.lib" / "lib", nixpkgs / "lib")
    (nixpkgs / "flake.nix").write_text("{ outputs = { self }: { lib = import ./lib; }; }\n")
    shutil.copy(HERE / "packages.nix", nixpkgs / "default.nix")
    texts = (path.read_text("utf-8") for path in devenv.rglob("*.nix"))
    used = {name for text in texts for pair in _USED.findall(text) for name in pair if name}
    (nixpkgs / "names.json").write_text(json.dumps(sorted({*used, *_WELL_KNOWN})))
    for name, path in (others or {}).items():
        (shutil.copytree if path.is_dir() else shutil.copy)(path, nixpkgs / name)
    nodes = {"devenv": _node(devenv, "src/modules"), "nixpkgs": _node(nixpkgs, "")}
    top = {"inputs": {name: name for name in nodes}}
    return json.dumps({"nodes": {**nodes, "root": top}, "root": "root", "version": 7}).encode()


def _node(source: Path, inner: str) -> dict[str, object]:
    subprocess.run(["nix-store", "--add-fixed", "--recursive", "sha256", source], check=True, capture_output=True)
    told = subprocess.run(["nix-hash", "--type", "sha256", source], check=True, capture_output=True, text=True)
    digest = base64.b64encode(bytes.fromhex(told.stdout.strip())).decode()
    locked = {"type": "github", "owner": "o", "repo": "r", "rev": "0" * 40, "narHash": f"sha256-{digest}"}
    return {"locked": locked | ({"dir": inner} if inner else {})}
