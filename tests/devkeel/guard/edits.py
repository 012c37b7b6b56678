"""Two hundred edits by an agent's own tools: a hundred that break a file, a hundred that are fine.

The broken ones are slips that `benchmarks.mistake_kinds` makes in the examples and in the files below, each beside a
change that was meant, so that there is something to make rightly. The files are modelled on what people write.
"""

from __future__ import annotations

from typing import NamedTuple

from benchmarks.mistake_kinds import mistakes
from benchmarks.mistakes import NO_ANSWER, projects

from devkeel.guard.question import Replacement, Replacing, WholeFile
from devkeel.source import nix

__all__ = ["FINE", "PROJECTS", "Meant", "broken_edits", "fine_edits"]

_BROKEN = 100
_MARK, _VALUE = "env.ADDED_BY_AGENT", "yes"

PROJECTS: dict[str, dict[str, str]] = {
    "hooks": {
        "devenv.nix": """\
{ pkgs, lib, config, inputs, ... }:

{
  # https://devenv.sh/basics/
  env.GREET = "devenv";

  # https://devenv.sh/packages/
  packages = [ pkgs.git pkgs.jq ];

  languages.python = {
    enable = true;
    venv.enable = true;
    venv.requirements = ''
      requests>=2
      rich
    '';
  };

  services.postgres = {
    enable = true;
    listen_addresses = "127.0.0.1";
    initialDatabases = [ { name = "app"; } ];
  };

  scripts.hello.exec = ''
    echo hello from ''${GREET:-there}
  '';

  processes.web.exec = "python -m http.server ${toString 8000}";

  git-hooks.hooks.shellcheck.enable = true;

  enterShell = ''
    hello
    git --version
  '';

  enterTest = ''
    echo "Running tests"
    git --version | grep --color=auto "${pkgs.git.version}"
  '';

  # See full reference at https://devenv.sh/reference/options/
}
""",
        "devenv.yaml": "inputs:\n  nixpkgs:\n    url: github:cachix/devenv-nixpkgs/rolling\n",
    },
    "conditions": {
        "devenv.nix": """\
{ pkgs, lib, config, ... }:
let
  port = 8080;
  tools = with pkgs; [ ripgrep fd ];
in
{
  imports = [ ./nix/database.nix ];

  packages = tools ++ lib.optionals pkgs.stdenv.isLinux [ pkgs.inotify-tools ];

  env = {
    PORT = toString port;
    DATABASE_URL = lib.mkDefault "postgres://localhost/app";
  };

  languages.javascript.enable = true;
  languages.javascript.npm.enable = true;
  languages.go.enable = lib.mkIf (!config.container.isBuilding) true;

  services.redis.enable = true;
  services.redis.port = 6380;

  processes = {
    web.exec = "npm run dev";
    worker.exec = "npm run worker";
  };

  tasks."app:migrate" = {
    exec = "npm run migrate";
    before = [ "devenv:enterShell" ];
  };
}
""",
        "nix/database.nix": """\
{ pkgs, lib, ... }: {
  services.mysql.enable = true;
  services.mysql.initialDatabases = [ { name = "shop"; } ];
  packages = lib.mkAfter [ pkgs.mysql-client ];
}
""",
    },
    "own options": {
        "devenv.nix": """\
{ config, lib, pkgs, ... }:

{
  options.app.workers = lib.mkOption {
    type = lib.types.int;
    default = 2;
  };

  config = {
    app.workers = 4;
    packages = [ pkgs.curl ];
    languages.rust.enable = true;
    languages.rust.channel = "stable";
    env.WORKERS = toString config.app.workers;
    dotenv.enable = true;
  };
}
""",
        "devenv.yaml": """\
inputs:
  nixpkgs:
    url: github:NixOS/nixpkgs/nixos-unstable
  rust-overlay:
    url: github:oxalica/rust-overlay
    inputs:
      nixpkgs:
        follows: nixpkgs
""",
    },
}

