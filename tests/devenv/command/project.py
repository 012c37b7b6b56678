"""A project on disk: its root, its settings, its lock, and the folders that devenv makes for it."""

from __future__ import annotations

import getpass
import hashlib
import json
import os
import platform
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from failure import Failure
from nix import add_to_store

if TYPE_CHECKING:
    from arguments import Call

__all__ = ["SYSTEM", "VERSION", "Project", "find_project", "flake_reference", "runtime_of"]

VERSION = "2.2.3"
SYSTEM = f"{platform.machine()}-{platform.system().lower()}"
HERE = Path(__file__).resolve().parent.parent / "inputs"
# Where the inputs that a test may name really lie; any other would need a network, and there is none.
KNOWN = {
    "github:cachix/devenv-nixpkgs/rolling": HERE / "nixpkgs",
    "github:NixOS/nixpkgs/nixpkgs-unstable": HERE / "nixpkgs",
    "github:NixOS/nixpkgs/nixos-unstable": HERE / "nixpkgs",
    "github:cachix/devenv?dir=src/modules": HERE / "devenv",
    "github:cachix/git-hooks.nix": HERE / "flake",
    "github:oxalica/rust-overlay": HERE / "flake",
    "github:purpleclay/go-overlay": HERE / "flake",
    "github:cachix/nixpkgs-python": HERE / "nixpkgs-python",
}
DEFAULTS = {
    "nixpkgs": {"url": "github:cachix/devenv-nixpkgs/rolling"},
    "devenv": {"url": "github:cachix/devenv?dir=src/modules"},
}
NIXPKGS = {
    "allow_unfree": "allowUnfree",
    "allow_broken": "allowBroken",
    "permitted_insecure_packages": "permittedInsecurePackages",
    "permitted_unfree_packages": "permittedUnfreePackages",
}


def runtime_of(dotfile: Path) -> Path:
    """Return the runtime directory of a project, from the resolved path of its .devenv."""
    base = os.environ.get("XDG_RUNTIME_DIR") or "/tmp"  # noqa: S108  (devenv's own rule)
    return Path(base) / f"devenv-{hashlib.sha256(str(dotfile).encode()).hexdigest()[:7]}"


def flake_reference(url: str) -> dict[str, Any]:
    """Return the attributes of a flake reference, as a lock file writes them."""
    scheme, _, rest = url.partition(":")
    place, _, query = rest.partition("?")
    extra = dict(part.partition("=")[::2] for part in query.split("&") if part)
    if scheme == "path":
        return {"path": place, "type": "path", **extra}
    parts = place.split("/")
    names = ("owner", "repo", "ref")
    return {**extra, **dict(zip(names, parts, strict=False)), "type": scheme}


