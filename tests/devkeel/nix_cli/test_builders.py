"""A machine in the words of Nix: wherever the project lies, it is one line of one machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from devkeel.nix_cli.builders import machine_line
from devkeel.project.distribution import Builder

BUILDER = Builder("ssh-ng://big?max-connections=2", ("x86_64-linux",), "key", 2, 1, ("kvm",))


def test_a_key_has_a_word_of_its_own() -> None:
    assert machine_line(BUILDER, Path("/srv/a")) == f"{BUILDER.uri} x86_64-linux /srv/a/key 2 1 kvm - -"


@pytest.mark.parametrize(
    ("root", "key"),
    [
        ("/srv/a ; ssh-ng:/evil x86_64-linux", "/srv/a%20%3B%20ssh-ng%3A/evil%20x86_64-linux/key"),
        ("/srv/a\nsandbox = false\n", "/srv/a%0Asandbox%20%3D%20false%0A/key"),
        ("/srv/a#b&c=d", "/srv/a%23b%26c%3Dd/key"),
        ("/srv/ä", "/srv/%C3%A4/key"),
    ],
)
def test_a_directory_of_any_name_adds_no_machine_and_no_setting(root: str, key: str) -> None:
    assert machine_line(BUILDER, Path(root)) == f"{BUILDER.uri}&ssh-key={key} x86_64-linux - 2 1 kvm - -"
