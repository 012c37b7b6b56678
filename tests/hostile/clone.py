"""A repository of somebody who wants to run something here: a canary in each place that a program would look into.

Each canary leaves its name in a directory outside. The names were taken from strace of every verb and tool, and from
the manuals of the programs; `test_looking.py` fails when a program looks for one that is not planted.
"""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["FOLDERS", "PROGRAMS", "SECRET", "TOKEN", "Clone", "clone_at"]

SECRET = "canary-of-a-file-outside-7d1f"  # noqa: S105  (a mark, no secret)
TOKEN = "canary-of-a-variable-51c2"  # noqa: S105

# What devkeel starts, what these start, and what a person's shell may have.
PROGRAMS = (
    *("nix", "nix-instantiate", "nix-store", "nix-build", "nix-env", "nix-shell", "nix-daemon", "nix-prefetch-url"),
    *("devenv", "direnv", "git", "hg", "svn", "ssh", "gpg", "gpgsm", "curl", "process-compose", "git-lfs"),
    *("uv", "pip", "pip3", "poetry", "python", "python3", "pytest", "micromamba", "mamba", "conda", "conda-lock"),
    *("node", "npm", "npx", "pnpm", "yarn", "cargo", "rustc", "rustup", "go", "ruby", "bundle", "keyring"),
    *(
        "sh",
        "bash",
        "env",
        "unshare",
        "nsenter",
        "setpriv",
        "prlimit",
        "mount",
        "umount",
        "mknod",
        "chmod",
        "cp",
        "mkdir",
    ),
    *("dirname", "cat", "ln", "rm", "mktemp", "ldd", "id", "true", "false", "touch", "ls", "tar", "uname", "ip", "tr"),
    *("ldconfig", "gcc", "cc", "which", "test", "readlink", "mv", "find", "sleep", "kill", "pwd", "sed", "basename"),
    *("less", "more", "pager", "vi", "devkeel", "flock", "chroot", "bwrap", "newuidmap", "newgidmap", "pg_config"),
)
# Where a clone keeps programs; "." is the clone itself, for a PATH with "." or nothing between two colons.
FOLDERS = (".", "bin", ".venv/bin", "node_modules/.bin", ".devkeel/bin", ".devenv/profile/bin", ".direnv/bin")
_MODULES = (
    *("json", "runpy", "site", "sitecustomize", "usercustomize", "platformdirs", "msgspec", "tomllib", "click"),
    *("encodings", "pip", "setuptools", "hatchling", "conftest", "setup", "devkeel_cli", "mcp", "anyio", "rattler"),
)
# What a configuration of Git names and Git runs: see git-config(1).
_GIT = (
    *("core.fsmonitor", "core.sshCommand", "core.gitProxy", "core.editor", "core.askPass", "core.pager"),
    *("core.alternateRefsCommand", "credential.helper", "diff.external", "diff.evil.textconv", "diff.evil.command"),
    *("filter.evil.clean", "filter.evil.smudge", "filter.evil.process", "merge.evil.driver", "gpg.program"),
    *(
        "gpg.ssh.program",
        "pager.log",
        "pager.diff",
        "sequence.editor",
        "interactive.diffFilter",
        "uploadpack.packObjectsHook",
    ),
)
_HOOKS = ("post-index-change", "post-checkout", "reference-transaction", "pre-auto-gc", "fsmonitor-watchman")


