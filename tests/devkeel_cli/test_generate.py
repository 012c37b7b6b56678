"""`devkeel generate` lists the kinds, and takes parameters as NAME=VALUE."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .conftest import Shell


def test_the_kinds_are_listed_with_their_parameters(devkeel: Shell) -> None:
    told = devkeel("generate")
    assert "envrc: " in told.out
    assert "  environment (text): " in told.out
    names = [item["name"] for item in devkeel("generate", "--json").data["generators"]]
    assert "envrc" in names


def test_a_kind_is_tried_made_and_made_again(devkeel: Shell) -> None:
    assert "+watch_file devenv.nix" in devkeel("generate", "envrc", "environment=dev", "-n").out
    assert devkeel("generate", "envrc", "environment=dev", "--json").data["published"]
    assert "env print dev" in (devkeel.root / ".envrc").read_text()
    assert not devkeel("generate", "envrc", "--json").data["changed"]


def test_what_was_changed_by_hand_is_refused_until_replace(devkeel: Shell) -> None:
    devkeel("generate", "envrc")
    file = devkeel.root / ".envrc"
    file.write_text(file.read_text().replace("watch_file devenv.nix\n", ""))
    refused = devkeel("generate", "envrc")
    assert refused.code == 1
    assert "--replace" in refused.err
    assert devkeel("generate", "envrc", "--replace").code == 0


def test_what_is_no_pair_is_a_mistake_of_usage(devkeel: Shell) -> None:
    assert devkeel("generate", "envrc", "dev").code == 2
