"""Files are generated as an operation like every other: tried, published, made again without a difference, undone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from devkeel.errors import DevkeelError

if TYPE_CHECKING:
    from pathlib import Path

    from devkeel.api import Environment


def refusal(environment: Environment, *words: Any, **given: Any) -> DevkeelError:
    with pytest.raises(DevkeelError) as caught:
        environment.generate(*words, **given)
    return caught.value


def test_a_file_is_tried_made_made_again_and_undone(environment: Environment, root: Path) -> None:
    tried = environment.generate("envrc", dry_run=True)
    assert (tried.published, "+watch_file devenv.nix" in tried.diff) == (False, True)
    assert not (root / ".envrc").exists()
    made = environment.generate("envrc", reason="for direnv")
    assert (made.published, made.files, made.runs_on_enter) == (True, (".envrc",), True)
    assert not environment.generate("envrc").changed
    assert environment.history().operations[0].kind == "generate"
    environment.undo()
    assert not (root / ".envrc").exists()


def test_parameters_stay_until_others_are_given(environment: Environment, root: Path) -> None:
    environment.generate("envrc", {"environment": "dev"})
    assert "devkeel env print dev" in (root / ".envrc").read_text()
    assert not environment.generate("envrc").changed
    environment.generate("envrc", {"environment": "ci"})
    assert "devkeel env print ci" in (root / ".envrc").read_text()
    # what a person writes there counts as if it had been given
    (root / ".envrc").write_text((root / ".envrc").read_text().replace('{"environment": "ci"}', '{"environment": "x"}'))
    environment.generate("envrc")
    assert "devkeel env print x" in (root / ".envrc").read_text()


@pytest.mark.parametrize("line", ['{"environment": "a b"}', '{"other": 1}', "what?"])
def test_parameters_that_cannot_be_read_are_named_with_their_line(
    environment: Environment, root: Path, line: str
) -> None:
    environment.generate("envrc", {"environment": "dev"})
    text = (root / ".envrc").read_text().replace('{"environment": "dev"}', line)
    (root / ".envrc").write_text(f"# mine\n{text}")
    error = refusal(environment, "envrc")
    assert (error.code, error.place and error.place.line) == ("generated_part_edited", 3)


def test_what_stands_around_the_part_is_kept_and_a_change_of_the_declaration_is_followed(
    environment: Environment, root: Path
) -> None:
    environment.generate("envrc")
    (root / ".envrc").write_text(f"# mine\n{(root / '.envrc').read_text()}export MINE=1\n")
    (root / "devenv.yaml").write_text("inputs: {}\n")
    assert environment.generate("envrc").published
    text = (root / ".envrc").read_text()
    assert text.startswith("# mine\n")
    assert text.endswith("export MINE=1\n")
    assert "watch_file devenv.yaml" in text


def test_what_was_changed_by_hand_is_taken_away_only_where_that_is_asked(environment: Environment, root: Path) -> None:
    environment.generate("envrc")
    text = (root / ".envrc").read_text()
    (root / ".envrc").write_text(text.replace("watch_file", "# watch_file"))
    assert refusal(environment, "envrc").code == "generated_part_edited"
    assert "+watch_file" in environment.generate("envrc", replace=True, dry_run=True).diff
    environment.generate("envrc", replace=True)
    assert (root / ".envrc").read_text() == text


def test_a_file_of_a_person_is_left_alone(environment: Environment, root: Path) -> None:
    (root / ".envrc").write_text("use devenv\n")
    assert refusal(environment, "envrc").code == "not_generated"
    environment.generate("envrc", replace=True)
    environment.undo()
    assert (root / ".envrc").read_text() == "use devenv\n"


@pytest.mark.parametrize(
    ("kind", "given", "code"),
    [
        ("nothing", {}, "unknown_generator"),
        ("envrc", {"other": "x"}, "unknown_parameter"),
        ("envrc", {"environment": 3}, "bad_parameter"),
        ("envrc", {"environment": "a b"}, "bad_parameter"),
        ("envrc", {"environment": "a\n"}, "bad_parameter"),
    ],
)
def test_a_request_that_means_nothing_is_refused(
    environment: Environment, kind: str, given: dict[str, Any], code: str
) -> None:
    assert refusal(environment, kind, given).code == code


def test_the_generators_are_listed_with_their_parameters(environment: Environment) -> None:
    found = environment.generators().generators
    assert len({item.name for item in found}) == len(found)
    assert all(item.about.endswith(".") and each.about.endswith(".") for item in found for each in item.parameters)


@pytest.mark.parametrize("prompt", [None, "(it's 5)"])
def test_an_envrc_that_devkeel_wrote_otherwise_is_taken_over(
    environment: Environment, root: Path, prompt: str | None
) -> None:
    environment.write_envrc("dev", template=prompt)
    before = (root / ".envrc").read_text()
    (root / ".envrc").write_text(f"# mine\n{before}export MINE=1\n")
    environment.generate("envrc")
    lines = (root / ".envrc").read_text().split("\n")
    assert (lines[0], lines[-2], lines[3:-3]) == ("# mine", "export MINE=1", before.split("\n")[1:-2])
    assert not environment.generate("envrc").changed
    # and the way of before goes on with the part
    environment.write_envrc("ci", template=prompt)
    assert "env print ci" in (root / ".envrc").read_text()
    assert not environment.generate("envrc").changed


def test_an_envrc_of_before_with_a_line_of_a_person_is_left_alone(environment: Environment, root: Path) -> None:
    environment.write_envrc()
    (root / ".envrc").write_text((root / ".envrc").read_text().replace("watch_file", "export A=1\nwatch_file"))
    assert refusal(environment, "envrc").code == "not_generated"


def test_the_way_of_before_takes_no_edit_by_hand_away(environment: Environment, root: Path) -> None:
    environment.generate("envrc")
    (root / ".envrc").write_text((root / ".envrc").read_text().replace("watch_file", "export A=1\nwatch_file"))
    with pytest.raises(DevkeelError) as caught:
        environment.write_envrc()
    assert caught.value.code == "generated_part_edited"


@pytest.mark.parametrize("prompt", ["({env_name})", "$(rm)", "two\nlines"])
def test_a_prompt_that_could_not_be_is_refused(environment: Environment, prompt: str) -> None:
    assert refusal(environment, "envrc", {"prompt": prompt}).code == "bad_prompt"