@dataclass(frozen=True, slots=True)
class Clone:
    """The repository: its root, the directory that takes the canaries' names, a folder outside with a secret."""

    root: Path
    fired: Path
    outside: Path

    def marks(self) -> list[str]:
        """Return the canaries that were run."""
        return sorted(path.name for path in self.fired.iterdir())

    def mark(self, name: str) -> str:
        """Return a command that leaves a name."""
        return f"/usr/bin/touch {self.fired}/{name.replace('/', '-')}"

    def write(self, name: str, text: str, mode: int = 0o644) -> None:
        """Write a file, below the root or above it."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)

    def program(self, name: str) -> None:
        """Plant a program."""
        self.write(name, f"#!/bin/sh\n{self.mark(name)}\necho canary\nexit 0\n", 0o755)

    def module(self, name: str) -> None:
        """Plant a module of Python."""
        text = f"open({str(self.fired)!r} + '/{name.replace('/', '-')}', 'w').close()\n"
        self.write(name, text)


def clone_at(root: Path, files: dict[str, str]) -> Clone:
    """Plant everything in a directory, beside some files that it has as well."""
    fired, outside = root.parent / "fired", root.parent / "outside"
    for folder in (fired, outside, root):
        folder.mkdir(exist_ok=True)
    (outside / "secret").write_text(f"{SECRET}\n")
    clone = Clone(root, fired, outside)
    for name, text in {**files, **dict(_settings(clone)), **dict(_manifests(clone))}.items():
        clone.write(name, text)
    for folder in FOLDERS:
        for name in PROGRAMS:
            if (folder, name) != (".", "devkeel"):  # the package of that name is there
                clone.program(f"{folder}/{name}".removeprefix("./"))
    for name in _MODULES:
        clone.module(f"{name}.py")
    for name in ("devkeel/__init__.py", "devkeel/catalogue/__init__.py", "devkeel/catalogue/refresh.py"):
        clone.module(name)
    _records(clone)
    _links(clone)
    _repository(clone)
    return clone


def _settings(clone: Clone) -> Iterator[tuple[str, str]]:
    """Yield the files in which programs look for their settings."""
    run = clone.mark
    nix = (
        f"post-build-hook = {clone.root}/bin/nix\npre-build-hook = {clone.root}/bin/nix\nplugin-files = {clone.root}\n"
    )
    yield "nix.conf", nix
    yield ".config/nix/nix.conf", nix
    yield ".envrc", f"{run('envrc')}\n"
    yield ".direnvrc", f"{run('direnvrc')}\n"
    yield ".config/direnv/direnvrc", f"{run('direnvrc')}\n"
    yield "direnv.toml", '[whitelist]\nprefix = ["/"]\n'
    yield ".env", f"PASSWORD={SECRET}\nBASH_ENV={clone.root}/.bashrc\n"
    yield ".bashrc", f"{run('bashrc')}\n"
    yield ".profile", f"{run('profile')}\n"
    yield "uv.toml", 'index-url = "http://127.0.0.1:9/simple"\nkeyring-provider = "subprocess"\n'
    yield "pip.conf", "[global]\nindex-url = http://127.0.0.1:9/simple\n"
    yield ".pypirc", "[distutils]\n"
    yield ".netrc", "machine localhost login me password x\n"
    yield ".python-version", "3.99\n"
    yield ".tool-versions", "python 3.99\n"
    yield ".venv/pyvenv.cfg", f"home = {clone.root}/bin\ninclude-system-site-packages = true\n"
    yield ".npmrc", f"script-shell={clone.root}/bin/sh\nnode-options=--require {clone.root}/evil.js\n"
    yield "evil.js", f"require('child_process').execSync('{run('evil.js')}')\n"
    yield ".pnpmfile.cjs", f"require('child_process').execSync('{run('pnpmfile')}')\n"
    yield ".yarnrc", f'yarn-path "{clone.root}/bin/yarn"\n'
    yield ".yarnrc.yml", f"yarnPath: {clone.root}/bin/yarn\n"
    yield ".condarc", f"plugins:\n  auto: true\nchannels: [file://{clone.root}]\n"
    yield ".mambarc", f"channels: [file://{clone.root}]\n"
    yield ".cargo/config.toml", f'[build]\nrustc = "{clone.root}/bin/rustc"\nrustc-wrapper = "{clone.root}/bin/rustc"\n'
    yield "rust-toolchain.toml", '[toolchain]\npath = "./bin"\n'
    yield "go.env", f"GOFLAGS=-toolexec={clone.root}/bin/go\n"
    yield ".bundle/config", f'BUNDLE_PATH: "{clone.root}"\n'
    yield ".hg/hgrc", f"[extensions]\nevil = {clone.root}/json.py\n[hooks]\npre-status = {run('hg')}\n"
    yield ".hg/requires", "store\n"
    yield ".gitattributes", "* filter=evil diff=evil merge=evil\n"
    yield ".mailmap", "Me <me@here> <you@there>\n"
    yield (
        ".gitmodules",
        f'[submodule "evil"]\n\tpath = evil\n\turl = ext::{run("submodule")}\n\tupdate = !{run("update")}\n',
    )
    yield ".lfsconfig", f"[lfs]\n\turl = file://{clone.root}\n"


def _manifests(clone: Clone) -> Iterator[tuple[str, str]]:
    """Yield declarations of other environments, whose tools are programs that read them."""
    hook = f'nixConfig.post-build-hook = "{clone.root}/bin/nix";'
    yield (
        "flake.nix",
        f"{{ {hook} nixConfig.allow-unsafe-native-code-during-evaluation = true; outputs = _: {{ }}; }}\n",
    )
    yield "environment.yml", "name: evil\nchannels: [nowhere]\ndependencies:\n  - python\n"
    backend = '[build-system]\nrequires = []\nbuild-backend = "setup"\nbackend-path = ["."]\n'
    project = '[project]\nname = "evil"\nversion = "1"\ndependencies = []\n'
    yield "pyproject.toml", f'{backend}{project}[tool.uv]\nkeyring-provider = "subprocess"\n'
    yield "uv.lock", 'version = 1\nrequires-python = ">=3.11"\n'
    yield "requirements.txt", f"-r {os.path.relpath(clone.outside / 'secret', clone.root)}\n-e .\n"
    yield "package.json", json.dumps({"name": "evil", "version": "1.0.0", "scripts": {"preinstall": clone.mark("npm")}})
    yield "Cargo.toml", '[package]\nname = "evil"\nversion = "1.0.0"\nbuild = "build.rs"\n'
    yield "build.rs", f'fn main() {{ std::process::Command::new("touch").arg("{clone.fired}/build.rs").status(); }}\n'
    yield "go.mod", "module evil\n\ngo 1.21\n"
    yield "Gemfile", f"`{clone.mark('Gemfile')}`\n"
    yield "devkeel.toml", 'level = "build"\ndirenv_allow = true\n'


def _records(clone: Clone) -> None:
    """Plant records that devkeel itself would write, and environments whose Python is the clone's."""
    applied = {
        "backend": "venv",
        "prefix": str(clone.root / ".venv"),
        "variables": {"PATH": str(clone.root / "bin"), "BASH_ENV": str(clone.root / ".bashrc")},
        "judge": "uv",
        "unset": [],
        "notes": [],
    }
    good = {"version": 1, "applied": applied, "operation": None, "revision": "0" * 16, "lock_revision": None}
    clone.write(".devkeel/applied.json", json.dumps({**good, "time": "2026-01-01T00:00:00+00:00", "keep": "0"}))
    for name, backend in (("evil", "venv"), ("worse", "conda")):
        home = f".devkeel/envs/{name}"
        clone.write(
            f"{home}/environment.json", json.dumps({"backend": backend, "python": str(clone.root / "bin/python")})
        )
        for program in PROGRAMS:
            clone.program(f"{home}/g-1/bin/{program}")
        clone.write(f"{home}/g-1/devkeel.txt", "# uv\n")
        clone.write(f"{home}/g-1/conda-meta/history", "")
        (clone.root / home / "current").symlink_to("g-1")
    for name in ("processes.json", "holder.json"):
        clone.write(f".devkeel/{name}", json.dumps({"pid": 1, "host": "here"}))


