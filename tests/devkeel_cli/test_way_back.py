"""Undo and restore from the command line, and exact text where an edit is refused: no dead end."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .conftest import Shell


def test_what_was_taken_back_by_hand_is_as_it_was_already(devkeel: Shell) -> None:
    assert devkeel("add", "fd", "--level", "schema").code == 0
    text = devkeel.declaration.read_text()
    devkeel.declaration.write_text("".join(line for line in text.splitlines(keepends=True) if "fd" not in line))
    undone = devkeel("undo")
    assert undone.code == 0
    assert "as they were before operation 1 already" in undone.out
    assert "fd" not in devkeel.declaration.read_text()


def test_an_older_operation_is_taken_back_beside_later_ones_and_changes_by_hand(devkeel: Shell) -> None:
    assert devkeel("set", "env.APP_PORT", "9000", "--string", "--level", "schema").code == 0
    assert devkeel("add", "fd", "--level", "schema").code == 0
    devkeel.declaration.write_text(devkeel.declaration.read_text() + "# mine\n")
    assert devkeel("undo", "1").code == 0
    text = devkeel.declaration.read_text()
    assert 'env.APP_PORT = "8000"' in text
    assert "fd" in text
    assert text.endswith("# mine\n")
    assert devkeel("restore", "1").code == 0
    text = devkeel.declaration.read_text()
    assert 'env.APP_PORT = "9000"' in text
    assert "fd" not in text
    assert text.endswith("# mine\n")


def test_a_conflict_shows_the_place_in_both_versions_and_a_way_that_works(devkeel: Shell) -> None:
    assert devkeel("add", "fd", "--level", "schema").code == 0
    devkeel.declaration.write_text(devkeel.declaration.read_text().replace("pkgs.fd", "pkgs.fd # mine"))
    refused = devkeel("undo", "--json").data["error"]
    assert refused["code"] == "undo_conflict"
    assert "# mine" in refused["details"]["three_way"]
    assert "services.postgres" not in refused["details"]["three_way"]
    assert "devkeel remove fd" in refused["remedy"]
    assert devkeel("remove", "fd", "--level", "schema").code == 0


def test_exact_text_takes_the_manifest_that_an_edit_refused(devkeel: Shell) -> None:
    manifest = devkeel.root / "environment.yml"
    manifest.write_text("name: lab\nchannels: [conda-forge]\ndependencies: [python=3.12, numpy]\n")
    line = ("patch", "environment.yml", "--old", ", numpy", "--new", "", "--level", "schema")
    assert devkeel(*line).code == 0
    assert manifest.read_text().endswith("[python=3.12]\n")
    assert devkeel("undo").code == 0
    assert "numpy" in manifest.read_text()


def test_what_went_past_devkeel_is_listed_shown_and_taken_back_by_its_number_alone(devkeel: Shell) -> None:
    assert devkeel("add", "fd", "--level", "schema").code == 0
    devkeel.declaration.write_text(devkeel.declaration.read_text() + "# mine\n")
    assert "not noted yet" in devkeel("history").out
    assert "+# mine" in devkeel("diff").out
    assert devkeel("add", "ripgrep", "--level", "schema").code == 0
    [line] = devkeel("history", "--external", "--since", "1h").out.splitlines()
    assert line.startswith("#2")
    assert "external  not by devkeel  devenv.nix" in line
    assert "+# mine" in devkeel("history", "2").out
    assert devkeel("undo").code == 0
    assert devkeel("undo").code == 0
    assert devkeel.declaration.read_text().endswith("# mine\n")
    assert devkeel("undo").code == 2
    assert devkeel("undo", "2").code == 0
    assert "# mine" not in devkeel.declaration.read_text()
    assert devkeel("history", "--since", "soon").code == 2