@dataclass
class Project:
    """One project and how this call asked for it."""

    root: Path
    settings: dict[str, Any]
    call: Call
    ports: dict[str, dict[str, int]]
    testing: bool = False

    @property
    def dotfile(self) -> Path:
        """The folder that devenv keeps beside devenv.nix."""
        return self.root / ".devenv"

    @property
    def runtime(self) -> Path:
        """The folder of this project's sockets."""
        return runtime_of(self.dotfile)

    @property
    def processes(self) -> Path:
        """The folder of the process manager: socket, PID, logs."""
        return self.runtime / "processes"

    def assemble(self) -> Path:
        """Make what every evaluation needs, the lock file among it, and return the request for bootstrap.nix."""
        if not (self.root / "devenv.nix").exists():
            raise Failure("File devenv.nix does not exist. To get started, run:\n\n    $ devenv init\n")
        self._check_version()
        for folder in (self.dotfile / "gc", self.dotfile / "state"):
            folder.mkdir(parents=True, exist_ok=True)
        self.runtime.mkdir(parents=True, exist_ok=True, mode=0o700)
        run = self.dotfile / "run"
        run.unlink(missing_ok=True)
        run.symlink_to(self.runtime)
        (self.dotfile / "imports.txt").write_text("\n".join(self.settings.get("imports", [])))
        self.lock()
        request = self.dotfile / "request.json"
        request.write_text(json.dumps(self._request()))
        return request

    def lock(self, renew: str | None = None) -> None:
        """Bring devenv.lock up to the inputs of devenv.yaml; with `renew`, resolve that input (`""`: all) again."""
        path = self.root / "devenv.lock"
        before = path.read_text() if path.exists() else ""
        old = json.loads(before).get("nodes", {}) if before else {}
        nodes: dict[str, Any] = {}
        for name, asked in self._inputs().items():
            if "follows" in asked and "url" not in asked:
                continue
            original = flake_reference(asked["url"])
            kept = old.get(name)
            fresh = kept is None or kept["original"] != original or renew in ("", name)
            node = {"locked": self._locked(asked["url"]), "original": original} if fresh else kept
            follows = {other: [spec["follows"]] for other, spec in asked.get("inputs", {}).items() if "follows" in spec}
            nodes[name] = {
                **({"flake": False} if asked.get("flake") is False else {}),
                **({"inputs": follows} if follows else {}),
                **{key: node[key] for key in ("locked", "original")},
            }
        links = {name: [asked["follows"]] if name not in nodes else name for name, asked in self._inputs().items()}
        nodes["root"] = {"inputs": dict(sorted(links.items()))}
        after = json.dumps({"nodes": dict(sorted(nodes.items())), "root": "root", "version": 7}, indent=2) + "\n"
        if after != before:
            path.write_text(after)

    def _inputs(self) -> dict[str, Any]:
        inputs = {**DEFAULTS, **self.settings.get("inputs", {})}
        for name, url in self.call.flags.get("--override-input", []):
            if name not in inputs:
                raise Failure(f"Input {name} does not exist so it can't be overridden.")
            inputs[name] = {**inputs[name], "url": url}
        return inputs

    def _locked(self, url: str) -> dict[str, Any]:
        place = url.partition("?")[0]
        if place.startswith("path:"):
            folder = (self.root / place.removeprefix("path:")).resolve()
        else:
            folder = KNOWN.get(url) or KNOWN.get(place, Path())
        if place.startswith("path:") and not folder.is_dir():
            raise Failure(f"Failed to lock inputs: error: getting status of '{folder}': No such file or directory")
        if folder == Path():
            raise Failure(
                f"Failed to lock inputs: error:\n… while fetching the input '{url}'\n\n"
                f"error: unable to download 'https://api.github.com/repos/{place.partition(':')[2]}/commits/HEAD': "
                "Could not resolve hostname (6) Could not resolve host: api.github.com"
            )
        reference = flake_reference(url)
        return {
            **({"dir": reference["dir"]} if "dir" in reference else {}),
            "lastModified": 1,
            "narHash": add_to_store(folder),
            "path": str(folder),
            "type": "path",
        }

    def _check_version(self) -> None:
        wanted = str(self.settings.get("require_version", VERSION))
        if wanted.lstrip("=") not in (VERSION, "True") and not wanted.startswith((">", "<", "^", "~")):
            raise Failure(f"devenv version {VERSION} does not satisfy the constraint '{wanted}' in devenv.yaml")

    def _request(self) -> dict[str, Any]:
        given = self.settings.get("nixpkgs", {})
        config = {NIXPKGS[name]: value for name, value in given.items() if name in NIXPKGS}
        if self.settings.get("allow_unfree") or self.settings.get("allowUnfree"):
            config["allowUnfree"] = True
        profile = self.settings.get("profile")
        git = next((str(folder) for folder in (self.root, *self.root.parents) if (folder / ".git").exists()), None)
        return {
            "root": str(self.root),
            "dotfile": str(self.dotfile),
            "runtime": str(self.runtime),
            "tmpdir": os.environ.get("TMPDIR", "/tmp"),  # noqa: S108  (devenv's own rule)
            "git_root": git,
            "version": VERSION,
            "system": self.call.value("--system", SYSTEM),
            "profiles": self.call.values("--profile") or ([profile] if profile else []),
            "imports": self.settings.get("imports", []),
            "options": [option(*use) for use in self.call.flags.get("--option", [])],
            "ports": self.ports,
            "dotenv": {path.name: dotenv(path) for path in self.root.glob(".env*") if path.is_file()},
            "nixpkgs": config,
            "testing": self.testing,
            "hostname": socket.gethostname(),
            "username": getpass.getuser(),
        }


def option(given: str, value: str) -> dict[str, Any]:
    """Return an override of the command line: `path:type` and a value."""
    path, colon, kind = given.rpartition(":")
    readers: dict[str, Any] = {
        "string": str,
        "int": int,
        "float": float,
        "bool": lambda text: text == "true",
        **dict.fromkeys(["path", "pkg", "pkgs", "pkgs!"], str),
    }
    if not colon or kind not in readers:
        raise Failure(f"Unsupported type: '{kind}'. Supported types: string, int, float, bool, path, pkg, pkgs")
    return {"path": path.split("."), "type": kind, "value": readers[kind](value)}


def dotenv(path: Path) -> dict[str, str]:
    """Return the assignments in a dotenv file."""
    pairs = (line.removeprefix("export ").partition("=") for line in path.read_text().split("\n"))
    return {name.strip(): value.strip().strip("\"'") for name, _, value in pairs if name.strip() and name[0] != "#"}


def find_project(call: Call) -> Project:
    """Return the project of the working directory or of the nearest one above it."""
    here = Path.cwd().resolve()
    names = ("devenv.nix", "devenv.yaml")
    root = next((folder for folder in (here, *here.parents) if any((folder / name).exists() for name in names)), here)
    settings: dict[str, Any] = {}
    for name in ("devenv.yaml", "devenv.local.yaml"):
        if (root / name).exists():
            settings = merged(settings, read_yaml(root / name))
    return Project(root, settings, call, {})


def read_yaml(path: Path) -> dict[str, Any]:
    """Return the settings in a YAML file."""
    from ruamel.yaml import YAML, YAMLError  # half the cost of starting

    try:
        return YAML(typ="safe").load(path.read_text()) or {}
    except YAMLError as error:
        raise Failure(f"Failed to parse {path.name}\n{error}") from error


def merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Return settings with others laid over them: maps merge, lists add up, the rest is replaced."""
    result = dict(base)
    for name, value in over.items():
        if isinstance(value, dict) and isinstance(result.get(name), dict):
            result[name] = merged(result[name], value)
        elif isinstance(value, list) and isinstance(result.get(name), list):
            result[name] = [*result[name], *value]
        else:
            result[name] = value
    return result
