"""What a change is made from is what is compared: each file is read once, whoever takes part in the change."""

from __future__ import annotations

import ast
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import devkeel
from devkeel.api import Environment
from devkeel.candidate.basis import Basis
from devkeel.candidate.candidate import Candidate
from devkeel.change import changes
from devkeel.edits.vocabulary import models, parse_edits
from devkeel.errors import Conflict, PolicyRefused, ProjectError
from devkeel.project.root import MAX_FILE_BYTES, Project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from devkeel.change.result import ChangeResult

LIBRARY = Path(devkeel.__file__).parent
# Who takes part in a change, and reads files for it.
PARTS = (
    *(
        "edits/apply",
        "candidate/candidate",
        "project/declaration",
        "change/changes",
        "change/resolution",
        "change/write",
        "history/restore",
        "history/undo",
    ),
    *("change/judge", "policy/protected", "libraries/resolve/resolvers", "backends/registry"),
    *(f"policy/mentions/{path.stem}" for path in sorted(Path(devkeel.__file__).parent.glob("policy/mentions/*.py"))),
)
FILES = {
    "devenv.nix": """\
{ pkgs, ... }:

{
  packages = [ pkgs.git ];
  services.redis.enable = true;
  languages.go.enable = true;
  env.A = "1";
  # env.B = "2";
  cachix.pull = [ "a" ];
  imports = [ ./part.nix ];
}
""",
    "part.nix": "{ ... }:\n\n{\n}\n",
    "devenv.yaml": "inputs:\n  nixpkgs:\n    url: github:a/nixpkgs\n  spare:\n    url: github:a/spare\n"
    "  held:\n    url: github:a/held/0123456789abcdef0123456789abcdef01234567\n",
    "requirements.txt": "six\nattrs\n",
    "pyproject.toml": '[project]\nname = "a"\nversion = "1"\ndependencies = ["six"]\n',
    "package.json": '{\n  "dependencies": {\n    "left-pad": "^1.3.0"\n  }\n}\n',
    "Cargo.toml": '[package]\nname = "a"\nversion = "0.1.0"\n\n[dependencies]\nserde = "1"\n',
    ".envrc": "# Made by devkeel; lines below the last of these are yours.\nuse devenv\n# End of what devkeel made.\n",
    ".gitignore": ".devenv*\n",
    "devkeel.toml": 'protected = ["services.mysql"]\n',
}
EDITS: dict[str, dict[str, Any]] = {
    "add_packages": {"names": ["hello"]},
    "remove_packages": {"names": ["git"]},
    "set": {"path": "env.A", "value": "2"},
    "unset": {"path": "env.A"},
    "append": {"path": "cachix.pull", "value": "b"},
    "prepend": {"path": "cachix.pull", "value": "b"},
    "remove": {"path": "cachix.pull", "value": "a"},
    "rename": {"path": "env.A", "to": "env.C"},
    "comment_out": {"path": "env.A"},
    "uncomment": {"path": "env.B"},
    "enable": {"name": "postgres"},
    "disable": {"name": "redis"},
    "set_input": {"name": "other", "url": "github:a/b"},
    "follow_input": {"name": "spare/nixpkgs", "to": "nixpkgs"},
    "pin_input": {"name": "spare", "to": "0123456789abcdef0123456789abcdef01234567"},
    "unpin_input": {"name": "held"},
    "remove_input": {"name": "spare"},
    "add_library": {"language": "python", "names": ["idna"]},
    "remove_library": {"language": "python", "names": ["six"]},
    "replace_text": {"old": 'env.A = "1";', "new": 'env.A = "3";'},
}
_MADE: dict[str, list[dict[str, Any]]] = {
    **{kind: [{"kind": kind, **fields}] for kind, fields in EDITS.items()},
    "requirements": [{"kind": "add_library", "file": "requirements.txt", **EDITS["add_library"]}],
    "npm": [{"kind": "add_library", "language": "javascript", "names": ["is-odd"]}],
    "cargo": [{"kind": "add_library", "language": "rust", "names": ["anyhow"]}],
    "ignored": [{"kind": "replace_text", "file": ".gitignore", "old": ".devenv*", "new": ".devenv*\nresult"}],
    "entered": [{"kind": "replace_text", "file": ".envrc", "old": "use devenv", "new": "use devenv # all"}],
}


def _edit(items: list[dict[str, Any]]) -> Callable[[Environment], ChangeResult]:
    return lambda environment: environment.change(parse_edits(items), level="schema")


