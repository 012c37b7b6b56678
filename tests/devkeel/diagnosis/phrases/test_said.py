"""What programs print when they fail: each sentence of `said/` is known for its kind and its subject, or for none.

A line there is a text with what it says: kind and subject, a code (of Nix) or a service, or the kind that it is not.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from devkeel.diagnosis.reading import read

SAID = [
    pytest.param(json.loads(line), id=f"{file.stem}-{number}")
    for file in sorted((Path(__file__).parent / "said").glob("*.jsonl"))
    for number, line in enumerate(file.read_text("utf-8").splitlines(), 1)
]


@pytest.mark.parametrize("case", SAID)
def test_a_sentence_is_known_for_what_it_says(case: dict[str, Any]) -> None:
    found = read(case["text"]).causes
    if "no" in case:
        assert [cause.subject for cause in found if cause.kind == case["no"]] == []
    elif "service" in case:
        assert case["service"] in [cause.facts.get("service") for cause in found if cause.kind == "service"]
    elif "code" in case:
        assert (found[0].facts.get("code"), found[0].subject) == (case["code"], case["subject"])
    else:
        subject = found[0].facts.get("port", found[0].subject)
        assert (found[0].kind, subject) == (case["kind"], case["subject"])


@pytest.mark.parametrize(("left", "right"), [("`", "'"), ("'", "'"), ("\u2018", "\u2019"), ('"', '"')])
def test_each_way_of_quoting_is_read(left: str, right: str) -> None:
    text = f"error: The option {left}services.reddis{right} does not exist."
    assert [cause.subject for cause in read(text).causes] == ["services.reddis"]


def test_several_variables_are_several_causes() -> None:
    found = read("Error: Missing required environment variables: APP_HOST, APP_ZONE, APP_LEVEL\n").causes
    assert {cause.subject for cause in found} == {"APP_HOST", "APP_ZONE", "APP_LEVEL"}


@pytest.mark.parametrize(
    "text",
    [
        "Error: connect ECONNREFUSED 10.20.0.4:5432",
        'connection to server at "db.example.org" (192.0.2.7), port 5432 failed: Connection refused',
        "dial tcp 192.0.2.7:6379: connect: connection refused",
    ],
)
def test_another_machine_that_refuses_is_the_networks_matter(text: str) -> None:
    assert {cause.kind for cause in read(text).causes} == {"network"}


def test_a_server_that_names_no_port_has_a_cause_all_the_same() -> None:
    for text in ("Error: That port is already in use.", "OSError: [Errno 98] Address already in use"):
        assert [cause.kind for cause in read(text).causes] == ["port"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("FAILED tests/test_a.py::test_b - assert 1 == 2\n1 failed, 3 passed in 0.1s\n", "tests"),
        ("thread 'a' panicked at src/a.rs:8:9:\nassertion failed\n", "code"),
        ("SyntaxError: '[' was never closed\n", "code"),
        ("getaddrinfo ENOTFOUND registry.example.org\n", "network"),
        ("x.s: fatal error: error writing to x.s: No space left on device\n", "disk"),
        ("./a.sh: line 9: 27310 Killed                  python train.py\n", "memory"),
        ("bash: ./deploy.sh: Permission denied\n", "permission"),
    ],
)
def test_what_no_edit_mends_is_a_cause_of_its_own(text: str, kind: str) -> None:
    assert read(text).causes[0].kind == kind
