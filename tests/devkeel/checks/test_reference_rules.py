"""What inputs may refer to: which reference breaks which rule, and what no rule can say."""

from __future__ import annotations

import json
import time

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
    "github:a/b?host=git.example.org": {"github-only": None, "forges-only": None},
    "git+https://github.com/a/b": {"github-only": True, "no-path": True, "exact": False},
    "git+ssh://git@github.com/a/b": {"github-only": True},
    "https://codeload.github.com/a/b/tar.gz/main": {"github-only": True},
    "https://notgithub.com/a/b.tar.gz": {"github-only": False, "forges-only": False},
    "gitlab:a/b?host=git.example.org": {"github-only": False, "forges-only": None},
    "github:a/b?host=github.com&host=git.example.org": {"github-only": None, "forges-only": None},
    "github:a/b?h%6Fst=git.example.org": {"github-only": None, "forges-only": None},
    "github:a/b?host=GitHub.com": {"github-only": True, "forges-only": True},
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


# One reference to a path, in the spellings that YAML has; whether that is certain.
SPELLINGS: dict[str, bool] = {
    "inputs:\n  a:\n    url: !!str path:/x\n": True,
    "inputs:\n  a:\n    url: ! path:/x\n": True,
    "inputs:\n  a:\n    url: !<tag:yaml.org,2002:str> path:/x\n": True,
    "inputs:\n  a:\n    url: !own path:/x\n": False,
    "inputs:\n  a:\n    url: !!binary cGF0aDoveA==\n": False,
    "inputs: !!map {a: {url: 'path:/x'}}\n": True,
    "inputs: !own {a: {url: 'path:/x'}}\n": False,
    "inputs:\n  - a: {url: 'path:/x'}\n": False,
    "inputs: path:/x\n": False,
    "inputs: !!omap [a: {url: 'path:/x'}]\n": False,
    "!own\ninputs: {a: {url: 'path:/x'}}\n": False,
    "!!str inputs: {a: {url: 'path:/x'}}\n": True,
    "!own inputs: {a: {url: 'path:/x'}}\n": False,
    "%YAML 1.1\n---\ninputs: {a: {url: 'path:/x'}}\n": False,
    "%TAG ! tag:example.org,2000:\n---\ninputs: {a: {url: 'path:/x'}}\n": False,
    "inputs: {}\n---\ninputs: {a: {url: 'path:/x'}}\n": False,
    "x: &x {url: 'path:/x'}\ninputs:\n  a:\n    <<: *x\n": False,
    "x: &x {url: 'path:/x'}\ninputs:\n  a:\n    <<: [*x]\n    flake: false\n": False,
    "x: &x {a: {url: 'path:/x'}}\ninputs:\n  <<: *x\n": False,
    "x: &x {inputs: {a: {url: 'path:/x'}}}\n<<: *x\n": False,
    "inputs:\n  a: {url: 'github:a/b', inputs: {<<: {c: {url: 'path:/x'}}}}\n": False,
    "inputs:\n  a: {url: 'github:a/b', inputs: !own {c: {url: 'path:/x'}}}\n": False,
    "x: &x {a: {url: 'path:/x'}}\ninputs: *x\n": True,
    "x: &x inputs\n*x : {a: {url: 'path:/x'}}\n": True,
    "inputs: &i\n  a: &a\n    url: &u path:/x\n    inputs: *i\n": True,
    '"\\x69nputs": {"a": {"u\\x72l": "\\x70ath:/x"}}\n': True,
    "? inputs\n: ? a\n  : url: path:/x\n": True,
    "inputs: # c\n  # github:a/b\n  a: # c\n    url: path:/x # github:a/b\n": True,
    "\ufeffinputs:\r\n  a:\r\n    url: path:/x\r\n": True,
    "inputs:\n  a:\n    url: >-\n      path:/x\n": True,
    "inputs:\n  a: {url: 'github:a/b'}\ninputs:\n  a: {url: 'path:/x'}\n": False,
    "inputs:\n  a: {url: 'github:a/b', url: 'path:/x'}\n": False,
}


@pytest.mark.parametrize("text", SPELLINGS)
def test_no_spelling_of_yaml_passes_a_path_in_silence(text: str) -> None:
    found = judge_references({"devenv.yaml": text.encode()}, {}, ["no-path"])
    assert bool(found.findings) is SPELLINGS[text]
    assert found.findings or found.doubtful


def test_an_input_that_cannot_be_read_hides_no_other_and_a_merge_that_says_no_place_is_no_doubt() -> None:
    text = "x: &x {flake: false}\ninputs:\n  a: !own {}\n  b: {url: 'path:/x'}\n  c: {<<: *x, url: 'github:a/b'}\n"
    found = judge_references({"devenv.yaml": text.encode()}, {}, ["no-path"])
    assert [item.subject for item in found.findings] == ["b"]
    assert [item.subject for item in found.doubtful] == ["a"]


@pytest.mark.parametrize(
    "flake",
    [
        "{ inputs = { inherit (import ./x.nix) a; }; outputs = _: { }; }",
        "{ inherit (import ./x.nix) inputs; outputs = _: { }; }",
        '{ outputs = _: { }; } // { inputs.a.url = "path:/x"; }',
        '{ inputs.a.url = "pat${"h"}:/x"; outputs = _: { }; }',
        '{ inputs.a = { url = "github:a/b"; inputs = import ./x.nix; }; outputs = _: { }; }',
        "{ inputs.a.url = ./x; outputs = _: { }; }",
        '{ inputs.a.url = "path:/x"; outputs = ',
        "import ./x.nix",
    ],
)
def test_what_a_flake_does_not_write_out_is_a_doubt_with_its_line(flake: str) -> None:
    (found,) = judge_references({"flake.nix": flake.encode()}, {}, ["no-path"]).doubtful
    assert found.place is not None
    assert found.place.line == 1


def test_aliases_that_make_inputs_without_end_are_a_doubt_after_a_bounded_time() -> None:
    row = "x{0}: &a{0} {{p: {{inputs: *a{1}}}, q: {{inputs: *a{1}}}}}\n"
    rows = "".join(row.format(number, number - 1) for number in range(1, 30))
    text = f"x0: &a0 {{a: {{url: 'path:/x'}}}}\n{rows}inputs: *a29\n"
    begun = time.monotonic()
    assert "inputs" in [item.subject for item in judge_references({"devenv.yaml": text.encode()}, {}, RULES).doubtful]
    assert time.monotonic() - begun < 20


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
