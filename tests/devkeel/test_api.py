"""The verbs of `Environment`, on real files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from devkeel.api import Environment
from devkeel.edits.vocabulary import parse_edits
from devkeel.errors import CheckFailed, Conflict, DevkeelError, PolicyRefused, ProjectError, Refused, UsageError
from devkeel.text.actions import do
from devkeel.transaction import files

if TYPE_CHECKING:
    from pathlib import Path


def edit(environment: Environment, *items: dict[str, Any], **options: Any) -> Any:
    return environment.change(parse_edits(list(items)), **options)


def text(environment: Environment, name: str = "devenv.nix") -> str:
    return (environment.project.root / name).read_text()


ADD_JQ = {"kind": "add_packages", "names": ["jq"]}


def test_several_edits_are_one_operation(environment: Environment) -> None:
    result = edit(
        environment,
        ADD_JQ,
        {"kind": "enable", "name": "redis", "settings": {"port": 6380}},
        {"kind": "append", "path": "enterShell", "value": "jq --version"},
        reason="a cache for the jobs",
    )
    assert result.published
    assert result.operation == 1
    assert result.runs_on_enter
    assert "packages = [ pkgs.git pkgs.jq ];" in text(environment)
    assert "services.redis.port = 6380;" in text(environment)
    assert environment.history().operations[0].reason == "a cache for the jobs"


def test_one_edit_that_cannot_be_made_refuses_the_whole_change(environment: Environment) -> None:
    with pytest.raises(UsageError) as caught:
        edit(environment, ADD_JQ, {"kind": "set", "path": "a..b", "value": 1})
    assert caught.value.code == "bad_option_path"


def test_adding_what_is_there_is_a_success_that_changed_nothing(environment: Environment) -> None:
    result = edit(environment, {"kind": "add_packages", "names": ["git"]})
    assert not result.changed
    assert not result.published
    assert result.notes
    assert not (environment.project.root / ".devkeel").exists()


def test_a_dry_run_shows_the_diff_and_writes_nothing(environment: Environment) -> None:
    result = edit(environment, ADD_JQ, dry_run=True)
    assert result.changed
    assert not result.published
    assert "+  packages = [ pkgs.git pkgs.jq ];" in result.diff
    assert not (environment.project.root / ".devkeel").exists()


def test_the_revision_changes_with_the_bytes_and_comes_back_with_undo(environment: Environment) -> None:
    first = environment.inspect().revision
    second = edit(environment, ADD_JQ).revision
    third = environment.undo().revision
    assert first == third != second


def test_an_edit_against_an_old_revision_is_a_conflict_with_the_diff_since(environment: Environment) -> None:
    revision = edit(environment, ADD_JQ).revision
    path = environment.project.root / "devenv.nix"
    path.write_text(path.read_text().replace("git --version", "git status"))
    with pytest.raises(Conflict) as caught:
        edit(environment, {"kind": "add_packages", "names": ["curl"]}, expected_revision=revision)
    assert caught.value.code == "revision_conflict"
    assert "git status" in caught.value.details["diff"]


def test_undo_redo_undo_walk_the_history(environment: Environment) -> None:
    before = text(environment)
    edit(environment, ADD_JQ)
    after = text(environment)
    environment.undo()
    assert text(environment) == before
    environment.undo(redo=True)
    assert text(environment) == after
    environment.undo()
    assert text(environment) == before
    assert [item.kind for item in environment.history().operations] == ["undo", "redo", "undo", "edit"]


def test_bare_undo_goes_back_step_by_step(environment: Environment) -> None:
    start = text(environment)
    edit(environment, ADD_JQ)
    middle = text(environment)
    edit(environment, {"kind": "add_packages", "names": ["curl"]})
    environment.undo()
    assert text(environment) == middle
    environment.undo()
    assert text(environment) == start
    with pytest.raises(UsageError) as caught:
        environment.undo()
    assert caught.value.code == "nothing_to_undo"


def test_undo_refuses_when_somebody_changed_the_file_since(environment: Environment) -> None:
    edit(environment, ADD_JQ)
    path = environment.project.root / "devenv.nix"
    path.write_text(path.read_text().replace("pkgs.jq", "pkgs.jq pkgs.mine"))
    with pytest.raises(Conflict) as caught:
        environment.undo()
    assert caught.value.code == "undo_conflict"
    assert "<<<<<<< theirs" in caught.value.details["three_way"]
    assert "pkgs.mine" in caught.value.details["three_way"]
    assert "pkgs.mine" in text(environment)


@pytest.mark.fault(19)
def test_undo_keeps_what_somebody_changed_elsewhere_in_the_file(environment: Environment) -> None:
    before = text(environment)
    edit(environment, ADD_JQ)
    path = environment.project.root / "devenv.nix"
    path.write_text(path.read_text() + "# mine\n")
    result = environment.undo()
    assert text(environment) == before + "# mine\n"
    assert result.notes


@pytest.mark.fault(42)
def test_undo_of_an_older_operation_names_the_ones_in_the_way(environment: Environment) -> None:
    first = edit(environment, ADD_JQ).operation
    second = edit(environment, {"kind": "add_packages", "names": ["curl"]}).operation
    with pytest.raises(Conflict) as caught:
        environment.undo(first)
    assert caught.value.details["later_operations"] == [second]


def saving(environment: Environment, monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """Let somebody save devenv.nix while a change is being published, that often."""
    path = environment.project.root / "devenv.nix"
    left = [times]

    def interfere(step: str) -> None:
        if step == "prepared" and left[0]:
            left[0] -= 1
            path.write_text(path.read_text().replace("\n}\n", f"\n  # saved {left[0]}\n}}\n"))

    monkeypatch.setattr(files, "hook", interfere)


def test_a_save_meanwhile_is_kept_and_the_change_is_made_anew(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    saving(environment, monkeypatch, 2)
    result = edit(environment, ADD_JQ)
    assert result.published
    assert len(result.notes) == 1
    assert "pkgs.jq" in text(environment)
    assert "# saved 1" in text(environment)
    assert "# saved 0" in text(environment)


@pytest.mark.races
@pytest.mark.parametrize("times", [1, 3])
def test_who_names_a_revision_or_meets_too_many_saves_gets_the_conflict(
    environment: Environment, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    saving(environment, monkeypatch, times)
    expected = environment.inspect().revision if times == 1 else None
    with pytest.raises(Conflict) as caught:
        edit(environment, ADD_JQ, expected_revision=expected)
    assert caught.value.code == "file_changed"
    assert "pkgs.jq" not in text(environment)
    assert f"# saved {times - 1}" in text(environment)


def test_diff_shows_what_changed_since_the_last_operation(environment: Environment) -> None:
    assert environment.diff().operation is None
    edit(environment, ADD_JQ)
    assert environment.diff().diff == ""
    path = environment.project.root / "devenv.nix"
    path.write_text(path.read_text().replace("git --version", "git status"))
    assert environment.diff().files == ("devenv.nix",)


def test_the_history_survives_a_restart_and_pages(environment: Environment) -> None:
    for name in ("jq", "curl", "wget"):
        edit(environment, {"kind": "add_packages", "names": [name]})
    environment.close()
    again = Environment(environment.project.root, actor="other")
    page = again.history(limit=2)
    rest = again.history(limit=2, before=page.next_before)
    assert [item.id for item in (*page.operations, *rest.operations)] == [3, 2, 1]
    assert rest.next_before is None
    assert "+  packages = [ pkgs.git pkgs.jq ];" in again.operation(1).diff
    again.close()


def test_a_patch_that_breaks_the_syntax_is_refused_with_its_place(environment: Environment) -> None:
    with pytest.raises(CheckFailed) as caught:
        edit(environment, {"kind": "replace_text", "old": "[ pkgs.git ];", "new": "[ pkgs.git "})
    assert caught.value.code == "syntax_error"
    assert caught.value.place is not None
    # Where the text stops making sense, which is where Nix reports it too.
    assert caught.value.place.line == 7
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("pkgs.git", "pkgs.git gti", "undefined_variable"),
        ("packages = [ pkgs.git ];", "packages = [ ];\n  packages = [ pkgs.git ];", "duplicate_attribute"),
        ("{ pkgs, ... }", "{ pkgs, pkgs, ... }", "duplicate_argument"),
    ],
)
def test_a_patch_that_nix_would_reject_while_parsing_is_refused(
    environment: Environment, old: str, new: str, code: str
) -> None:
    with pytest.raises(CheckFailed) as caught:
        edit(environment, {"kind": "replace_text", "old": old, "new": new})
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("old", "occurrences", "code"), [("nowhere", 1, "text_not_found"), ("git", 1, "text_not_unique")]
)
def test_a_patch_needs_the_exact_text_the_given_number_of_times(
    environment: Environment, old: str, occurrences: int, code: str
) -> None:
    with pytest.raises(Refused) as caught:
        edit(environment, {"kind": "replace_text", "old": old, "new": "x", "occurrences": occurrences})
    assert caught.value.code == code


OLD_PROBLEMS = {
    "gti": "undefined_variable",
    "(_: { x = 1; x = 2; })": "duplicate_attribute",
    "({ x, x }: x)": "duplicate_argument",
}


@pytest.mark.broken_declaration
@pytest.mark.parametrize("old", OLD_PROBLEMS)
@pytest.mark.parametrize("change", [ADD_JQ, {"kind": "enable", "name": "redis"}])
def test_an_old_problem_of_the_same_file_or_line_is_reported_and_not_in_the_way(
    environment: Environment, old: str, change: dict[str, object]
) -> None:
    path = environment.project.root / "devenv.nix"
    path.write_text(path.read_text().replace("pkgs.git", f"pkgs.git {old}"))
    result = edit(environment, change)
    assert result.published
    assert [item.code for item in result.checks.diagnostics if item.severity == "error"] == [OLD_PROBLEMS[old]]


@pytest.mark.parametrize(
    ("files", "code"),
    [
        (
            {"devenv.nix": "{ pkgs, ... }: { services.reddis.enable = true; packages = [ pkgs.git ]; }"},
            "unknown_option",
        ),
        ({"devenv.nix": '{ pkgs, ... }: { services.redis.port = "x"; packages = [ pkgs.git ]; }'}, "wrong_type"),
        ({"devenv.yaml": "inputs: [\n"}, "syntax_error"),
        ({"devenv.yaml": "inputs:\n  x:\n    url: githb:a/b\n"}, "bad_input_url"),
        ({"devenv.local.nix": "{ a = "}, "syntax_error"),
        ({"devenv.local.nix": "{ a = gti; }"}, "undefined_variable"),
    ],
)
def test_an_old_error_of_any_check_is_reported_and_not_in_the_way(
    environment: Environment, files: dict[str, str], code: str
) -> None:
    for name, text in files.items():
        (environment.project.root / name).write_text(text)
    result = edit(environment, ADD_JQ, level="schema")
    assert result.published
    assert code in [item.code for item in result.checks.diagnostics if item.severity == "error"]


@pytest.mark.broken_declaration
@pytest.mark.parametrize("old", OLD_PROBLEMS)
def test_an_edit_that_adds_a_problem_beside_an_old_one_is_refused(environment: Environment, old: str) -> None:
    path = environment.project.root / "devenv.nix"
    path.write_text(path.read_text().replace("pkgs.git", f"pkgs.git {old}"))
    with pytest.raises(CheckFailed) as caught:
        edit(environment, {"kind": "replace_text", "old": "pkgs.git", "new": "pkgs.git nowhere"})
    assert [item.code for item in caught.value.diagnostics] == ["undefined_variable"]


def test_what_is_published_parses_also_when_the_file_did_not_before(environment: Environment) -> None:
    path = environment.project.root / "devenv.nix"
    path.write_text(path.read_text().replace("pkgs.git", "pkgs.git ("))
    with pytest.raises(CheckFailed):
        edit(environment, {"kind": "replace_text", "old": "pkgs.git", "new": "pkgs.jq"})
    assert edit(environment, {"kind": "replace_text", "old": "pkgs.git (", "new": "pkgs.git"}, ADD_JQ).published


def test_old_problems_of_another_file_are_reported_and_not_in_the_way(environment: Environment) -> None:
    (environment.project.root / "devenv.local.nix").write_text("{ a = 1; a = 2; }")
    result = edit(environment, ADD_JQ, level="syntax")
    assert result.published
    assert [item.code for item in result.checks.diagnostics] == ["duplicate_attribute"]


@pytest.mark.broken_declaration
def test_a_partial_repair_is_published_when_it_leaves_the_file_less_broken(environment: Environment) -> None:
    path = environment.project.root / "devenv.nix"
    path.write_text("{ pkgs, ... }:\n{\n  a = 1\n  b = [ ;\n}\n")
    step = {"kind": "replace_text", "old": "a = 1", "new": "a = 1;"}
    with pytest.raises(CheckFailed):
        edit(environment, step)
    assert edit(environment, step | {"partial": True}).published


def test_create_makes_a_beginning_as_one_operation(tmp_path: Path) -> None:
    root = tmp_path / "new"
    root.mkdir()
    (root / ".gitignore").write_text("build")
    environment = Environment(root, actor="test")
    with pytest.raises(ProjectError) as caught:
        edit(environment, ADD_JQ)
    assert caught.value.code == "missing_file"
    assert do("begin") in (caught.value.remedy or "")
    result = edit(environment, ADD_JQ, create=True)
    assert set(result.files) == {"devenv.nix", "devenv.yaml", ".gitignore"}
    assert "packages = [ pkgs.jq ];" in text(environment)
    assert text(environment, ".gitignore").startswith("build\n.devenv*\n")
    assert not environment.change([], create=True).changed
    environment.undo()
    assert not (root / "devenv.nix").exists()
    assert text(environment, ".gitignore") == "build"
    environment.close()


def test_protected_options_cannot_be_changed_by_any_edit(environment: Environment) -> None:
    (environment.project.root / "devkeel.toml").write_text('protected = ["packages", "env.KEY"]\nlevel = "syntax"\n')
    for item in (ADD_JQ, {"kind": "replace_text", "old": "pkgs.git", "new": "pkgs.jq"}):
        with pytest.raises(PolicyRefused) as caught:
            edit(environment, item)
        assert caught.value.code == "protected_option"
    assert edit(environment, {"kind": "set", "path": "env.OTHER", "value": "x"}).published


@pytest.mark.parametrize("content", ["level = 3", "colour = 'red'", "level = ", "protected = [1]"])
def test_settings_that_cannot_be_used_are_an_error(environment: Environment, content: str) -> None:
    (environment.project.root / "devkeel.toml").write_text(content)
    with pytest.raises(ProjectError) as caught:
        edit(environment, ADD_JQ)
    assert caught.value.code == "bad_settings"


def test_inspection_says_what_is_declared_and_where(environment: Environment) -> None:
    edit(
        environment,
        {"kind": "enable", "name": "languages.python", "settings": {"version": "3.12"}},
        {"kind": "set", "path": "env.HOME_URL", "expression": 'lib.mkIf true "x"'},
        level="syntax",
    )
    found = environment.inspect()
    assert found.packages == ("git",)
    assert found.enabled == ("languages.python",)
    by_path = {item.path: item for item in found.definitions}
    assert by_path["languages.python.version"].value == "3.12"
    assert by_path["env.HOME_URL"].condition == "true"
    assert found.last_operation is not None
    assert found.last_operation.id == 1
    assert [item.path for item in environment.inspect(prefix="languages").definitions] == [
        "languages.python.enable",
        "languages.python.version",
    ]


def test_reading_creates_nothing(environment: Environment) -> None:
    environment.inspect()
    environment.check()
    environment.history()
    environment.diff()
    assert sorted(path.name for path in environment.project.root.iterdir()) == ["devenv.nix"]


def test_imports_within_the_root_belong_to_the_revision(environment: Environment) -> None:
    root = environment.project.root
    (root / "nix").mkdir()
    (root / "nix" / "extra.nix").write_text('{ ... }: { env.A = "1"; }\n')
    edit(environment, {"kind": "append", "path": "imports", "expression": "./nix/extra.nix"})
    before = environment.inspect()
    assert [item.name for item in before.files] == ["devenv.nix", "nix/extra.nix"]
    (root / "nix" / "extra.nix").write_text('{ ... }: { env.A = "2"; }\n')
    assert environment.inspect().revision != before.revision


def test_a_link_is_edited_at_its_target_and_stays_a_link(environment: Environment) -> None:
    root = environment.project.root
    (root / "nix").mkdir()
    (root / "devenv.nix").rename(root / "nix" / "shell.nix")
    (root / "devenv.nix").symlink_to("nix/shell.nix")
    assert edit(environment, ADD_JQ).files == ("nix/shell.nix",)
    assert (root / "devenv.nix").is_symlink()
    assert "pkgs.jq" in text(environment)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("../devenv.nix", "outside_root"),
        ("../project-prefix/devenv.nix", "outside_root"),
        ("/etc/passwd", "outside_root"),
        ("outside.nix", "outside_root"),
        (".git/config.nix", "private_directory"),
        (".devkeel/x.nix", "private_directory"),
        ("nowhere.nix", "missing_file"),
        ("readme.txt", "not_an_environment_file"),
        ("devkeel.toml", "not_an_environment_file"),
        ("a\nb.nix", "bad_file_name"),
        ("", "bad_file_name"),
        ("a\0b.nix", "bad_file_name"),
        ("\ud800.nix", "bad_file_name"),
        ("a" * 256 + ".nix", "bad_file_name"),
        ("a/" * 3000 + "b.nix", "bad_file_name"),
        ("dangling.nix", "dangling_link"),
        ("folder.nix", "not_a_file"),
        (".DEVKEEL/x.nix", "private_directory"),
    ],
)
def test_files_outside_the_environment_are_refused(environment: Environment, name: str, code: str) -> None:
    root = environment.project.root
    (root.parent / "project-prefix").mkdir()
    (root.parent / "project-prefix" / "devenv.nix").write_text("{ }")
    (root / "outside.nix").symlink_to(root.parent / "project-prefix" / "devenv.nix")
    (root / "dangling.nix").symlink_to("nothing.nix")
    (root / "folder.nix").mkdir()
    with pytest.raises(DevkeelError) as caught:
        edit(environment, {"kind": "replace_text", "old": "a", "new": "b", "file": name})
    assert caught.value.code == code


def test_a_file_that_is_not_utf8_is_refused_with_the_place(environment: Environment) -> None:
    path = environment.project.root / "devenv.nix"
    path.write_bytes(b'{ pkgs, ... }:\n{ env.A = "\xff"; }\n')
    with pytest.raises(ProjectError) as caught:
        edit(environment, ADD_JQ)
    assert caught.value.code == "not_utf8"
    assert caught.value.place is not None
    assert caught.value.place.line == 2


@pytest.mark.parametrize(
    "item",
    [
        {"kind": "set", "path": "a b", "value": 1},
        {"kind": "set", "path": "a.${b}", "value": 1},
        {"kind": "set", "path": "", "value": 1},
        {"kind": "set", "path": "env.A", "value": "nul\0"},
        {"kind": "set", "path": "env.A", "value": 2**70},
        {"kind": "set", "path": "env.A", "value": float("inf")},
        {"kind": "set", "path": "env.A", "expression": "1; enterShell = x"},
        {"kind": "set", "path": "env.A", "expression": "1 }"},
        {"kind": "set", "path": "env.A"},
        {"kind": "set", "path": "env.A", "value": 1, "expression": "1"},
        {"kind": "set", "path": "env.A", "value": 1, "colour": "red"},
        {"kind": "paint"},
        {"kind": "add_packages", "names": ["git; rm -rf"]},
        {"kind": "add_packages", "names": ["]; enterShell = "]},
        {"kind": "add_packages", "names": ["inputs.x.${builtins.readFile ./x}.y"]},
        {"kind": "add_packages", "names": []},
        {"kind": "enable", "name": "reddis"},
        "git",
    ],
)
def test_a_malformed_edit_is_a_usage_error(environment: Environment, item: Any) -> None:
    with pytest.raises(UsageError) as caught:
        edit(environment, item)
    assert caught.value.remedy


def test_a_misspelt_service_is_answered_with_the_right_one(environment: Environment) -> None:
    with pytest.raises(UsageError) as caught:
        edit(environment, {"kind": "enable", "name": "reddis"})
    assert "services.redis" in caught.value.alternatives


def test_disable_keeps_the_settings(environment: Environment) -> None:
    edit(environment, {"kind": "enable", "name": "redis", "settings": {"port": 6380}})
    edit(environment, {"kind": "disable", "name": "redis"})
    assert "services.redis.enable = false;" in text(environment)
    assert "services.redis.port = 6380;" in text(environment)
    assert not edit(environment, {"kind": "disable", "name": "postgres"}).changed


def test_other_files_of_the_environment_are_patched_too(environment: Environment) -> None:
    root = environment.project.root
    (root / "devenv.yaml").write_text("inputs: {}\n")
    edit(environment, {"kind": "replace_text", "file": "devenv.yaml", "old": "{}", "new": "{ }"})
    with pytest.raises(CheckFailed) as caught:
        edit(environment, {"kind": "replace_text", "file": "devenv.yaml", "old": "{ }", "new": "{ "})
    assert caught.value.code == "syntax_error"
    for item in ({"kind": "set", "path": "a", "expression": "1"}, {"kind": "enable", "name": "redis"}):
        with pytest.raises(Refused) as refused:
            edit(environment, {"file": "devenv.yaml", **item})
        assert refused.value.code == "not_nix"


def test_devenv_yaml_takes_values_and_keeps_its_comments(environment: Environment) -> None:
    path = environment.project.root / "devenv.yaml"
    (environment.project.root / "part").mkdir()
    path.write_text("inputs: {} # none yet\n")
    edit(environment, {"kind": "set", "file": "devenv.yaml", "path": "inputs.x.url", "value": "github:a/b"})
    edit(environment, {"kind": "append", "file": "devenv.yaml", "path": "imports", "value": "./part"})
    assert path.read_text() == "inputs: # none yet\n  x:\n    url: github:a/b\nimports:\n  - ./part\n"
    edit(environment, {"kind": "unset", "file": "devenv.yaml", "path": "inputs.x"})
    assert path.read_text() == "inputs: {} # none yet\nimports:\n  - ./part\n"


def test_a_level_that_cannot_run_is_refused_and_an_unknown_one_too(environment: Environment) -> None:
    for level, code in (("build", "check_unavailable"), ("deep", "unknown_level")):
        with pytest.raises(DevkeelError) as caught:
            edit(environment, ADD_JQ, level=level)
        assert caught.value.code == code


def test_the_lock_revision_is_beside_the_revision(environment: Environment) -> None:
    assert environment.inspect().lock_revision is None
    (environment.project.root / "devenv.lock").write_text("{}")
    assert environment.inspect().lock_revision is not None


def test_where_nothing_can_be_evaluated_a_wish_for_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "demo"\nversion = "1"\ndependencies = []\n')
    environment = Environment(tmp_path, actor="tests")
    with pytest.raises(DevkeelError) as caught:
        environment.check(level="evaluation")
    assert (caught.value.code, caught.value.alternatives) == ("check_unavailable", environment.inspect().levels)
    assert environment.check().ok
    environment.close()
