"""What edits do to a project beyond the Nix of them: new files, notes, what will run, texts that are not found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from devkeel.edits.vocabulary import parse_edits
from devkeel.errors import CheckFailed, ProjectError, Refused, UsageError
from devkeel.text.actions import again, argument, do

if TYPE_CHECKING:
    from devkeel.api import Environment
    from devkeel.change.result import ChangeResult


def edit(environment: Environment, *items: dict[str, Any], **options: Any) -> ChangeResult:
    return environment.change(parse_edits(list(items)), **options)


def text(environment: Environment, name: str = "devenv.nix") -> str:
    return (environment.project.root / name).read_text()


def setting(path: str, value: Any) -> dict[str, Any]:
    return {"kind": "set", "path": path, "value": value}


def test_lists_take_values_first_and_last_and_give_them_back(environment: Environment) -> None:
    edit(environment, setting("cachix.pull", ["b"]))
    edit(
        environment,
        {"kind": "prepend", "path": "cachix.pull", "value": "a"},
        {"kind": "append", "path": "cachix.pull", "value": "c"},
        {"kind": "remove", "path": "cachix.pull", "value": "b"},
    )
    assert 'cachix.pull = [ "a" "c" ];' in text(environment)


@pytest.mark.parametrize("kind", ["append", "prepend"])
@pytest.mark.parametrize("path", ["env.X", "env.X.Y", "devcontainer.settings.x"])
def test_no_list_is_begun_where_a_text_may_be_meant(environment: Environment, kind: str, path: str) -> None:
    before = text(environment)
    with pytest.raises(Refused, match="does not say that it is a list") as caught:
        edit(environment, {"kind": kind, "path": path, "value": "a"})
    assert (caught.value.code, text(environment)) == ("opaque_value", before)
    assert do("set") in (caught.value.remedy or "")
    edit(environment, setting(path, ["b"]))
    edit(environment, {"kind": kind, "path": path, "value": "a"})
    assert f"{path} = " + ('[ "b" "a" ];' if kind == "append" else '[ "a" "b" ];') in text(environment)


@pytest.mark.parametrize("path", ["cachix.pull", "dotenv.filename", "hosts.x", "tasks.a.after"])
def test_a_list_is_begun_where_the_type_has_one(environment: Environment, path: str) -> None:
    edit(environment, {"kind": "append", "path": path, "value": "a"})
    assert f'{path} = [ "a" ];' in text(environment)


def test_a_definition_is_renamed_and_commented_out_and_back(environment: Environment) -> None:
    edit(environment, setting("env.A", "1"))
    edit(environment, {"kind": "rename", "path": "env.A", "to": "env.B"})
    assert 'env.B = "1";' in text(environment)
    before = text(environment)
    edit(environment, {"kind": "comment_out", "path": "env.B"})
    assert '# env.B = "1";' in text(environment)
    edit(environment, {"kind": "uncomment", "path": "env.B"})
    assert text(environment) == before


def test_packages_go_inside_a_package_that_holds_packages(environment: Environment) -> None:
    path = environment.project.root / "devenv.nix"
    path.write_text(path.read_text().replace("pkgs.git", "pkgs.git (pkgs.python3.withPackages (ps: [ ps.numpy ]))"))
    edit(environment, {"kind": "add_packages", "names": ["requests"], "inside": "python3"})
    assert "[ ps.numpy ps.requests ]" in text(environment)
    edit(environment, {"kind": "remove_packages", "names": ["numpy"], "inside": "python3"})
    assert "[ ps.requests ]" in text(environment)


def test_what_has_packages_of_its_own_is_found_in_any_file_of_the_declaration(environment: Environment) -> None:
    root, option = environment.project.root, "languages.python.package"
    value = "pkgs.python3.withPackages (import ./libraries.nix)"
    (root / "py.nix").write_text(f"{{ pkgs, ... }}:\n{{\n  {option} = {value};\n}}\n")
    (root / "libraries.nix").write_text("ps: [ ps.numpy ]\n")
    item = {"kind": "add_packages", "names": ["pandas"], "inside": "python3"}
    with pytest.raises(Refused) as caught:
        edit(environment, item)
    assert caught.value.code == "not_found"
    assert "devenv.nix" in caught.value.message
    edit(environment, {"kind": "append", "path": "imports", "expression": "./py.nix"})
    assert edit(environment, item).files == ("libraries.nix",)
    assert text(environment, "libraries.nix") == "ps: [ ps.numpy ps.pandas ]\n"
    edit(environment, {"kind": "append", "path": "packages", "expression": "(pkgs.python3.withPackages (ps: [ ]))"})
    with pytest.raises(Refused) as caught:
        edit(environment, item | {"names": ["flask"]})
    assert (caught.value.code, set(caught.value.alternatives)) == ("ambiguous", {"packages", option})
    assert edit(environment, item | {"names": ["flask"], "inside": option}).files == ("libraries.nix",)
    assert edit(environment, item | {"names": ["flask"], "inside": "packages"}).files == ("devenv.nix",)
    assert edit(environment, item | {"names": ["six"], "file": "devenv.nix"}).files == ("devenv.nix",)
    with pytest.raises(Refused) as caught:
        edit(environment, item | {"inside": "python312"})
    assert "append" not in (caught.value.remedy or "")


def test_a_text_option_takes_a_line_also_where_the_catalogue_calls_it_a_string(environment: Environment) -> None:
    edit(environment, setting("scripts.hello.exec", "echo 1\n"))
    edit(environment, {"kind": "append", "path": "scripts.hello.exec", "value": "echo 2"})
    assert "echo 1\n" in text(environment)
    assert "echo 2\n" in text(environment)


def test_a_module_begins_where_there_is_none_and_says_how_to_import_it(environment: Environment) -> None:
    item = setting("env.WEB", "1") | {"file": "nix/web.nix"}
    with pytest.raises(ProjectError) as caught:
        edit(environment, item)
    assert caught.value.code == "missing_file"
    assert again(create=True) in (caught.value.remedy or "")
    result = edit(environment, item, create=True)
    assert result.files == ("nix/web.nix",)
    assert 'env.WEB = "1";' in text(environment, "nix/web.nix")
    assert any("./nix/web.nix" in note for note in result.notes)
    imported = edit(environment, {"kind": "append", "path": "imports", "expression": "./nix/web.nix"})
    assert imported.revision == environment.inspect().revision
    assert environment.undo().revision == environment.inspect().revision


@pytest.mark.parametrize("name", ["devenv.yaml", "devenv.local.yaml"])
def test_a_file_of_inputs_begins_where_there_is_none(environment: Environment, name: str) -> None:
    (environment.project.root / "devenv.yaml").unlink(missing_ok=True)
    item = setting("allowUnfree", True) | {"file": name}
    with pytest.raises(ProjectError) as caught:
        edit(environment, item)
    assert caught.value.code == "missing_file"
    assert again(create=True) in (caught.value.remedy or "")
    element = {"kind": "append", "path": "nixpkgs.permittedInsecurePackages", "value": "x-1.1", "file": name}
    result = edit(environment, item, element, create=True)
    assert result.files == (name,)
    assert text(environment, name) == "allowUnfree: true\nnixpkgs:\n  permittedInsecurePackages:\n    - x-1.1\n"
    edit(environment, element | {"kind": "remove"})
    assert text(environment, name) == "allowUnfree: true\nnixpkgs:\n  permittedInsecurePackages: []\n"
    environment.undo()
    environment.undo()
    assert not (environment.project.root / name).exists()


@pytest.mark.parametrize("name", ["devenv.yaml", "devenv.local.nix"])
def test_a_file_does_not_begin_for_what_finds_nothing_to_do(environment: Environment, name: str) -> None:
    (environment.project.root / "devenv.yaml").unlink(missing_ok=True)
    for item in (
        {"kind": "unset", "path": "imports", "file": name},
        {"kind": "remove", "path": "imports", "value": "./x", "file": name},
    ):
        result = edit(environment, item, create=True)
        assert (result.changed, result.files) == (False, ())
    assert not (environment.project.root / name).exists()


def test_a_module_that_the_same_change_imports_needs_no_advice(environment: Environment) -> None:
    result = edit(
        environment,
        setting("env.WEB", "1") | {"file": "web.nix"},
        {"kind": "append", "path": "imports", "expression": "./web.nix"},
        create=True,
    )
    assert result.notes == ()
    assert result.checks.diagnostics == ()
    assert result.revision == environment.inspect().revision
    assert [item.name for item in environment.inspect().files] == ["devenv.nix", "web.nix"]


def test_an_input_goes_into_yaml_and_nowhere_else(environment: Environment) -> None:
    for name in ("devenv.nix", ".gitignore"):
        (environment.project.root / name).touch()
        with pytest.raises(Refused) as caught:
            edit(environment, {"kind": "set_input", "file": name, "name": "x", "url": "github:a/b"})
        assert caught.value.code == "not_yaml"


def test_what_cannot_be_begun_says_so(environment: Environment) -> None:
    item = {"kind": "replace_text", "file": ".envrc", "old": "a", "new": "b"}
    with pytest.raises(ProjectError) as caught:
        edit(environment, item, create=True)
    assert caught.value.code == "missing_file"
    assert not any(marker in (caught.value.remedy or "") for marker in (do("begin"), again(create=True)))


@pytest.mark.parametrize(
    ("target", "found"),
    [("./gone.nix", True), ("./nix/gone", True), ("./here.nix", False), ("./folder", False), ("../outside.nix", False)],
)
def test_an_import_that_leads_nowhere_is_a_warning(environment: Environment, target: str, *, found: bool) -> None:
    root = environment.project.root
    (root / "here.nix").write_text("{ }\n")
    (root / "folder").mkdir()
    (root / "folder" / "default.nix").write_text("{ }\n")
    result = edit(environment, {"kind": "append", "path": "imports", "expression": target})
    for report in (result.checks, environment.check()):
        assert report.ok
        assert [item.code for item in report.diagnostics] == ["missing_import"] * found
    for item in environment.inspect().problems:
        assert item.place is not None
        assert target in text(environment).split("\n")[(item.place.line or 0) - 1]


@pytest.mark.parametrize(
    ("item", "when"),
    [
        (setting("enterShell", "echo"), ("at the next shell entry",)),
        (setting("enterTest", "echo"), ("at `devenv test`",)),
        (setting("scripts.x.exec", "echo"), ("when the script is run",)),
        (setting("scripts.x", {"exec": "echo", "description": "x"}), ("when the script is run",)),
        (setting("processes.x.exec", "echo"), ("when the processes start",)),
        (setting('tasks."a:b".exec', "echo"), ("when the task runs",)),
        (setting("git-hooks.hooks.x.entry", "echo"), ("when Git runs the hook",)),
        (setting("scripts.x.description", "echo"), ()),
        (setting("processes.x.cwd", "echo"), ()),
        (setting("env.A", "echo"), ()),
        ({"kind": "set", "path": "env.A", "expression": "pkgs.git"}, ("when Nix next evaluates the environment",)),
        ({"kind": "set", "path": "enterShell", "expression": '"x"'}, ("at the next shell entry",)),
        ({"kind": "append", "path": "enterShell", "value": "echo"}, ("at the next shell entry",)),
        ({"kind": "enable", "name": "git-hooks.hooks.x", "settings": {"entry": "e"}}, ("when Git runs the hook",)),
        ({"kind": "add_packages", "names": ["jq"]}, ()),
        ({"kind": "unset", "path": "enterShell"}, ()),
        ({"kind": "replace_text", "old": "# See full", "new": "# See the full"}, ()),
        ({"kind": "replace_text", "old": "git --version", "new": "git status"}, ("at the next shell entry",)),
        (
            {"kind": "replace_text", "old": "  # See", "new": "  env.B = pkgs.x;\n  # See"},
            ("when Nix next evaluates the environment",),
        ),
    ],
)
def test_a_result_says_what_will_run_and_when(
    environment: Environment, item: dict[str, Any], when: tuple[str, ...]
) -> None:
    result = edit(environment, item, level="syntax")
    assert result.runs_when == when
    assert result.runs_on_enter is bool(when)


def test_a_line_of_envrc_runs_when_direnv_loads_it(environment: Environment) -> None:
    (environment.project.root / ".envrc").write_text("use devenv\n")
    result = edit(environment, {"kind": "replace_text", "file": ".envrc", "old": "use", "new": "echo; use"})
    assert len(result.runs_when) == 1


@pytest.mark.parametrize(
    "item",
    [
        {"kind": "add_packages", "names": ["git"]},
        {"kind": "remove_packages", "names": ["jq"]},
        setting("env.A", "1"),
        {"kind": "unset", "path": "env.B"},
        {"kind": "append", "path": "cachix.pull", "value": "a"},
        {"kind": "prepend", "path": "cachix.pull", "value": "a"},
        {"kind": "remove", "path": "cachix.pull", "value": "b"},
        {"kind": "enable", "name": "redis"},
        {"kind": "disable", "name": "postgres"},
        {"kind": "disable", "name": "languages.go"},
        {"kind": "comment_out", "path": "env.B"},
        {"kind": "replace_text", "old": "git --version", "new": "git --version"},
    ],
)
def test_an_edit_that_changes_nothing_says_why(environment: Environment, item: dict[str, Any]) -> None:
    edit(
        environment,
        setting("env.A", "1"),
        setting("cachix.pull", ["a"]),
        {"kind": "enable", "name": "redis"},
        setting("languages.go.enable", value=False),
    )
    result = edit(environment, item)
    assert not result.changed
    assert len(result.notes) == 1


def test_a_full_name_is_taken_as_it_is_and_judged_by_the_schema_rung(environment: Environment) -> None:
    result = edit(environment, {"kind": "enable", "name": "services.reddis"}, level="syntax")
    assert (result.published, result.notes) == (True, ())
    with pytest.raises(CheckFailed) as caught:
        edit(environment, {"kind": "enable", "name": "services.postgress"}, level="schema")
    found = caught.value.diagnostics[0]
    assert (found.code, found.suggestions[0]["name"]) == ("unknown_option", "services.postgres")


@pytest.mark.parametrize(
    ("content", "old", "line", "word"),
    [
        ("{\r\n  a = 1;\r\n  b = 2;\r\n}\r\n", "a = 1;\n  b = 2;", 2, "CR LF"),
        ("{\n  a = 1; \n  b = 2;\n}\n", "a = 1;\n  b = 2;", 2, "white space"),
        ("{\n\ta = 1;\n\tb = 2;\n}\n", "    a = 1;\n    b = 2;", 2, "tabs"),
        ("{\n  a =  1;\n}\n", "a = 1;", 2, "spaces"),
        ("{\n  about = 1;\n  longer.name = 2;\n}\n", "longer.nane = 2;", 3, "nearest"),
        ("{\n}\n", "nothing like it", None, ""),
    ],
)
def test_a_text_that_is_nearly_there_is_told_with_the_difference(
    environment: Environment, content: str, old: str, line: int | None, word: str
) -> None:
    (environment.project.root / "devenv.nix").write_bytes(content.encode())
    with pytest.raises(Refused) as caught:
        edit(environment, {"kind": "replace_text", "old": old, "new": "x"})
    assert caught.value.code == "text_not_found"
    assert caught.value.place is not None
    assert caught.value.place.line == line
    assert word in caught.value.message


def test_a_text_that_is_there_more_often_is_told_with_its_lines(environment: Environment) -> None:
    (environment.project.root / "devenv.nix").write_text("{\n  a = 1;\n  b = 1;\n}\n")
    with pytest.raises(Refused) as caught:
        edit(environment, {"kind": "replace_text", "old": " = 1;", "new": " = 2;"})
    assert caught.value.code == "text_not_unique"
    assert caught.value.details["lines"] == [2, 3]
    assert argument("occurrences", 2) in (caught.value.remedy or "")


def test_a_prefix_that_nothing_is_declared_at_says_what_is_nearest(environment: Environment) -> None:
    edit(environment, {"kind": "enable", "name": "redis"})
    assert environment.inspect(prefix="services.redis").notes == ()
    found = environment.inspect(prefix="services.reddis")
    assert found.definitions == ()
    assert "services.redis" in " ".join(found.notes)
    assert environment.inspect(prefix="services.postgres").notes


def test_actors_and_reasons_are_shown_on_one_line_and_without_what_hides(environment: Environment) -> None:
    edit(environment, setting("env.A", "1"), reason="one\ntwo\r\n\x1b[31mthree\u202e\u200b\u00ad\u2028four")
    assert environment.history().operations[0].reason == "one two three four"
    assert environment.operation(1).operation.reason == "one two three four"


@pytest.mark.parametrize(
    ("item", "word"),
    [
        ({"kind": "set", "path": 1, "value": 1}, "text"),
        ({"kind": "set", "value": 1}, "missing"),
        ({"kind": "set", "path": "a", "value": 1, "vlaue": 2}, "not known"),
        ({"kind": "add_packages", "names": "git"}, "list"),
        ({"kind": "replace_text", "old": "a", "new": "b", "occurrences": 0}, "at least 1"),
        ({"kind": "replace_text", "old": "a", "new": "b", "partial": 1}, "true or false"),
        ({"kind": "set", "path": "a"}, "value"),
    ],
)
def test_a_malformed_edit_is_told_in_plain_words(environment: Environment, item: dict[str, Any], word: str) -> None:
    with pytest.raises(UsageError) as caught:
        edit(environment, item)
    assert word in caught.value.message
    assert "Input should" not in caught.value.message
    if "vlaue" in item:
        assert caught.value.alternatives[0] == "value"


def test_a_rename_of_what_is_not_there_is_refused(environment: Environment) -> None:
    with pytest.raises(Refused) as caught:
        edit(environment, {"kind": "rename", "path": "env.NOPE", "to": "env.OTHER"})
    assert caught.value.code == "not_found"