WORKS: dict[str, Callable[[Environment], ChangeResult]] = {
    **{name: _edit(items) for name, items in _MADE.items()},
    "envrc": lambda environment: environment.write_envrc(),
    "undo": lambda environment: environment.undo(),
    "restore": lambda environment: environment.restore(1),
    "going back": lambda environment: changes.take_back(environment.context, 1, "it failed")[0],
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with every kind of file and three operations."""
    root = tmp_path / "all"
    root.mkdir()
    for name, text in FILES.items():
        (root / name).write_text(text)
    environment = Environment(root, actor="test")
    for number in range(3):
        edit = {"kind": "set", "path": f"env.N{number}", "value": str(number)}
        environment.change(parse_edits([edit]), level="schema")
    environment.close()
    return root


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is read through projects, in order."""
    seen: list[str] = []
    read = Project.read

    def counted(project: Project, name: str) -> bytes | None:
        seen.append(project.resolve(name))
        return read(project, name)

    monkeypatch.setattr(Project, "read", counted)
    return seen


def test_every_kind_of_edit_is_tried_here() -> None:
    assert EDITS.keys() == set(models())


@pytest.mark.parametrize("name", WORKS)
def test_a_change_reads_each_file_once(name: str, project: Path, reads: list[str]) -> None:
    environment = Environment(project, actor="test")
    reads.clear()
    assert WORKS[name](environment).published
    assert sorted(reads) == sorted(set(reads))
    environment.close()


@pytest.mark.races
@pytest.mark.parametrize("name", WORKS)
def test_a_save_right_after_any_file_was_read_is_kept(
    name: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, saved = Project.read, dict[str, str]()

    def read_and_saved(asked: Project, name: str) -> bytes | None:
        data = read(asked, name)
        relative = asked.resolve(name)
        if data is not None and relative not in saved and Path(relative).suffix not in (".json", ".lock"):
            saved[relative] = f"# saved {len(saved)}\n"
            (project / relative).write_bytes(data + saved[relative].encode())
        return data

    environment = Environment(project, actor="test")
    monkeypatch.setattr(Project, "read", read_and_saved)
    try:
        assert WORKS[name](environment).published
    except Conflict as error:
        assert error.code in ("file_changed", "undo_conflict", "restore_conflict")
    assert saved
    for relative, line in saved.items():
        assert line in (project / relative).read_text()
    environment.close()


@pytest.mark.races
def test_beginning_a_project_keeps_what_is_saved_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read, saved = Project.read, dict[str, bytes]()
    texts = {"devenv.nix": b"{ }\n# mine\n", "devenv.yaml": b"# mine\n", ".gitignore": b"mine\n", ".envrc": b"# mine\n"}

    def read_and_saved(asked: Project, name: str) -> bytes | None:
        data = read(asked, name)
        if name not in saved and name in texts:
            saved[name] = texts[name]
            (tmp_path / name).write_bytes(texts[name])
        return data

    monkeypatch.setattr(Project, "read", read_and_saved)
    environment = Environment(tmp_path, actor="test")
    edit = {"kind": "set", "path": "env.A", "value": "1"}
    assert environment.change(parse_edits([edit]), create=True, direnv=True, level="syntax").published
    assert saved.keys() >= {"devenv.nix", "devenv.yaml", ".gitignore"}
    assert all(b"mine\n" in (tmp_path / name).read_bytes() for name in saved)
    environment.close()


@pytest.mark.races
def test_a_file_that_is_read_while_it_is_half_saved_is_read_again(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, path = Project.read, project / "devenv.nix"
    whole, torn = path.read_bytes(), list[bytes | None]()

    def half_saved(asked: Project, name: str) -> bytes | None:
        if name != "devenv.nix" or torn:
            return read(asked, name)
        path.write_bytes(b"")
        torn.append(read(asked, name))
        path.write_bytes(whole)
        return torn[0]

    monkeypatch.setattr(Project, "read", half_saved)
    environment = Environment(project, actor="test")
    assert WORKS["replace_text"](environment).published
    assert torn == [b""]
    assert path.read_bytes() == whole.replace(b'env.A = "1"', b'env.A = "3"')
    environment.close()


@pytest.mark.races
@pytest.mark.usefixtures("own_index")
@pytest.mark.parametrize("name", ["deps.txt", "pip/constraints.txt", "uv.toml"])
def test_a_file_that_only_a_resolver_reads_is_compared_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    read, saved = Project.read, list[str]()
    files = {
        "deps.txt": "-c pip/constraints.txt\nnumbers-lib\n",
        "pip/constraints.txt": "numbers-lib<2\n",
        "uv.toml": "",
    }
    for other, text in (files | {"requirements.txt": "-r deps.txt\n"}).items():
        (tmp_path / other).parent.mkdir(exist_ok=True)
        (tmp_path / other).write_text(text)

    def read_and_saved(asked: Project, asked_for: str) -> bytes | None:
        data = read(asked, asked_for)
        if asked_for == name and not saved:
            saved.append(asked_for)
            (tmp_path / name).write_text(files[name] + "# saved\n")
        return data

    monkeypatch.setattr(Project, "read", read_and_saved)
    environment = Environment(tmp_path, actor="test")
    edit = {"kind": "add_library", "language": "python", "names": ["plain"]}
    result = environment.change(parse_edits([edit]))
    assert saved
    assert "resolution" in result.checks.ran
    assert any("made anew" in note for note in result.notes)
    assert (tmp_path / name).read_text().endswith("# saved\n")
    environment.close()


@pytest.mark.parametrize("name", ["devkeel.toml", "part.nix", "devenv.yaml"])
def test_a_file_that_a_change_only_read_is_compared_too(name: str, project: Path) -> None:
    environment = Environment(project, actor="test")
    basis = Basis(environment.project)
    candidate = Candidate(basis)
    basis.read_all(FILES)
    candidate.put("devenv.nix", b"{ }\n")
    (project / name).write_text("# saved\n")
    with pytest.raises(Conflict) as caught:
        environment.context.records.publish(candidate.changes(), _record())
    assert caught.value.place is not None
    assert caught.value.place.file == name
    assert (project / "devenv.nix").read_text() != "{ }\n"
    environment.close()


def _record() -> Any:
    from devkeel.transaction import Record

    return Record("edit", "a test", None, [], {}, "0" * 16, "1" * 16)


def test_a_basis_remembers_what_was_not_there_and_where_a_link_led(project: Path) -> None:
    basis = Basis(Project(project))
    (project / "link.nix").symlink_to("part.nix")
    assert basis.read("later.nix") is None
    assert not basis.exists("also.nix")
    assert basis.read("link.nix") == FILES["part.nix"].encode()
    (project / "later.nix").write_text("{ }\n")
    (project / "also.nix").write_text("{ }\n")
    (project / "link.nix").unlink()
    (project / "link.nix").symlink_to("devenv.nix")
    assert basis.read("later.nix") is None
    assert not basis.exists("also.nix")
    assert basis.read("link.nix") == FILES["part.nix"].encode()


def test_what_devkeel_could_not_read_again_is_refused(environment: Environment) -> None:
    before = (environment.project.root / "devenv.nix").read_bytes()
    edit = {"kind": "set", "path": "env.BIG", "value": "x" * MAX_FILE_BYTES}
    for dry_run in (True, False):
        with pytest.raises(ProjectError) as caught:
            environment.change(parse_edits([edit]), level="syntax", dry_run=dry_run)
        assert caught.value.code == "result_too_large"
    assert (environment.project.root / "devenv.nix").read_bytes() == before


def _annotations(path: Path) -> Iterator[str]:
    """Yield what the parameters and fields of a module are annotated with."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.arg | ast.AnnAssign) and node.annotation is not None:
            yield ast.unparse(node.annotation)


@pytest.mark.parametrize("part", PARTS)
def test_who_takes_part_in_a_change_cannot_read_but_through_its_basis(part: str) -> None:
    path = LIBRARY / f"{part}.py"
    assert not [told for told in _annotations(path) if re.search(r"\bProject\b", told)]
    text = path.read_text("utf-8")
    assert not [word for word in ("read_bytes", "read_text", " open(", "os.", "Path(") if word in text]


def test_only_a_candidate_says_what_is_published() -> None:
    makers = {
        str(path.relative_to(LIBRARY))
        for path in LIBRARY.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "FileChange"
    }
    # `single_file` replaces files that are in no project; `transactions` tells what the history has; the others note
    # what another program has written already.
    noted = {"history/external.py", "transaction/sightings.py"}
    assert makers - noted == {"candidate/candidate.py", "transaction/single_file.py", "transaction/transactions.py"}
    published = {
        ast.unparse(node.args[0])
        for node in ast.walk(ast.parse((LIBRARY / "change" / "write.py").read_text("utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "publish"
    }
    assert published == {"candidate.changes()"}


@pytest.mark.parametrize("name", WORKS)
def test_no_way_writes_a_protected_file_or_changes_a_protected_option(name: str, project: Path) -> None:
    trial = project.with_name("trial")
    shutil.copytree(project, trial, symlinks=True)
    environment = Environment(trial, actor="test")
    written = WORKS[name](environment).files
    environment.close()
    protections = [(f'[rules]\nprotected_files = ["{file}"]\n', "protected_file") for file in written]
    # A glob over everything protects each option that a module defines.
    protections += [('protected = ["*"]\n', "protected_option")] if "devenv.nix" in written else []
    assert protections
    for text, code in protections:
        (project / "devkeel.toml").write_text(text)
        before = {path: path.read_bytes() for path in project.glob("*") if path.is_file()}
        environment = Environment(project, actor="test")
        with pytest.raises(PolicyRefused) as caught:
            WORKS[name](environment)
        environment.close()
        assert caught.value.code == code
        assert before == {path: path.read_bytes() for path in project.glob("*") if path.is_file()}
