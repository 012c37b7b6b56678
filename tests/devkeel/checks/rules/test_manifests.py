"""Libraries and registries are read from what each language's own tools write."""

from __future__ import annotations

import json

import pytest

from devkeel.checks.rules.manifest_libraries import Library, libraries_in
from devkeel.checks.rules.registries import registries_in

NPM_LOCK = {
    "lockfileVersion": 3,
    "packages": {
        "": {"dependencies": {"left-pad": "^1"}},
        "node_modules/left-pad": {
            "version": "1.3.0",
            "resolved": "https://npm.example.org/all/left-pad/-/left-pad-1.3.0.tgz",
        },
        "node_modules/a/node_modules/@s/b": {
            "version": "2.0.0",
            "resolved": "https://npm.example.org/r/@s/b/-/b-2.0.0.tgz",
        },
        "node_modules/own": {"resolved": "packages/own", "link": True},
    },
}
UV_LOCK = """\
version = 1
[[package]]
name = "app"
source = { virtual = "." }
[[package]]
name = "idna"
version = "3.7"
source = { registry = "https://index.example.org/simple" }
"""
FILES: dict[str, tuple[str, set[str], set[str]]] = {
    "pyproject.toml": (
        (
            '[project]\nname = "a"\ndependencies = ["Flask_Login>=1", "idna==3.7"]\n'
            '[project.optional-dependencies]\nx = ["Ruff"]\n[dependency-groups]\ndev = ["pytest"]\n'
            '[tool.uv]\nextra-index-url = ["https://one.example.org/simple"]\n'
            '[[tool.uv.index]]\nurl = "https://two.example.org/simple"\n'
        ),
        {"python:flask-login", "python:idna", "python:ruff", "python:pytest"},
        {"https://one.example.org/simple", "https://two.example.org/simple"},
    ),
    "poetry/pyproject.toml": (
        (
            '[tool.poetry.dependencies]\npython = "^3.11"\nIDNA = "*"\n'
            '[tool.poetry.group.dev.dependencies]\nmypy = "*"\n'
            '[[tool.poetry.source]]\nname = "x"\nurl = "https://p.example.org/simple/"\n'
        ),
        {"python:idna", "python:mypy"},
        {"https://p.example.org/simple"},
    ),
    "requirements-dev.txt": (
        "--index-url https://i.example.org/simple\n# --extra-index-url https://no.example.org\nIdna==3.7 # x\n-e .\n",
        {"python:idna"},
        {"https://i.example.org/simple"},
    ),
    "environment.yml": (
        (
            "channels: [conda-forge, https://c.example.org/ch]\ndependencies:\n  - numpy=1.26\n  - bioconda::star\n"
            "  - pip:\n    - idna\n"
        ),
        {"conda:numpy", "conda:star", "python:idna"},
        {"conda-forge", "https://c.example.org/ch", "bioconda"},
    ),
    "package.json": (
        '{ "dependencies": { "left-pad": "^1", "x": "npm:@s/b@2" }, "devDependencies": { "@t/d": "*" } }',
        {"javascript:left-pad", "javascript:@s/b", "javascript:@t/d"},
        set(),
    ),
    "Cargo.toml": (
        (
            '[dependencies]\nserde_json = "1"\nold = { package = "Rand", version = "0.8" }\nown = { path = "../own" }\n'
            '[target."cfg(unix)".build-dependencies]\ncc = "1"\n[workspace.dependencies]\nlog = "0.4"\n'
        ),
        {"rust:serde-json", "rust:rand", "rust:cc", "rust:log"},
        set(),
    ),
    "go.mod": (
        (
            "module example.org/a\n\nrequire (\n\tgolang.org/x/text v0.3.0\n\tgithub.com/a/b v1.0.0 // indirect\n)\n"
            "replace github.com/a/b => ./b\nreplace golang.org/x/text => example.org/t v0.1.0\n"
        ),
        {"go:golang.org/x/text", "go:github.com/a/b", "go:example.org/t"},
        set(),
    ),
    "Gemfile": (
        "source 'https://gems.example.org'\ngem 'rails', '~> 7'\ngroup :test do\n  gem \"rspec\"\nend\n",
        {"ruby:rails", "ruby:rspec"},
        {"https://gems.example.org"},
    ),
    "uv.lock": (UV_LOCK, {"python:idna"}, {"https://index.example.org/simple"}),
    "Cargo.lock": (
        (
            'version = 3\n[[package]]\nname = "app"\nversion = "0.1.0"\n[[package]]\n'
            'name = "rand_core"\nversion = "0.6.4"\n'
            'source = "registry+https://github.com/rust-lang/index"\n'
        ),
        {"rust:rand-core"},
        {"https://github.com/rust-lang/index"},
    ),
    "package-lock.json": (
        json.dumps(NPM_LOCK),
        {"javascript:left-pad", "javascript:@s/b"},
        {"https://npm.example.org/all", "https://npm.example.org/r"},
    ),
    "pnpm-lock.yaml": (
        (
            "lockfileVersion: '9.0'\npackages:\n  '@s/b@2.0.0':\n    resolution: {integrity: x}\n"
            "  left-pad@1.3.0:\n    a: b\n"
        ),
        {"javascript:@s/b", "javascript:left-pad"},
        set(),
    ),
    "yarn.lock": (
        (
            '# yarn lockfile v1\n\n\n"@s/b@^2":\n  version "2.0.0"\n'
            '  resolved "https://y.example.org/@s/b/-/b-2.0.0.tgz#1"\n\n'
            'left-pad@^1, left-pad@^1.3:\n  version "1.3.0"\n'
        ),
        {"javascript:@s/b", "javascript:left-pad"},
        {"https://y.example.org"},
    ),
    "go.sum": (
        (
            "golang.org/x/text v0.3.0 h1:abc=\ngolang.org/x/text v0.3.0/go.mod h1:abc=\n"
            "example.org/m v1.0.0/go.mod h1:a=\n"
        ),
        {"go:golang.org/x/text"},
        set(),
    ),
    "Gemfile.lock": (
        (
            "GEM\n  remote: https://gems.example.org/\n  specs:\n    rack (3.0.0)\n      rack-test (>= 1)\n"
            "\nDEPENDENCIES\n  rack\n"
        ),
        {"ruby:rack"},
        {"https://gems.example.org"},
    ),
    "conda-lock.yml": (
        (
            "version: 1\nmetadata:\n  channels: [{url: conda-forge}]\npackage:\n- name: numpy\n"
            "  version: '1'\n  manager: conda\n"
            "  platform: linux-64\n  url: https://c.anaconda.org/conda-forge/linux-64/numpy-1.conda\n"
        ),
        {"conda:numpy"},
        {"conda-forge", "https://c.anaconda.org/conda-forge"},
    ),
    ".npmrc": (
        "registry=https://a.example.org/\n@s:registry = https://b.example.org/npm/\nx=y\n",
        set(),
        {"https://a.example.org", "https://b.example.org/npm"},
    ),
    ".cargo/config.toml": (
        '[registries.mine]\nindex = "sparse+https://k.example.org/"\n',
        set(),
        {"https://k.example.org"},
    ),
    "uv.toml": ('index-url = "https://u.example.org/simple"\n', set(), {"https://u.example.org/simple"}),
}


