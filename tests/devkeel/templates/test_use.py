"""A template adds to a project what is not there, as one operation, and changes nothing that is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from devkeel.errors import DevkeelError

from .kits import HEAD, NAME, write_kit

if TYPE_CHECKING:
    from pathlib import Path

    from devkeel.api import Environment

EDITS = """
[[edits]]
kind = "set"
path = "env.PORT"
value = "1"
[[edits]]
kind = "add_packages"
names = ["jq"]
[[edits]]
kind = "append"
path = "enterTest"
value = "true"
[[edits]]
kind = "enable"
name = "redis"
when = { level = "high" }
"""
FILES = """
[[files]]
path = "app.py"
source = "app__py"
group = "program"
[[files]]
path = "tests/test_app.py"
source = "app__py"
group = "program"
[[files]]
path = "notes.txt"
source = "app__py"
"""


@pytest.fixture
def kit(environment: Environment) -> Path:
    """A kit in the project."""
    (environment.project.root / "kit").mkdir()
    (environment.project.root / "kit" / "app__py").write_text("print(1)\n")
    return write_kit(environment.project.root / "kit", HEAD + NAME + FILES + EDITS)


def content(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and ".devkeel" not in path.parts
    }


def test_a_template_is_one_operation_that_undo_takes_back(environment: Environment, kit: Path) -> None:
    root = environment.project.root
    before = content(root)
    tried = environment.use_template("./kit", {"name": "a"}, dry_run=True)
    assert (tried.published, content(root)) == (False, before)
    made = environment.use_template("./kit", {"name": "a"}, reason="begin")
    assert made.files == ("app.py", "devenv.nix", "notes.txt", "tests/test_app.py")
    entry = environment.history().operations[0]
    assert (entry.kind, entry.edits[0]["parameters"]) == ("template", {"name": "a", "parts": []})
    environment.undo()
    assert content(root) == before


def test_a_template_used_twice_changes_nothing_the_second_time(environment: Environment, kit: Path) -> None:
    environment.use_template("./kit", {"name": "a", "level": "high"})
    before = content(environment.project.root)
    again = environment.use_template("./kit", {"name": "a", "level": "high"})
    assert (again.changed, content(environment.project.root)) == (False, before)


def test_what_a_person_wrote_stays(environment: Environment, kit: Path) -> None:
    root = environment.project.root
    own = """\
{ pkgs, ... }:
{
  env.PORT = "9"; # mine
  services.redis.enable = false;
  enterTest = ''
    false
  '';
}
"""
    (root / "devenv.nix").write_text(own)
    (root / "app.py").write_text("mine\n")
    made = environment.use_template("./kit", {"name": "a", "level": "high"})
    text = (root / "devenv.nix").read_text()
    assert 'env.PORT = "9"; # mine' in text
    assert "services.redis.enable = false;" in text
    assert "    false\n    true\n" in text
    assert "pkgs.jq" in text
    assert (root / "app.py").read_text() == "mine\n"
    assert not (root / "tests").exists()  # of the group of the program that is there
    assert (root / "notes.txt").exists()
    assert len(made.notes) == 3


def test_a_condition_chooses_by_a_parameter(environment: Environment, kit: Path) -> None:
    low = environment.use_template("./kit", {"name": "a", "level": "low"}, dry_run=True)
    assert "redis" not in low.diff
    high = environment.use_template("./kit", {"name": "a", "level": "high"}, dry_run=True)
    assert "services.redis.enable = true;" in high.diff


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ("languages.python.version", 'languages.python.version = "3.11";'),
        ("packages", "packages = [ pkgs.hello ];"),
        ("env", 'env = { PORT = "3"; };'),
        ("processes.web.exec", 'processes = { web.exec = "mine"; };'),
    ],
)
def test_an_edit_that_would_replace_a_value_is_left_out(
    environment: Environment, tmp_path: Path, path: str, written: str
) -> None:
    root = environment.project.root
    (root / "devenv.nix").write_text(f"{{ pkgs, ... }}:\n{{\n  {written}\n}}\n")
    value = {"packages": "[]", "env": '{ PORT = "4" }'}.get(path, '"other"')
    write_kit(root / "kit", f'{HEAD}[[edits]]\nkind = "set"\npath = "{path}"\nvalue = {value}\n')
    before = (root / "devenv.nix").read_text()
    told = environment.use_template("kit/", {})
    assert (told.changed, (root / "devenv.nix").read_text()) == (False, before)
    assert len(told.notes) == 1


def test_a_project_is_begun_in_an_empty_directory(empty: Environment, tmp_path: Path) -> None:
    kit = write_kit(tmp_path / "kit", HEAD + NAME + EDITS)
    made = empty.use_template(str(kit), {"name": "a"}, anywhere=True)
    assert made.files == (".gitignore", "devenv.nix", "devenv.yaml")


def test_a_directory_elsewhere_is_read_for_a_person_alone(empty: Environment, tmp_path: Path) -> None:
    kit = write_kit(tmp_path / "kit")
    assert empty.template(str(kit), anywhere=True).name == "own"
    for source in (str(kit), "../kit"):
        with pytest.raises(DevkeelError) as caught:
            empty.template(source)
        assert caught.value.code == "outside_root"


@pytest.mark.parametrize(
    ("given", "path", "choice"),
    [
        ({}, "required", ()),
        ({"name": 1}, "properties/name/type", ()),
        ({"name": "a", "level": "medium"}, "properties/level/enum", ("low", "high")),
        ({"name": "a", "levle": "low"}, "additionalProperties", ("level", "name", "parts")),
        ({"name": "a", "parts": [1]}, "properties/parts/items/type", ()),
        ({"name": "a" * 2000}, "properties/name", ()),
    ],
)
def test_a_bad_parameter_is_answered_with_the_path_in_the_schema(
    environment: Environment, kit: Path, given: dict[str, Any], path: str, choice: tuple[str, ...]
) -> None:
    with pytest.raises(DevkeelError) as caught:
        environment.use_template("./kit", given)
    assert (caught.value.code, caught.value.details["schema_path"]) == ("bad_template_parameter", path)
    assert caught.value.alternatives == choice


def test_an_unknown_name_is_answered_with_the_nearest(environment: Environment) -> None:
    for source in ("goo", "./missing"):
        with pytest.raises(DevkeelError) as caught:
            environment.use_template(source, {})
        assert (caught.value.code, "go" in caught.value.alternatives) == ("unknown_template", True)


GROUP = """
[[files]]
path = "app.py"
source = "app__py"
group = "program"
[[edits]]
kind = "set"
path = "processes.web.exec"
value = "python app.py"
group = "program"
[[edits]]
kind = "set"
path = "env.MODE"
value = "test"
group = "program"
unless = ["languages.ruby.enable"]
[[edits]]
kind = "add_packages"
names = ["jq"]
"""


@pytest.mark.parametrize(
    "there",
    [
        "languages.ruby.enable = false;",
        "languages.ruby = { enable = true; };",
        'env.MODE = "other";',
        'processes = { web.exec = "mine"; };',
        "imports = [ ./part.nix ];",
        None,
    ],
)
def test_what_belongs_together_comes_together_or_not_at_all(
    environment: Environment, kit: Path, there: str | None
) -> None:
    (kit / "kit.toml").write_text(HEAD + GROUP)
    root = environment.project.root
    if there is None:
        (root / "app.py").write_text("mine\n")
    else:
        (root / "part.nix").write_text('{ env.MODE = "other"; }\n')
        (root / "devenv.nix").write_text(f"{{ pkgs, ... }}:\n{{\n  {there}\n}}\n")
    made = environment.use_template("./kit", {})
    assert made.files == ("devenv.nix",)
    text = (root / "devenv.nix").read_text()
    assert ("jq" in text, "python app.py" in text, 'MODE = "test"' in text) == (True, False, False)
    assert not environment.use_template("./kit", {}).changed


@pytest.mark.parametrize("way", ["a directory is there", "a file is its directory", "a link leads out"])
def test_a_file_that_cannot_come_there_is_refused_and_nothing_is_written(
    environment: Environment, tmp_path: Path, way: str
) -> None:
    root = environment.project.root
    write_kit(
        root / "kit", f'{HEAD}[[files]]\npath = "src/a"\nsource = "a"\n[[files]]\npath = "b"\nsource = "a"\n', a="a"
    )
    if way == "a directory is there":
        (root / "src" / "a").mkdir(parents=True)
    elif way == "a file is its directory":
        (root / "src").write_text("")
    else:
        (tmp_path / "elsewhere").mkdir()
        (root / "src").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DevkeelError):
        environment.use_template("./kit", {})
    assert not (root / "b").exists()


def test_what_a_person_protects_is_not_changed_by_a_template(environment: Environment, kit: Path) -> None:
    (environment.project.root / "devkeel.toml").write_text('protected = ["env"]\n')
    with pytest.raises(DevkeelError) as caught:
        environment.use_template("./kit", {"name": "a"})
    assert caught.value.code == "protected_option"


@pytest.mark.parametrize(
    ("path", "when"),
    [
        (".mcp.json", "an agent"),
        (".claude/settings.json", "an agent"),
        ("web/.vscode/tasks.json", "an editor"),
        (".husky/pre-commit", "Git"),
        (".pre-commit-config.yaml", "Git"),
        (".github/workflows/test.yml", "CI"),
        (".GitHub/Workflows/test.yml", "CI"),
        (".envrc", "direnv"),
        ("docs/github/workflows.md", None),
        ("main.py", None),
    ],
)
def test_a_file_that_a_tool_starts_by_itself_is_said_to(
    environment: Environment, tmp_path: Path, path: str, when: str | None
) -> None:
    kit = write_kit(tmp_path / "kit", f'{HEAD}[[files]]\npath = "{path}"\nsource = "a"\n', a="{}\n")
    made = environment.use_template(str(kit), {}, dry_run=True, anywhere=True)
    assert [when is not None and when in item for item in made.runs_when] == ([True] if when else [])
    report = environment.validate_template(str(kit), anywhere=True)
    assert ("permissions" in [item.at for item in report.problems]) == (when is not None)


@pytest.mark.parametrize(
    ("name", "given", "said", "remedy"),
    [
        ("rust", {}, "name", 'such as "shop"'),
        ("rust", {"name": "a", "lints": "yes"}, "true or false", "such as true"),
        ("go", {"module": "a", "port": "many"}, "whole number", "such as 9000"),
        ("rust", {"name": "a", "editon": "2024"}, "no parameter editon", "of those"),
        ("rust", {"name": "A"}, "match", 'such as "shop"'),
    ],
)
def test_a_refused_parameter_is_answered_with_a_value_that_can_be(
    empty: Environment, name: str, given: dict[str, Any], said: str, remedy: str
) -> None:
    with pytest.raises(DevkeelError) as caught:
        empty.use_template(name, given)
    assert said in caught.value.message
    assert remedy in str(caught.value.remedy)


def test_a_template_says_when_each_of_its_files_comes(empty: Environment) -> None:
    files = [(item.path, item.when) for item in empty.template("agent-sandbox").files if item.path == ".mcp.json"]
    assert files == [(".mcp.json", {"role": role}) for role in ("look", "edit", "run")]