# What else an environment may have, and the same after an edit that is fine.
FINE: dict[str, list[tuple[str, str]]] = {
    "flake.nix": [
        (
            '{\n  inputs.nixpkgs.url = "github:NixOS/nixpkgs";\n  outputs = { self, nixpkgs }: { };\n}\n',
            (
                '{\n  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";\n'
                "  outputs = { self, nixpkgs, ... }@inputs: {\n    packages = { };\n"
                "    devShells.x86_64-linux.default = null;\n"
                "  };\n}\n"
            ),
        )
    ],
    "pkgs/tool.nix": [
        (
            '{ stdenv }: stdenv.mkDerivation { pname = "t"; version = "1"; }\n',
            (
                '{ lib, stdenv, fetchurl }:\n\nstdenv.mkDerivation rec {\n  pname = "tool";\n  version = "2.1";\n'
                '  src = fetchurl { url = "https://example.org/${pname}-${version}.tar.gz"; hash = lib.fakeHash; };\n'
                "  buildInput = [ ];\n  services = { postgre = true; };\n}\n"
            ),
        )
    ],
    "overlay.nix": [("final: prev: { }\n", 'final: prev: {\n  jqq = prev.jq;\n  packages = "none";\n}\n')],
    "pyproject.toml": [
        (
            '[project]\nname = "a"\nversion = "1"\n',
            (
                '[project]\nname = "a"\nversion = "1"\ndependencies = ["httpx>=0.27", "rich"]\n\n[dependency-groups]\n'
                'dev = ["pytest", {include-group = "lint"}]\nlint = ["ruff"]\n'
            ),
        )
    ],
    "requirements.txt": [
        ("httpx\n", "--index-url https://example.org/simple\nhttpx>=0.27 ; python_version > '3.9'\n-e .\n")
    ],
    "requirements/dev.in": [("-r ../requirements.txt\n", "-r ../requirements.txt\npytest\n")],
    "package.json": [('{"name": "a"}\n', '{\n  "name": "a",\n  "dependencies": {"lodash": "^4.0.0"}\n}\n')],
    "Cargo.toml": [
        (
            '[package]\nname = "a"\nversion = "0.1.0"\n',
            '[package]\nname = "a"\nversion = "0.1.0"\n\n[dependencies]\nserde = { version = "1", features = ["x"] }\n',
        )
    ],
    "go.mod": [("module a\n", "module a\n\ngo 1.23\n\nrequire github.com/google/uuid v1.6.0\n")],
    "Gemfile": [("source 'https://gems.example'\n", "source 'https://gems.example'\n\ngem 'rails', '~> 7.1'\n")],
    "environment.yml": [
        (
            "name: a\ndependencies:\n  - python=3.12\n",
            "name: a\nchannels: [conda-forge]\ndependencies:\n  - python=3.12\n  - numpy\n  - pip:\n      - httpx\n",
        )
    ],
    ".envrc": [("use devenv\n", "watch_file devenv.nix\nuse devenv\nexport A='1\n")],
    "devkeel.toml": [("job_after = 40\n", "job_after = 20\nlock_timeout = 5\nprompt = false\n")],
    "devenv.local.nix": [("{ }\n", "{ pkgs, ... }: { packages = [ pkgs.htop ]; }\n")],
    "src/app.py": [("x = 1\n", "def broken(:\n")],
    "docs/guide.yml": [("a: 1\n", "a: [1\n")],
    "devenv.lock": [("{}\n", '{"nodes": \n')],
}


class Meant(NamedTuple):
    """An edit of an agent's tool. files: the project before. name: the file that it writes. wanted: what was meant."""

    label: str
    files: dict[str, bytes]
    name: str
    act: WholeFile | Replacing
    broken: bytes
    wanted: bytes


def _projects() -> list[tuple[str, dict[str, bytes]]]:
    own = [(name, {file: text.encode() for file, text in files.items()}) for name, files in PROJECTS.items()]
    return [*projects(), *own]