@pytest.mark.parametrize("name", FILES)
def test_what_a_file_names_is_read(name: str) -> None:
    text, libraries, registries = FILES[name]
    found = libraries_in(name, text.encode(), lambda _: None)
    assert {f"{item.language}:{item.name}" for item in found} == libraries
    assert {item.names[0] for item in registries_in(name, text.encode())} == registries


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("text", [b"", b"\xff\xfe\x00", b"{", b"[[[", b"a: [", b"- null", b"[]", b"\x00"])
def test_a_file_that_does_not_parse_names_nothing(name: str, text: bytes) -> None:
    assert libraries_in(name, text, lambda _: None) == ()
    assert registries_in(name, text) == ()


def test_a_lock_tells_the_versions() -> None:
    assert libraries_in("uv.lock", UV_LOCK.encode(), lambda _: None) == (Library("python", "idna", "3.7", locked=True),)


def test_a_channel_is_meant_by_its_name_and_a_registry_by_its_host() -> None:
    (found,) = registries_in(".npmrc", b"registry=https://a.example.org/npm/\n")
    assert {"a.example.org", "a.example.org/npm", "https://a.example.org/npm/"} <= {*found.names}
    (found,) = registries_in(".condarc", b"channels: [https://c.anaconda.org/bioconda]\n")
    assert "bioconda" in found.names
