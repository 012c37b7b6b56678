"""What is not sound in a template is said, all of it, with the place and the parameters with which it comes up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .kits import HEAD, NAME, write_kit

if TYPE_CHECKING:
    from pathlib import Path

    from devkeel.api import Environment
    from devkeel.templates.validation import TemplateValidation

RUNS = '[[edits]]\nkind = "append"\npath = "enterShell"\nvalue = "true"\n'


def judged(empty: Environment, folder: Path, manifest: str, **files: str) -> TemplateValidation:
    found = empty.validate_template(str(write_kit(folder / "kit", manifest, **files)), anywhere=True)
    assert not list(empty.project.root.iterdir())
    return found


def test_a_sound_template_is_tried_with_its_defaults_and_its_examples(empty: Environment, tmp_path: Path) -> None:
    given = 'permissions = ["read", "execute"]\nexamples = [{ a = "x" }]\n'
    schema = '[parameters]\ntype = "object"\n[parameters.properties.a]\ntype = "string"\ndefault = "y"\n'
    report = judged(empty, tmp_path, HEAD + given + schema + RUNS)
    assert (report.ok, report.problems, report.examples, report.ran) == (True, (), 2, ("syntax", "schema"))


def test_all_that_is_wrong_is_said_at_once(empty: Environment, tmp_path: Path) -> None:
    files = '[[files]]\npath = "../a"\nsource = "a"\n[[files]]\npath = "b"\nsource = "b"\n'
    report = judged(empty, tmp_path, f'{HEAD}{files}[[edits]]\nkind = "unset"\npath = "a"\n', b="@@none@@")
    places = [item.at for item in report.problems]
    assert places == ["files[0].path", "edits[0].kind", "files[0].source", "files[1].source"]


def test_an_example_that_does_not_fit_is_named_with_its_parameters(empty: Environment, tmp_path: Path) -> None:
    report = judged(empty, tmp_path, f'examples = [{{ name = "a" }}, {{ name = 1 }}, {{}}]\n{HEAD}{NAME}')
    assert [(item.code, item.at, item.example) for item in report.problems] == [
        ("bad_template_parameter", "properties/name/type", {"name": 1}),
        ("bad_template_parameter", "required", {}),
    ]


def test_what_comes_of_it_is_judged_by_the_checks(empty: Environment, tmp_path: Path) -> None:
    edits = '[[edits]]\nkind = "set"\npath = "services.postgres.port"\nvalue = "many"\n'
    files = '[[files]]\npath = "a.json"\nsource = "a.json"\n'
    report = judged(empty, tmp_path, f"{HEAD}{files}{edits}", a__json="{")
    found = {(item.code, item.place) for item in report.problems}
    assert found == {("syntax_error", "a.json:1:2"), ("wrong_type", "devenv.nix:7:3")}


def test_what_runs_without_saying_so_is_found(empty: Environment, tmp_path: Path) -> None:
    assert [item.at for item in judged(empty, tmp_path, HEAD + RUNS).problems] == ["permissions"]