def _links(clone: Clone) -> None:
    """Plant links that lead to the secret."""
    for name in ("notes.txt", "src/secret", "secrets.nix", ".env.local"):
        path = clone.root / name
        path.parent.mkdir(exist_ok=True)
        path.symlink_to(clone.outside / "secret")
    (clone.root / "vendor").symlink_to(clone.outside)


def _repository(clone: Clone) -> None:
    """Make it a work tree whose configuration names a program everywhere, with a file that has changed since."""
    git = [
        "git",
        "-C",
        str(clone.root),
        "-c",
        "user.name=me",
        "-c",
        "user.email=me@here",
        "-c",
        "filter.evil.clean=cat",
    ]
    subprocess.run([*git, "init", "--quiet", "--initial-branch=main"], check=True)
    subprocess.run([*git, "add", "--force", "devenv.nix", ".gitattributes", ".envrc"], check=True)
    subprocess.run([*git, "commit", "--quiet", "--message=start"], check=True)
    with (clone.root / ".git" / "config").open("a") as config:
        for setting in _GIT:
            section, _, rest = setting.partition(".")
            part, _, name = rest.rpartition(".")
            config.write(f"[{section}{f' {chr(34)}{part}{chr(34)}' if part else ''}]\n")
            config.write(f'\t{name} = "{clone.mark(f"git-{setting}")}; cat"\n')
        config.write(f"[core]\n\thooksPath = {clone.root}/hooks\n[include]\n\tpath = ../included\n")
    clone.write("included", f'[filter "other"]\n\tclean = {clone.mark("git-included")}; cat\n')
    clone.write(".git/info/attributes", "* filter=evil diff=evil\n*.md filter=other\n")
    for name in _HOOKS:
        clone.program(f"hooks/{name}")
        clone.program(f".git/hooks/{name}")
    clone.write(".envrc", (clone.root / ".envrc").read_text() + "# changed since\n")
