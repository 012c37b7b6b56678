"""What a command really runs: any text is read to its end, and what wraps a command changes nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devkeel.guard.installers import install_of
from devkeel.guard.words import split
from devkeel.guard.wrappers import invocations
from devkeel.source.shell import UNKNOWN

WORDS = st.sampled_from(
    [
        *("pip", "install", "flask", "sudo", "-E", "-u", "env", "A=1", "bash", "-c", "'pip install x'", "xargs", "--"),
        *("uv", "run", "python", "-m", "nix", "develop", "timeout", "5", "cd", "/v", "&&", "|", ";", "(", ")", "$X"),
        *(
            "<<EOF",
            "\nEOF\n",
            '"',
            "'",
            "`",
            "$(",
            "apt-get",
            "npm",
            "-g",
            "\\",
            "\n",
            "#",
            ">",
            "f",
            "{",
            "}",
            "é",
            "\0",
        ),
    ]
)


@given(st.lists(WORDS, max_size=14).map(" ".join) | st.text(max_size=60))
def test_any_text_is_read(text: str) -> None:
    found = [install_of(invocation) for invocation in invocations(text)]
    assert not any(UNKNOWN in name for item in found if item for name in item.names)  # what an expansion gives


WRAPPERS = [
    "sudo",
    "sudo -E -u root",
    "sudo -iu root --",
    "doas",
    "env A=1 B=2",
    "env -i -u C",
    "nice -n 5",
    "timeout -k 5 60s",
    "time -p",
    "nohup",
    "stdbuf -oL",
    "command",
    "exec",
    "uv run --with rich",
    "poetry run",
    "conda run -n base",
    "direnv exec .",
    "devenv shell --",
    "nix develop .#x -c",
    "devkeel run --env dev --",
    "sudo env A=1 timeout 5",
]


@pytest.mark.parametrize("wrapper", WRAPPERS)
@pytest.mark.parametrize(
    "form", ["{} pip install flask", "bash -c '{} pip install flask'", "eval {} pip install flask"]
)
def test_a_wrapper_changes_nothing_of_what_is_installed(wrapper: str, form: str) -> None:
    found = [install_of(item) for item in invocations(form.format(wrapper))]
    assert [item.names for item in found if item] == [("flask",)]


@pytest.mark.parametrize(
    ("line", "place", "folder", "entered"),
    [
        ("pip list", "", "", ""),
        (".venv/bin/pip list", ".venv/bin", "", ""),
        ("cd a && cd b && ../v/bin/python -m pip list", "../v/bin", "a/b", ""),
        ("cd a; source v/bin/activate; pip list", "", "a", "a/v"),
        (". /v/bin/activate && pip list", "", "", "/v"),
    ],
)
def test_where_a_program_is_from_is_kept(line: str, place: str, folder: str, entered: str) -> None:
    found = [item for item in invocations(line) if item.program == "pip"]
    assert [(item.place, item.folder, item.entered) for item in found] == [(place, folder, entered)]


def test_words_are_sorted_as_getopt_does() -> None:
    found = split(("-qr", "a", "-rb", "--index=c", "--to", "d", "e", "-v", "--", "-f"), ("-r", "--index", "--to"))
    assert found.flags == {"-q", "-r", "--index", "--to", "-v"}
    assert found.values == {"-r": ("a", "b"), "--index": ("c",), "--to": ("d",)}
    assert found.positional == ("e", "-f")
    assert found.rest[0] == "e"