def _added(name: str, data: bytes) -> bytes:
    """Return a file with the change that was meant."""
    if not name.endswith(".nix"):
        return data + b"# kept by the team\n"
    return nix.set(nix.Document(data, name), _MARK, _VALUE).data


def _act(number: int, name: str, before: bytes, after: bytes) -> WholeFile | Replacing:
    """Return the tool call that makes an edit: the whole file, or one text of it, in turns."""
    if number % 2:
        return WholeFile(name, after.decode())
    old, new = before.decode(), after.decode()
    head = next(
        (at for at, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]), min(len(old), len(new))
    )
    most = min(len(old), len(new)) - head
    tail = next((at for at in range(most) if old[-1 - at] != new[-1 - at]), most)
    while old.count(old[head : len(old) - tail]) != 1:
        head, tail = max(head - 1, 0), max(tail - 1, 0)
    return Replacing(name, (Replacement(old[head : len(old) - tail], new[head : len(new) - tail]),))


def broken_edits() -> list[Meant]:
    """Return slips of every kind, as many of each as of the others, the same ones in every run."""
    by_kind: dict[str, list[tuple[str, dict[str, bytes], str, bytes, bytes]]] = {}
    for project, files in _projects():
        marked = {name: _added(name, data) for name, data in files.items()}
        for mistake in mistakes(marked):
            if mistake.kind not in NO_ANSWER:
                label = f"{project}: {mistake.kind}: {mistake.what}"
                by_kind.setdefault(mistake.kind, []).append(
                    (label, files, mistake.file, mistake.data, marked[mistake.file])
                )
    found: list[Meant] = []
    for row in range(max(len(items) for items in by_kind.values())):
        for items in by_kind.values():
            at = (row * 7919) % len(items)  # spread over the projects
            if row < len(items):
                label, files, name, broken, wanted = items[at]
                act = _act(len(found), name, files[name], broken)
                found.append(Meant(label, files, name, act, broken, wanted))
    return found


def fine_edits() -> list[Meant]:
    """Return edits that break nothing: what devkeel itself would make, comments, layout, other files."""
    found: list[Meant] = []

    def add(label: str, files: dict[str, bytes], name: str, after: bytes) -> None:
        before = files.get(name, b"")
        act = _act(len(found), name, before, after) if before else WholeFile(name, after.decode())
        found.append(Meant(label, files, name, act, after, after))

    for project, files in _projects():
        for name, data in files.items():
            if not name.endswith(".nix"):
                add(
                    f"{project}: an input",
                    files,
                    name,
                    data.rstrip() + b"\n  devenv:\n    url: github:cachix/devenv\n"
                    if data.rstrip().endswith(b"rolling")
                    else data + b"# nothing\n",
                )
                continue
            text = data.decode()
            add(f"{project}: an option", files, name, _added(name, data))
            add(f"{project}: a comment", files, name, b"# The team's own.\n" + data)
            add(f"{project}: blank lines", files, name, text.replace("\n\n", "\n\n\n").encode())
            add(f"{project}: a service", files, name, nix.set(data, "services.mailpit.enable", True).data)
            add(f"{project}: forced", files, name, nix.set(data, "env.X", nix.Expression('lib.mkForce "1"')).data)
            add(f"{project}: a script", files, name, nix.set(data, "scripts.own-name.exec", "echo ${x} ''; }").data)
            add(f"{project}: other ends of lines", files, name, text.replace("\n", "\r\n").encode())
            add(f"{project}: no end of line", files, name, text.rstrip().encode())
            if b"[ " in data or b"[\n" in data:
                add(f"{project}: a package", files, name, nix.append(data, "packages", nix.Expression("pkgs.yq")).data)
    base = {"devenv.nix": b"{ pkgs, ... }: {\n  packages = [ pkgs.git ];\n}\n"}
    for name, pairs in FINE.items():
        for before, after in pairs:
            add(f"{name}: changed", base | {name: before.encode()}, name, after.encode())
            add(f"{name}: begun", base, name, after.encode())
    return found
