"""What an evaluation does not see: files of secrets, and what git keeps for itself."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from devkeel.api import Environment
from devkeel.candidate.basis import Basis
from devkeel.candidate.candidate import Candidate
from devkeel.candidate.stage import open_stage
from devkeel.candidate.withheld import withhold
from devkeel.checks import evaluation
from devkeel.project.declaration import dotenv_files, read_declaration
from devkeel.project.root import Project

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from devkeel.errors import Diagnostic

    Make = Callable[..., Path]

pytestmark = [pytest.mark.nix, pytest.mark.usefixtures("each_system")]

_BODY = "MHcCAQEEIIrYSSNQFaA2Hwf1duRSxKtLYX5CB04fSeQ6tF1aY/PuoAoGCCqGSM49"
_KEY = f"-----BEGIN {{}}PRIVATE KEY-----\n{_BODY}\n-----END {{}}PRIVATE KEY-----\n"
_CANARY = "canary-4f1c"

SECRETS = {
    ".env": f"TOKEN={_CANARY}\n",
    ".env.local": f"TOKEN={_CANARY}\n",
    ".env.production": f"TOKEN={_CANARY}\n",
    "sub/.env": f"TOKEN={_CANARY}\n",
    "deep/er/.env.test": f"TOKEN={_CANARY}\n",
    ".netrc": f"machine example.org password {_CANARY}\n",
    ".npmrc": f"//registry.example.org/:_authToken={_CANARY}\n",
    ".pypirc": f"[pypi]\npassword = {_CANARY}\n",
    "id_ed25519": _KEY.replace("{}", "OPENSSH "),
    "server.pem": _KEY.replace("{}", ""),
    "conf/deploy": _KEY.replace("{}", "RSA "),
    "with.txt": f"# note\n{_KEY.replace('{}', 'EC ')}",
    "account.json": '{ "private_key": "' + _KEY.replace("{}", "").replace("\n", "\\n") + '" }',
    "key.age": f"# created\nAGE-SECRET-KEY-1{'Q' * 58}\n",
    "node_modules/x/.env": f"TOKEN={_CANARY}\n",
    "node_modules/x/tls.key": _KEY.replace("{}", ""),
}
HARMLESS = {
    ".envrc": "use devenv\n",
    ".env.example": "TOKEN=fill-me-in\n",
    ".env.sample": "TOKEN=fill-me-in\n",
    ".env.template": "TOKEN=fill-me-in\n",
    "server.crt": f"-----BEGIN CERTIFICATE-----\n{_BODY}\n-----END CERTIFICATE-----\n",
    "id_ed25519.pub": "ssh-ed25519 AAAA me\n",
    "text/secrets.py": 'BLOCK = "-----BEGIN PRIVATE KEY-----"\n',
    "notes.txt": "A key begins with -----BEGIN PRIVATE KEY----- and then has lines.\n",
    ".npmrc": "//registry.example.org/:_authToken=${NPM_TOKEN}\nfund=false\n",
    "environment.nix": "{ }\n",
}


def evaluated(root: Path) -> list[Diagnostic]:
    environment = Environment(root, actor="test")
    try:
        project = environment.project
        return evaluation.check(Candidate(Basis(project), read_declaration(project), fetches=True)).diagnostics
    finally:
        environment.close()


def git(root: Path, *words: str) -> str:
    argv = ["git", "-c", "user.name=a", "-c", "user.email=b", "-c", "commit.gpgsign=false", *words]
    return subprocess.run(argv, cwd=root, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("name", SECRETS)
def test_a_file_of_secrets_is_not_there_for_an_evaluation(pinned_project: Make, name: str) -> None:
    text = f'env.A = if builtins.pathExists ./{name} then throw (builtins.readFile ./{name}) else "";'
    assert evaluated(pinned_project(text, {name: SECRETS[name]})) == []


@pytest.mark.parametrize("name", [".env~", ".env.swp", "#.env#", ".#.env", "..env.swp", ".ENV.local~", "sub/.env~"])
def test_what_an_editor_leaves_of_a_file_of_secrets_is_withheld_too(root: Path, name: str) -> None:
    (root / "sub").mkdir()
    (root / name).write_text(f"TOKEN={_CANARY}\n")
    assert withhold(root).files == (name,)


@pytest.mark.parametrize("name", [".environment", "..envrc", ".envrc", "env~", ".env.example~", "#.envs#"])
def test_what_is_called_alike_is_there(root: Path, name: str) -> None:
    (root / name).write_text("TOKEN=fill-me-in\n")
    assert withhold(root).files == ()


@pytest.mark.parametrize("name", HARMLESS)
def test_a_file_without_secrets_is_there(pinned_project: Make, name: str) -> None:
    text = f"env.A = builtins.readFile ./{name};"
    root = pinned_project(text, {name: HARMLESS[name]})
    assert evaluated(root) == []
    assert withhold(root).files == ()


@pytest.mark.parametrize(
    ("name", "expression"),
    [
        (".env", "builtins.readFile ./.env"),
        (".env", "builtins.readFile ./other"),
        ("sub/.env", 'builtins.readFile (./. + "/sub/.env")'),
        (".env", 'builtins.hashFile "sha256" ./.env'),
        (".env", "toString (import ./.env)"),
        (".env", 'builtins.path { path = ./.env; name = "env"; }'),
        (".env", '"${./.env}"'),
        ("server.pem", "builtins.readFile ./server.pem"),
    ],
)
def test_a_refusal_names_the_file_and_what_allows_it(pinned_project: Make, name: str, expression: str) -> None:
    root = pinned_project(f"env.A = {expression};", {name: SECRETS[name]})
    (root / "other").symlink_to(".env")
    (found,) = evaluated(root)
    assert (found.code, found.severity, found.subject) == ("secret_not_shown", "warning", name)
    assert ("dotenv.enable" in found.message) == (".env" in name)
    assert _CANARY not in found.message


def test_the_whole_project_as_a_source_is_without_them(pinned_project: Make) -> None:
    text = """env.A =
      let
        all = folder: builtins.concatLists (builtins.attrValues (builtins.mapAttrs (name: kind:
          if kind == "directory" then all "${folder}/${name}" else [ (builtins.readFile "${folder}/${name}") ])
          (builtins.readDir folder)));
        text = builtins.concatStringsSep "" (all (builtins.path { path = ./tree; name = "tree"; }));
      in if text == "fine" then "" else throw text;"""
    files = {f"tree/{name}": data for name, data in SECRETS.items()} | {"tree/a": "fine"}
    assert evaluated(pinned_project(text, files)) == []


def test_other_names_of_such_a_file_are_not_there_either(pinned_project: Make) -> None:
    text = 'env.A = if builtins.pathExists ./same || builtins.pathExists ./real then throw "seen" else "";'
    root = pinned_project(text, {".env": f"A={_CANARY}", "real": f"A={_CANARY}"})
    os.link(root / ".env", root / "same")
    (root / ".env.local").symlink_to("real")
    assert evaluated(root) == []


@pytest.mark.parametrize(
    ("setting", "name"),
    [
        ("dotenv.enable = true;", ".env"),
        ('dotenv = { enable = true; filename = ".env.local"; };', ".env.local"),
        ('dotenv = { enable = lib.mkDefault true; filename = [ ".env" "sub/.env" ]; };', "sub/.env"),
    ],
)
def test_what_dotenv_names_is_read(pinned_project: Make, setting: str, name: str) -> None:
    text = f"{setting} env.B = builtins.readFile ./{name};"
    root = pinned_project(text, {".env": "A=1", ".env.local": "A=1", "sub/.env": "A=1"})
    assert evaluated(root) == []
    shown = dotenv_files({"devenv.nix": (root / "devenv.nix").read_bytes()})
    assert name in shown
    assert set(withhold(root, shown).files) == {".env", ".env.local", "sub/.env"} - shown


@pytest.mark.parametrize(
    "text",
    [
        "dotenv.enable = false;",
        'dotenv.filename = ".env.local";',
        'dotenv = { enable = true; filename = "id_ed25519"; };',
        "# dotenv.enable = true;",
        'env.A = "dotenv.enable = true;";',
    ],
)
def test_dotenv_asks_for_no_other_files(text: str) -> None:
    assert dotenv_files({"devenv.nix": f"{{ ... }}: {{ {text}\n }}".encode()}) == frozenset()


@pytest.fixture
def repository(pinned_project: Make) -> Path:
    """A project in a repository whose configuration has tokens and programs."""
    root = pinned_project("env.A = toString (builtins.fetchGit ./.);", {"tracked": "a"})
    git(root, "init", "-q", "-b", "main")
    git(root, "add", ".")
    git(root, "commit", "-qm", "a")
    git(root, "remote", "add", "origin", f"https://user:{_CANARY}@example.org/a.git")
    git(root, "config", "http.extraheader", f"Authorization: {_CANARY}")
    git(root, "config", "credential.helper", f"!echo {_CANARY} > fired-helper")
    for name in ("core.fsmonitor", "core.sshCommand", "filter.x.clean", "filter.x.smudge", "diff.x.textconv"):
        git(root, "config", name, f"touch {root}/fired-{name}; cat")
    (root / ".gitattributes").write_text("* filter=x diff=x\n")
    for name in ("post-checkout", "pre-commit", "post-index-change", "reference-transaction"):
        hook = root / ".git" / "hooks" / name
        hook.write_text(f"#!/bin/sh\ntouch {root}/fired-{name}\n")
        hook.chmod(0o755)
    (root / "tracked").write_text("changed")
    return root


@pytest.mark.parametrize(
    "name", ["config", "hooks/pre-commit", "logs/HEAD", "description", "FETCH_HEAD", "info/exclude"]
)
def test_gits_own_files_are_not_read(repository: Path, name: str) -> None:
    place = repository / ".git" / name
    place.write_text(place.read_text() + f"# {_CANARY}\n" if place.exists() else _CANARY)
    read = f'builtins.readFile (./. + "/.git/{name}")'
    text = f'env.A = let found = {read}; in if builtins.match ".*{_CANARY}.*" found == null then "" else throw found;'
    (repository / "devenv.nix").write_text(f"{{ ... }}: {{ {text} }}")
    found = evaluated(repository)
    assert all((item.code, item.severity) == ("secret_not_shown", "warning") for item in found), found
    assert _CANARY not in str(found)


def test_nix_fetches_the_repository_and_starts_nothing_that_it_names(repository: Path) -> None:
    assert evaluated(repository) == []
    assert [path.name for path in repository.iterdir() if path.name.startswith("fired")] == []


def test_a_nested_repository_starts_nothing_either(pinned_project: Make) -> None:
    root = pinned_project("env.A = toString (builtins.fetchGit ./vendor/x);", {"vendor/x/a": "a"})
    inner = root / "vendor" / "x"
    git(inner, "init", "-q")
    git(inner, "add", ".")
    git(inner, "commit", "-qm", "a")
    git(inner, "config", "core.fsmonitor", f"touch {root}/fired; false")
    assert evaluated(root) == []
    assert not (root / "fired").exists()


def test_a_work_tree_elsewhere_is_fetched_without_the_configuration_that_it_shares(
    repository: Path, tmp_path: Path
) -> None:
    other = tmp_path.resolve() / "other"
    git(repository, "-c", "core.fsmonitor=false", "worktree", "add", "-q", "--no-checkout", str(other))
    subprocess.run(["cp", "-R", *(str(path) for path in repository.glob("[dt]*")), str(other)], check=True)
    git(other, "-c", "core.fsmonitor=false", "-c", "filter.x.clean=cat", "add", "devenv.nix", "tracked")
    for path in repository.glob("fired*"):
        path.unlink()
    assert evaluated(other) == []
    assert not list(repository.glob("fired*"))


def test_a_file_that_names_the_repository_of_others_is_not_followed(pinned_project: Make, tmp_path: Path) -> None:
    private = tmp_path.resolve() / "private"
    private.mkdir()
    git(private, "init", "-q", "-b", "main")
    (private / "secret").write_text(_CANARY)
    git(private, "add", ".")
    git(private, "commit", "-qm", "a")
    revision = git(private, "rev-parse", "HEAD").strip()
    fetched = f'builtins.fetchGit {{ url = ./.; rev = "{revision}"; ref = "main"; }}'
    root = pinned_project(f'env.A = throw (builtins.readFile "${{{fetched}}}/secret");')
    (root / ".git").write_text(f"gitdir: {private}/.git\n")
    assert _CANARY not in str(evaluated(root))


def test_names_that_a_shell_would_read_otherwise_are_not_there_either(pinned_project: Make) -> None:
    names = [".env.a b", ".env.$(touch fired)", ".env.'\"", ".env.\n.env.x", ".env.é"]
    text = """env.A = toString (map (n: throw n)
      (builtins.filter (n: builtins.substring 0 5 n == ".env.") (builtins.attrNames (builtins.readDir ./.))));"""
    root = pinned_project(text, dict.fromkeys(names, "A=1"))
    assert evaluated(root) == []
    assert not (root / "fired").exists()


def test_a_change_is_judged_without_them_and_leaves_them(pinned_project: Make) -> None:
    root = pinned_project('env.A = if builtins.pathExists ./.env then throw "seen" else "";', {".env": _CANARY})
    project = Project(root)
    changed = {"devenv.nix": (root / "devenv.nix").read_bytes() + b"\n"}
    with open_stage(project, changed) as stage:
        assert ".env" in stage.withheld
    assert (root / ".env").read_text() == _CANARY


def test_a_project_with_many_files_is_looked_at_once(pinned_project: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    root = pinned_project("", {f"data/{number}.txt": "x" * 100 for number in range(50)})
    withhold(root)
    monkeypatch.setattr("devkeel.candidate.withheld._read", lambda _: pytest.fail("read again"))
    assert withhold(root).files == ()
