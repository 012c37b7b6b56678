"""What is not certain is not decided: the agent's tool goes on, and says itself what is wrong."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from devkeel.guard.judge import judge
from devkeel.guard.question import Answer, Patch, Question, Replacement, Replacing, Running, WholeFile
from devkeel_cli.hooks.answering import answered

if TYPE_CHECKING:
    from pathlib import Path

GOOD = '{ pkgs, ... }:\n{\n  packages = [ pkgs.git ];\n  env.A = "1";\n}\n'
BAD = "{ pkgs, ... }:\n{\n  package = [ pkgs.git ];\n}\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = (tmp_path / "project").resolve()
    root.mkdir()
    (root / "devenv.nix").write_text(GOOD)
    return root


def said(root: Path, act: WholeFile | Replacing | Patch | Running, folder: Path | None = None) -> Answer | None:
    found = judge(Question(act, str(folder or root)), [str(root)])
    return found[1] if found else None


@pytest.mark.parametrize("path", ["devenv.nix", "./devenv.nix", "sub/../devenv.nix", "ABSOLUTE/devenv.nix"])
def test_a_file_is_known_by_any_of_its_names(root: Path, path: str) -> None:
    (root / "sub").mkdir()
    answer = said(root, WholeFile(path.replace("ABSOLUTE", str(root)), BAD))
    assert answer is not None
    assert "package" in answer.reason


def test_a_file_is_meant_from_where_the_tool_stands(root: Path) -> None:
    (root / "sub").mkdir()
    assert said(root, WholeFile("../devenv.nix", BAD), root / "sub") is not None
    assert said(root, WholeFile("devenv.nix", GOOD), root / "sub") is None
    answer = said(root, WholeFile("devenv.nix", "{"), root / "sub")
    assert answer is not None  # a project of its own begins there


def test_outside_of_the_agents_project_nothing_is_judged(root: Path) -> None:
    other = root.parent / "other"
    other.mkdir()
    (other / "devenv.nix").write_text(GOOD)
    assert said(root, WholeFile(str(other / "devenv.nix"), BAD)) is None
    assert said(root, WholeFile("../other/devenv.nix", BAD)) is None
    (root / "linked.nix").symlink_to(other / "devenv.nix")
    assert said(root, WholeFile("linked.nix", "{")) is None


def test_a_file_that_cannot_be_read_is_not_judged(root: Path) -> None:
    (root / "module.nix").mkdir()
    os.mkfifo(root / "pipe.nix")
    for name in ("module.nix", "pipe.nix"):
        assert said(root, WholeFile(name, "{")) is None
        assert said(root, Replacing(name, (Replacement("a", "{"),))) is None


def test_a_huge_file_is_not_judged(root: Path) -> None:
    assert said(root, WholeFile("devenv.nix", "{" + " " * (4 * 1024 * 1024))) is None
    (root / "big.nix").write_text("{ }" + " " * (4 * 1024 * 1024))
    assert said(root, Replacing("big.nix", (Replacement("{ }", "{"),))) is None


@pytest.mark.parametrize(
    "replacements",
    [
        [Replacement("not there", "{")],
        [Replacement("pkgs", "{")],  # several times
        [Replacement("", "{")],  # a file that is there is not begun
        [Replacement("env.A", "env.B"), Replacement("env.A", "{")],
        [Replacement("git", "jq", 2)],
    ],
)
def test_a_text_that_is_not_there_as_the_tool_wants_it_is_not_judged(
    root: Path, replacements: list[Replacement]
) -> None:
    assert said(root, Replacing("devenv.nix", tuple(replacements))) is None


@pytest.mark.parametrize(
    "replacements",
    [
        [Replacement("packages", "package")],
        [Replacement(";", "", 0)],
        [Replacement("env.A", "env.B"), Replacement('env.B = "1";', "env.B = ;")],
    ],
)
def test_replacements_are_made_one_after_the_other(root: Path, replacements: list[Replacement]) -> None:
    answer = said(root, Replacing("devenv.nix", tuple(replacements)))
    assert answer is not None
    assert answer.decision == "deny"


def test_an_edit_begins_a_file(root: Path) -> None:
    assert said(root, Replacing("extra.nix", (Replacement("", "{ a = ; }"),))) is not None
    assert said(root, Replacing("extra.nix", (Replacement("", "{ a = 1; }"),))) is None
    assert said(root, Replacing("extra.nix", (Replacement("x", "{"),))) is None


def test_old_errors_do_not_count(root: Path) -> None:
    (root / "devenv.nix").write_text(BAD)
    assert said(root, WholeFile("devenv.nix", BAD.replace("git", "jq"))) is None
    answer = said(root, WholeFile("devenv.nix", BAD.replace("}\n", "  servces.redis.enable = true;\n}\n")))
    assert answer is not None
    assert "servces" in answer.reason


def test_settings_that_cannot_be_used_are_refused(root: Path) -> None:
    for text in ("level = 3", 'guard = "never"', "guard = { other = 1 }", "[", "lvl = 1"):
        answer = said(root, WholeFile("devkeel.toml", text))
        assert answer is not None, text
    assert said(root, WholeFile("devkeel.toml", "prompt = false")) is None
    (root / "devkeel.toml").write_text("lvl = 1")
    assert said(root, WholeFile("devkeel.toml", "lvl = 2")) is None


@pytest.mark.parametrize("name", ["flake.nix", "environment.yml", "pyproject.toml", "package.json", "web/package.json"])
def test_manifests_and_flakes_are_judged_by_their_syntax(root: Path, name: str) -> None:
    answer = said(root, WholeFile(name, '{ "a": '))
    assert answer is not None
    assert name in answer.reason


def test_records_that_came_with_a_clone_are_not_read(root: Path) -> None:
    (root / ".devkeel").mkdir()
    (root / ".devkeel" / "state.db").write_bytes(b"not a database")
    os.mkfifo(root / ".devkeel" / "lock")
    before = sorted(item.name for item in (root / ".devkeel").iterdir())
    assert said(root, WholeFile("devenv.nix", BAD)) is not None
    assert said(root, WholeFile("devenv.nix", GOOD.replace("git", "jq"))) is None
    assert said(root, WholeFile(".devkeel/x.nix", "{")) is None
    assert sorted(item.name for item in (root / ".devkeel").iterdir()) == before


def test_the_write_is_asked_for_as_a_whole_put_right(root: Path) -> None:
    wrong = GOOD.replace("packages", "package").replace('env.A = "1"', "env.A = 1 +")
    answer = said(root, WholeFile("devenv.nix", wrong.replace("pkgs.git", "pkgs.git pkgs.jq")))
    assert answer is not None
    assert all(edit["kind"] == "replace_text" for edit in answer.edits)


def test_what_put_right_changes_nothing_says_so(root: Path) -> None:
    answer = said(root, WholeFile("devenv.nix", GOOD.replace("packages", "packges")))
    assert answer is not None
    assert (answer.edits, "already" in answer.next) == ((), True)


def test_a_new_file_is_told_what_to_write(tmp_path: Path) -> None:
    answer = said(tmp_path.resolve(), WholeFile("devenv.nix", BAD))
    assert answer is not None
    assert not answer.edits
    assert "packages" in answer.next


PATCH = """\
*** Begin Patch
*** Update File: devenv.nix
@@ {
-  packages = [ pkgs.git ];
+  KEY = [ pkgs.git pkgs.jq ];
   env.A = "1";
*** Add File: nix/more.nix
+{ services.redis.enable = true; }
*** Delete File: old.nix
*** End Patch
"""


def test_a_patch_of_codex_is_judged_as_a_whole(root: Path) -> None:
    (root / "old.nix").write_text("{ }")
    assert said(root, Patch(PATCH.replace("KEY", "packages"))) is None
    answer = said(root, Patch(PATCH.replace("KEY", "package")))
    assert answer is not None
    assert answer.edits
    assert said(root, Patch(PATCH.replace("KEY", "packages").replace("true;", "true"))) is not None


def test_a_patch_that_codex_gives_to_a_shell_is_judged_too(root: Path) -> None:
    command = "apply_patch <<'EOF'\nTEXTEOF\n"
    assert said(root, Running(command.replace("TEXT", PATCH.replace("KEY", "packages")))) is None
    assert said(root, Running(command.replace("TEXT", PATCH.replace("KEY", "package")))) is not None


@pytest.mark.parametrize(
    "patch",
    [
        "",
        "*** Begin Patch\n*** End Patch",
        PATCH.replace("KEY", "package").replace('env.A = "1"', 'env.A = "2"'),
        PATCH.replace("KEY", "package").replace("@@ {", "@@ {}"),
        PATCH.replace("KEY", "package").replace("*** Add File", "*** New File"),
        PATCH.replace("KEY", "package").replace("+{ services", "{ services"),
        PATCH.replace("KEY", "package").replace("devenv.nix", "missing.nix"),
    ],
)
def test_a_patch_that_does_not_fit_is_for_codex_to_refuse(root: Path, patch: str) -> None:
    assert said(root, Patch(patch)) is None


def test_a_setting_says_what_becomes_of_files(root: Path) -> None:
    (root / "devkeel.toml").write_text('guard = { files = "tell" }')
    answer = said(root, WholeFile("devenv.nix", BAD))
    assert answer is not None
    assert answer.decision == "tell"
    (root / "devkeel.toml").write_text('guard = "off"')
    assert said(root, WholeFile("devenv.nix", BAD)) is None


HEREDOCS = [
    "cat > devenv.nix <<'EOF'\nTEXTEOF\n",
    "cat <<'EOF' > ./devenv.nix && git add -A\nTEXTEOF\n",
    "mkdir -p x && tee devenv.nix <<'EOF' >/dev/null\nTEXTEOF\n",
    "cd sub && cat > ../devenv.nix <<EOF\nTEXTEOF\n",
]


@pytest.mark.parametrize("command", HEREDOCS)
def test_a_file_that_a_shell_writes_is_judged_as_any_other(root: Path, command: str) -> None:
    (root / "sub").mkdir()
    assert said(root, Running(command.replace("TEXT", GOOD))) is None
    answer = said(root, Running(command.replace("TEXT", BAD)))
    assert answer is not None
    assert "package" in answer.reason


def test_files_that_one_command_writes_are_judged_together(root: Path) -> None:
    nix = "{ inputs, ... }: { packages = [ inputs.tool.packages.default ]; }\n"
    yaml = "inputs:\n  tool:\n    url: github:a/b\n"
    first = f"cat > devenv.nix <<'EOF'\n{nix}EOF\n"
    assert said(root, Running(f"{first}cat > devenv.yaml <<'EOF'\n{yaml}EOF\n")) is None
    more = "echo; cat >> devenv.nix <<'EOF'\n}\nEOF\n"
    assert said(root, Running(more)) is not None
    whole = GOOD.removesuffix("}\n")
    assert said(root, Running(f"cat > devenv.nix <<'EOF'\n{whole}EOF\n{more}")) is None


def test_each_here_string_is_a_line(root: Path) -> None:
    command = "cat <<< '[project]' > pyproject.toml; cat <<< 'name = VALUE' >> pyproject.toml"
    assert said(root, Running(command.replace("VALUE", '"a"'))) is None
    assert said(root, Running(command.replace("VALUE", ""))) is not None


@pytest.mark.parametrize(
    "command",
    [
        "cat > $F <<'EOF'\nTEXTEOF\n",
        "cat > devenv.nix <<EOF\nTEXT$MOREEOF\n",
        "cat other > devenv.nix <<'EOF'\nTEXTEOF\n",
        "sed s/a/b/ > devenv.nix <<'EOF'\nTEXTEOF\n",
        "cat > /elsewhere/devenv.nix <<'EOF'\nTEXTEOF\n",
        "cat 2> devenv.nix <<'EOF'\nTEXTEOF\n",
        "cat > README.md <<'EOF'\nTEXTEOF\n",
    ],
)
def test_what_a_shell_writes_is_not_judged_where_the_text_does_not_show_it(root: Path, command: str) -> None:
    assert said(root, Running(command.replace("TEXT", BAD))) is None


def test_what_the_team_protects_is_refused_as_to_devkeel_itself(root: Path) -> None:
    (root / "devkeel.toml").write_text('protected = ["packages"]\n')
    answer = said(root, WholeFile("devenv.nix", GOOD.replace("pkgs.git", "pkgs.git pkgs.jq")))
    assert answer is not None
    assert "protected" in answer.reason
    assert said(root, WholeFile("devenv.nix", GOOD.replace('"1"', '"2"'))) is None


@pytest.mark.parametrize(
    ("command", "denied"),
    [
        ("echo '{ pkgs' > devenv.nix", True),
        ("echo 'a = ;' >> devenv.nix", True),
        ("printf '%s\\n' '{' >devenv.nix && ls", True),
        ("printf '{ \\n' > devenv.nix", True),
        ("echo '{' | sudo tee devenv.nix > /dev/null", True),
        ("echo '{' | tee -a devenv.nix", True),
        (": > devenv.nix", True),
        ("cat <<'EOF' | tee devenv.nix\n{\nEOF", True),
        ("echo '{ }' > devenv.nix", False),
        ("printf '%d' 3 > devenv.nix", False),  # what it says is not known
        ('echo "$TEXT" > devenv.nix', False),
        ("echo -e '{ \\n' > devenv.nix", False),
        ("echo '{' > /tmp/devenv.nix; echo '{' > notes.txt; ls 2> devenv.nix.log", False),
        ("echo '{' | ssh host tee devenv.nix", False),
    ],
)
def test_what_a_shell_says_into_a_file_is_judged_where_it_is_certain(root: Path, command: str, denied: bool) -> None:
    assert (said(root, Running(command)) is not None) == denied


@pytest.mark.parametrize("host", ["claude-code"])
def test_the_quick_look_lets_no_such_write_through(root: Path, host: str) -> None:
    for command in (
        "echo '{' >devenv.nix",
        "echo '{'|tee devenv.nix",
        'echo "{" > "devenv.nix"',
        "printf '{' >>devenv.nix",
    ):
        message = {"tool_name": "Bash", "cwd": str(root), "tool_input": {"command": command}}
        assert "deny" in answered(json.dumps(message).encode(), host), command


@pytest.mark.parametrize(
    "path",
    [
        "tests/fixtures/broken/devenv.nix",
        "tests/fixtures/pyproject.toml",
        "node_modules/a/package.json",
        "{{cookiecutter.slug}}/pyproject.toml",
        "src/templates/default.nix",
        "vendor/a/requirements.txt",
    ],
)
def test_what_is_material_for_something_else_is_not_judged(root: Path, path: str) -> None:
    assert said(root, WholeFile(path, "{ [ =>")) is None
    assert said(root, Running(f"cat > '{path}' <<'EOF'\n{{ [ =>\nEOF")) is None


def test_a_requirement_that_no_installer_reads_is_refused_with_what_is_meant(root: Path) -> None:
    (root / "devenv.nix").unlink()
    (root / "requirements.txt").write_text("flask\n")
    for act in (WholeFile("requirements.txt", "flask\nrich=>13\n"), Running("echo 'rich=>13' >> requirements.txt")):
        answer = said(root, act)
        assert answer is not None
        assert "requirements.txt:2:1" in answer.reason
        assert [edit["new"] for edit in answer.edits] == ["flask\nrich>=13\n"]
