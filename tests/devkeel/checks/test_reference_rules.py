"""What inputs may refer to: which reference breaks which rule, and what no rule can say."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devkeel.checks.declared_references import declared_references
from devkeel.checks.reference_rules import RULES, judge_references
from devkeel.project.settings import REFERENCE_RULES

REVISION = "a" * 40
# A reference as text, and what each rule says of it where there is no lock.
SAID: dict[str, dict[str, bool | None]] = {
    "github:NixOS/nixpkgs": {"github-only": True, "no-path": True, "pinned": False, "exact": False},
    f"github:NixOS/nixpkgs/{REVISION}": {"github-only": True, "pinned": True, "exact": True},
    f"github:NixOS/nixpkgs?rev={REVISION}": {"pinned": True, "exact": True},
    "github:a/b?host=git.example.org": {"github-only": None, "forges-only": True},
    "git+https://github.com/a/b": {"github-only": True, "no-path": True, "exact": False},
    "git+ssh://git@github.com/a/b": {"github-only": True},
    "https://codeload.github.com/a/b/tar.gz/main": {"github-only": True},
    "https://notgithub.com/a/b.tar.gz": {"github-only": False, "forges-only": False},
    "gitlab:a/b": {"github-only": False, "forges-only": True},
    "git+https://example.org/a": {"github-only": False, "pinned": False},
    "path:./nix": {"github-only": False, "no-path": False, "pinned": True, "exact": True},
    "./nix": {"no-path": False, "pinned": True},
    "/srv/nix": {"no-path": False, "pinned": False},
    "git+file:///srv/nix": {"no-path": False, "github-only": False},
    "nixpkgs": {"github-only": None, "no-path": None, "no-registry": False, "pinned": False},
    f"nixpkgs/{REVISION}": {"no-registry": False, "pinned": True},
    "flake:nixpkgs": {"no-registry": False},
    "new+scheme:whatever": {"github-only": None, "no-path": None, "no-registry": None},
}
YAML = "inputs:\n  a:\n    url: {}\n"
FLAKE = '{{ inputs.a.url = "{}"; outputs = {{ self, a }}: {{ }}; }}\n'
FILES = {"devenv.yaml": YAML, "flake.nix": FLAKE}


def answer(name: str, text: str, rule: str, locks: dict[str, bytes | None] | None = None) -> bool | None:
    """Return what a rule says of the one reference in a file."""
    found = judge_references({name: text.encode()}, locks or {}, [rule])
    assert found.looked == 1
    return False if found.findings else None if found.doubtful else True


def lock(**locked: object) -> bytes:
    nodes = {"root": {"inputs": {"a": "a"}}, "a": {"locked": locked, "original": {}}}
    return json.dumps({"nodes": nodes, "root": "root", "version": 7}).encode()


def test_the_rules_are_those_that_devkeel_toml_may_name() -> None:
    assert tuple(RULES) == REFERENCE_RULES


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("text", SAID)
def test_a_reference_is_judged_by_its_text(name: str, text: str) -> None:
    for rule, said in SAID[text].items():
        assert answer(name, FILES[name].format(text), rule) is said, rule


@pytest.mark.parametrize(
    ("given_as", "rule", "said"),
    [
        (f'{{ type = "github"; owner = "a"; repo = "b"; rev = "{REVISION}"; }}', "exact", True),
        ('{ type = "github"; owner = "a"; repo = "b"; }', "github-only", True),
        ('{ type = "git"; url = "https://example.org/a"; }', "github-only", False),
        ('{ type = "git"; url = "file:///srv/a"; }', "no-path", False),
        ('{ type = "path"; path = "/srv/a"; }', "no-path", False),
        ('{ type = "indirect"; id = "nixpkgs"; }', "no-registry", False),
        ('{ type = "tarball"; url = "https://github.com/a/b/archive/main.tar.gz"; }', "github-only", True),
        ("{ url = github:a/b; }", "github-only", True),
        ("{ url = github:a/b; flake = false; }", "github-only", True),
        ("{ }", "no-registry", False),
        ("{ flake = false; }", "no-registry", False),
        ('{ url = "github:" + "a/b"; }', "github-only", None),
        ("import ./a.nix", "github-only", None),
    ],
)
def test_a_flake_may_write_it_in_other_ways(given_as: str, rule: str, said: bool | None) -> None:
    assert answer("flake.nix", f"{{ inputs.a = {given_as}; outputs = {{ self, a }}: {{ }}; }}", rule) is said


def test_what_follows_another_input_refers_to_nothing_itself() -> None:
    flake = '{ inputs.a.url = "path:/a"; inputs.b.follows = "a"; inputs.a.inputs.c.follows = "b"; outputs = _: { }; }'
    assert [item.name for item in declared_references({"flake.nix": flake.encode()})] == ["a"]
    text = "inputs:\n  a:\n    url: path:/a\n    inputs:\n      c:\n        follows: b\n  b:\n    follows: a\n"
    assert [item.name for item in declared_references({"devenv.yaml": text.encode()})] == ["a"]


def test_the_inputs_of_inputs_are_judged_too_with_their_lines() -> None:
    flake = '{\n  inputs.a = {\n    url = "github:a/b";\n    inputs.c.url = "path:/c";\n  };\n  outputs = _: { };\n}\n'
    text = "inputs:\n  a:\n    url: github:a/b\n    inputs:\n      c:\n        url: path:/c\n"
    for name, data, line in (("flake.nix", flake, 4), ("devenv.yaml", text, 6)):
        (finding,) = judge_references({name: data.encode()}, {}, ["no-path"]).findings
        assert finding.place is not None
        assert (finding.place.file, finding.place.line, finding.subject) == (name, line, "a/c")


def test_an_argument_of_outputs_that_is_no_input_is_a_name_of_the_registry() -> None:
    flake = b"{\n  outputs = { self, nixpkgs, other ? null, ... }@all: { };\n}\n"
    found = judge_references({"flake.nix": flake}, {}, ["no-registry"])
    assert [(item.subject, item.place and item.place.line) for item in found.findings] == [("nixpkgs", 2), ("other", 2)]


def test_the_lock_says_what_the_text_does_not() -> None:
    text, pinned = YAML.format("nixpkgs"), {"narHash": "sha256-x", "rev": REVISION}
    assert answer("devenv.yaml", text, "github-only", {"devenv.lock": lock(type="github", **pinned)}) is True
    assert answer("devenv.yaml", text, "github-only", {"devenv.lock": lock(type="path", **pinned)}) is False
    assert answer("devenv.yaml", text, "pinned", {"devenv.lock": lock(type="github", **pinned)}) is True
    assert answer("devenv.yaml", text, "pinned", {"devenv.lock": lock(type="github", rev=REVISION)}) is False
    assert answer("devenv.yaml", text, "pinned", {"devenv.lock": b"no lock"}) is False
    assert answer("devenv.yaml", text, "pinned", {"flake.lock": lock(type="github", **pinned)}) is False
    assert answer("flake.nix", FLAKE.format("nixpkgs"), "pinned", {"flake.lock": lock(type="github", **pinned)}) is True


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"{ }: {", b"{ inputs = 1; }", b"\xff\xfe", b"inputs: [1]\n"])
def test_a_file_that_is_none_has_no_finding(data: bytes) -> None:
    for name in FILES:
        assert not judge_references({name: data}, {}, RULES).findings


@given(st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc")), max_size=40).map(str.strip).filter(bool))
def test_any_text_is_judged_without_an_error_and_alike_in_both_files(text: str) -> None:
    written = json.dumps(text, ensure_ascii=False)
    quoted = written.replace("${", "\\${")
    files = {
        "flake.nix": f"{{ inputs.a.url = {quoted}; outputs = {{ self, a }}: {{ }}; }}",
        "devenv.yaml": f"inputs: {{a: {{url: {written}}}}}\n",
    }
    first, second = (judge_references({name: data.encode()}, {}, RULES) for name, data in files.items())
    assert [item.message for item in first.findings] == [item.message for item in second.findings]


@pytest.mark.parametrize(
    "text",
    [
        "inputs:\n  a:\n    url: !!str path:/x\n",
        'inputs: !!map {a: {url: "path:/x"}}\n',
        '%YAML 1.1\n---\ninputs: {a: {url: "path:/x"}}\n',
        'x: &x {url: "path:/x"}\ninputs:\n  a:\n    <<: *x\n',
        'x: &x {a: {url: "path:/x"}}\ninputs:\n  <<: *x\n',
        'x: &x {inputs: {a: {url: "path:/x"}}}\n<<: *x\n',
        'inputs:\n  a: {url: "github:a/b", inputs: {<<: {b: {url: "path:/x"}}}}\n',
    ],
)
def test_inputs_that_the_text_does_not_show_are_doubtful(text: str) -> None:
    judged = judge_references({"devenv.yaml": text.encode()}, {}, ["no-path"])
    assert [item.code for item in judged.doubtful] == ["reference_in_doubt"]
