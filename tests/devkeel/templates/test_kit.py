"""A kit comes from anywhere: what it could do beyond adding files and edits is refused, and nothing is made of it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from devkeel.errors import DevkeelError

from .kits import HEAD, NAME, write_kit

if TYPE_CHECKING:
    from pathlib import Path

    from devkeel.api import Environment


JQ = '[[edits]]\nkind = "add_packages"\nnames = ["jq"]\n'
PATTERN = '{ pattern = "^a*a*b" }'
TEXT = '[parameters]\ntype = "object"\n[parameters.properties.a]\ntype = "string"\n'


def refused(empty: Environment, kit: Path) -> tuple[str, str | None]:
    with pytest.raises(DevkeelError) as caught:
        empty.use_template(str(kit), {"name": "a"}, anywhere=True)
    report = empty.validate_template(str(kit), anywhere=True)
    assert (report.ok, report.problems[0].code) == (False, caught.value.code)
    assert not list(empty.project.root.iterdir())
    return caught.value.code, caught.value.seen


@pytest.mark.parametrize(
    "path",
    [
        "../out",
        "/etc/passwd",
        "a/../../out",
        "./a",
        "a//b",
        "~/.ssh/config",
        ".git/hooks/pre-commit",
        ".GIT/config",
        "sub/.g\u200cit/config",
        ".devkeel/state.db",
        "devkeel.toml",
        "sub/DevKeel.toml",
        "devenv.lock",
        "flake.lock",
        "",
        "a\\b",
        "a\u202eb",
        "devenv.nix",
        "devenv.local.yaml",
    ],
)
def test_no_file_goes_where_it_may_not(empty: Environment, tmp_path: Path, path: str) -> None:
    written = path.replace("\\", "\\\\")
    kit = write_kit(tmp_path / "kit", f'{HEAD}[[files]]\npath = "{written}"\nsource = "a"\n', a="a")
    assert refused(empty, kit) == ("bad_template", "files[0].path")


@pytest.mark.parametrize("value", ["..", "../../etc", ".git", "a/../../b", "/etc", ""])
def test_a_parameter_leads_no_file_out(empty: Environment, tmp_path: Path, value: str) -> None:
    kit = write_kit(tmp_path / "kit", f'{HEAD}{NAME}[[files]]\npath = "@@name@@/a"\nsource = "a"\n', a="a")
    with pytest.raises(DevkeelError) as caught:
        empty.use_template(str(kit), {"name": value}, anywhere=True)
    assert caught.value.code in ("template_value", "bad_template")


@pytest.mark.parametrize("source", ["../secret", "/etc/passwd", "link", "folder/inner", "missing", "pipe", "large"])
def test_no_file_is_read_from_elsewhere(empty: Environment, tmp_path: Path, source: str) -> None:
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "outer").mkdir()
    (tmp_path / "outer" / "inner").write_text("secret")
    kit = write_kit(
        tmp_path / "kit", f'{HEAD}[[files]]\npath = "a"\nsource = "{source}"\n', large=b"a" * 300_000, a="a"
    )
    (kit / "link").symlink_to("a")
    (kit / "folder").symlink_to("../outer")
    os.mkfifo(kit / "pipe")
    assert refused(empty, kit)[0] == "bad_template"


@pytest.mark.parametrize(
    ("manifest", "at"),
    [
        ('[[edits]]\nkind = "replace_text"\nold = "a"\nnew = "b"\n', "edits[0].kind"),
        ('[[edits]]\nkind = "unset"\npath = "a"\n', "edits[0].kind"),
        ('[[edits]]\nkind = "set"\npath = "a"\nvalue = "@@other@@"\n', "edits[0]"),
        ('[[edits]]\nkind = "set"\npath = "a"\nvalue = 1\nwhen = { other = 1 }\n', "edits[0].when"),
        ('[[edits]]\nkind = "set"\npath = "a"\nvalue = 1\nwhen = 1\n', "edits[0]"),
        ('[[edits]]\nkind = "set"\npath = "a"\nvalue = 1\nunless = "a"\n', "edits[0]"),
        ('[[edits]]\nkind = "set"\npath = "a"\nvalue = 1\ngroup = 1\n', "edits[0]"),
        (f'{TEXT}"$ref" = "http://example.org/a"\n', "parameters.properties.a.$ref"),
        ('[parameters]\ntype = "object"\n[parameters.properties.a]\ntype = "text"\n', "parameters.properties.a.type"),
        ('[parameters]\ntype = "object"\n[parameters.properties.a]\ntype = "object"\n', "parameters.properties.a.type"),
        ('[parameters]\ntype = "object"\n[parameters.properties.A-b]\ntype = "string"\n', "parameters.properties.A-b"),
        (f'{TEXT}pattern = "(a+)+$"\n', "parameters.properties.a.pattern"),
        (f'{TEXT}pattern = "a*a*a*b"\n', "parameters.properties.a.pattern"),
        (f'{TEXT}pattern = "["\n', "parameters.properties.a.pattern"),
        (f'{TEXT}pattern = "{"(|)" * 45}b"\n', "parameters"),
        (f'{TEXT}pattern = "{"(a|a)" * 39}b"\n', "parameters"),
        (f'{TEXT}pattern = "a*a*b"\n', "parameters"),
        (f"{TEXT}pattern = '(a+)\\1b'\n", "parameters.properties.a.pattern"),
        (f"{TEXT}allOf = [{', '.join([PATTERN] * 60)}]\n", "parameters"),
        (f"examples = [{', '.join(['{}'] * 21)}]\n", "examples"),
        (f"examples = [{', '.join(['{}'] * 20)}]\n{JQ * 51}", "examples"),
        (f"{TEXT}unevaluatedProperties = false\n", "parameters.properties.a.unevaluatedProperties"),
        (f"{TEXT}default = 1979-05-27\n", "datetime.date(1979, 5, 27)"),
        ('[[edits]]\nkind = "set"\npath = "a"\nvalue = nan\n', "nan"),
        (f'{TEXT}[[edits]]\nkind = "set"\npath = "b"\nvalue = "{"@@a@@" * 501}"\n', "edits"),
        ("unknown = 1\n", None),
        ('permissions = ["root"]\n', None),
        ("permissions = [\n", None),
    ],
)  # fmt: skip
def test_a_manifest_that_is_not_sound_is_named_at_its_place(
    empty: Environment, tmp_path: Path, manifest: str, at: str | None
) -> None:
    assert refused(empty, write_kit(tmp_path / "kit", HEAD + manifest)) == ("bad_template", at)


def test_a_directory_without_a_manifest_is_no_template(empty: Environment, tmp_path: Path) -> None:
    (tmp_path / "kit").mkdir()
    assert refused(empty, tmp_path / "kit")[0] == "bad_template"


def test_a_manifest_that_is_a_link_is_not_read(empty: Environment, tmp_path: Path) -> None:
    write_kit(tmp_path / "other")
    (tmp_path / "kit").mkdir()
    (tmp_path / "kit" / "kit.toml").symlink_to("../other/kit.toml")
    assert refused(empty, tmp_path / "kit")[0] == "bad_template"


@pytest.mark.parametrize(
    "pattern",
    ["^[a-z][a-z0-9-]*$", "^(feat|fix|chore|docs)/[a-z]+$", "^(?:a|b|c)?[0-9]{1,3}$", "[a-z]+", "^v[0-9]+[.][0-9]+$"],
)
def test_a_pattern_that_is_matched_in_few_steps_is_sound(empty: Environment, tmp_path: Path, pattern: str) -> None:
    for schema in (
        f'type = "string"\npattern = "{pattern}"\n',
        f'type = "array"\nitems = {{ type = "string", pattern = "{pattern}" }}\n',
    ):
        manifest = f'{HEAD}[parameters]\ntype = "object"\n[parameters.properties.a]\n{schema}'
        assert empty.validate_template(str(write_kit(tmp_path / "kit", manifest)), anywhere=True).problems == ()
