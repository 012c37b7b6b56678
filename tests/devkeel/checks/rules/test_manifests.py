"""Libraries and registries are read from what each language's own tools write."""

from __future__ import annotations

import json

import pytest

from devkeel.checks.rules.manifest_libraries import Library, libraries_in
from devkeel.checks.rules.named import broken_by
from devkeel.checks.rules.registries import registries_in
from devkeel.project.rules import NameRule

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


HOST = "evil.example.com"
ELSEWHERE: dict[str, tuple[str, ...]] = {
    "requirements.in": (
        "-ihttps://{host}/simple",
        "-i https://{host}/simple",
        "-i 'https://{host}/simple'",
        "--extra-index-url \\\nhttps://{host}/simple",
        "--extra-index=https://{host}/simple",
        "--pypi-url https://{host}/simple",
        "--no-index --find-links https://{host}/w",
        "-fhttps://{host}/w",
        "x @ https://{host}/x-1.0-py3-none-any.whl",
        "https://{host}/x.whl",
        "git+https://{host}/a.git@v1#egg=x",
        "-e git+ssh://git@{host}/a.git",
        "x @ \\\n git+https://{host}/a",
    ),
    "pyproject.toml": (
        '[project]\ndependencies = ["x @ https://{host}/x.whl"]',
        '[dependency-groups]\ndev = ["x @ git+https://{host}/x"]',
        '[build-system]\nrequires = ["x @ https://{host}/x.whl"]',
        '[tool.uv.sources]\nx = {{ url = "https://{host}/x.whl" }}',
        '[tool.uv.sources]\nx = [{{ git = "https://{host}/x", marker = "a" }}]',
        '[tool.poetry.group.dev.dependencies]\nx = {{ git = "https://{host}/x" }}',
    ),
    "package.json": (
        '{{"dependencies": {{"a": "https://{host}/a.tgz"}}}}',
        '{{"devDependencies": {{"a": "git+ssh://git@{host}/a.git#v1"}}}}',
        '{{"dependencies": {{"a": "git@{host}:a/b.git"}}}}',
        '{{"overrides": {{"b": {{"a": "git://{host}/a"}}}}}}',
        '{{"pnpm": {{"overrides": {{"a": "https://{host}/a.tgz"}}}}}}',
    ),
    "Cargo.toml": (
        '[dependencies]\nx = {{ git = "https://{host}/x" }}',
        '[dependencies]\nx = {{ version = "1", registry-index = "sparse+https://{host}/" }}',
        '[patch.crates-io]\nx = {{ git = "https://{host}/x" }}',
        '[target."cfg(unix)".dependencies.x]\ngit = "https://{host}/x"',
    ),
    "Gemfile": ("gem 'x', git: 'https://{host}/x.git'", 'git "https://{host}/x" do\nend'),
    "uv.lock": ('[[package]]\nname = "x"\nsource = {{ git = "https://{host}/x?rev=1#1" }}',),
    "Cargo.lock": ('[[package]]\nname = "x"\nsource = "git+https://{host}/x#1"',),
}


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in ELSEWHERE.items() for text in texts])
def test_code_from_another_host_is_of_that_host(name: str, text: str) -> None:
    found = registries_in(name, text.format(host=HOST).encode())
    assert HOST in {item for named in found for item in named.names}


def test_a_forge_in_short_is_its_host() -> None:
    text = '{"dependencies": {"a": "evil/a", "b": "gitlab:evil/b#v1", "c": "gist:1234"}}'
    found = {item.names[0] for item in registries_in("package.json", text.encode())}
    assert found == {"https://github.com/evil/a", "https://gitlab.com/evil/b", "https://gist.github.com/1234"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "requirements.in",
            "requests>=2 # see https://example.org\n-r other.txt\n./wheels/x-1.0-py3-none-any.whl\n-e .\n",
        ),
        ("requirements.in", "# -i https://example.org/simple\n--require-hashes\n--find-links ./wheels\n"),
        ("pyproject.toml", '[project.urls]\nhome = "https://example.org"\n[tool.uv.sources]\nx = { path = "../x" }\n'),
        (
            "pyproject.toml",
            '[tool.poetry]\nrepository = "https://example.org"\n[tool.poetry.urls]\nurl = "https://e.org"\n',
        ),
        (
            "package.json",
            '{"homepage": "https://e.org", "repository": {"url": "git+https://e.org/a"}, "scripts": {"a": "b/c"}}',
        ),
        (
            "package.json",
            '{"dependencies": {"a": "file:../a", "b": "../b", "c": "./c", "d": "workspace:*", "e": "npm:@s/e@1"}}',
        ),
        (
            "package.json",
            '{"dependencies": {"a": "^1 || 2.x", "b": "latest", "c": "link:../c"}, "overrides": {"a": "$a"}}',
        ),
        ("Cargo.toml", '[package]\nrepository = "https://example.org"\n[dependencies]\nx = { path = "../x" }\n'),
        ("Gemfile", "gem 'rails'\n# gem 'x', git: 'https://example.org'\ngem 'git', '~> 1'\n"),
    ],
)
def test_everyday_manifests_name_no_other_host(name: str, text: str) -> None:
    assert registries_in(name, text.encode()) == ()


def test_another_port_of_a_host_is_not_allowed_with_it_and_is_forbidden_with_it() -> None:
    (found,) = registries_in(".npmrc", b"registry=http://a.example.org:8080/npm/\n")
    assert broken_by(NameRule(allow=("a.example.org",)), found) == "allow"
    assert broken_by(NameRule(forbid=("a.example.org",)), found) == "forbid"
    assert broken_by(NameRule(allow=("a.example.org:8080",)), found) is None


INSTALLED: dict[str, tuple[str, ...]] = {
    "pyproject.toml": (
        '[tool.uv]\ndev-dependencies = ["evil-lib"]',
        '[tool.uv]\noverride-dependencies = ["evil_lib==1"]',
        '[build-system]\nrequires = ["Evil.Lib"]',
        '[tool.pdm.dev-dependencies]\ntest = ["evil-lib"]',
        '[tool.hatch.envs.docs]\ndependencies = ["evil-lib"]',
    ),
    "requirements.in": (
        "https://h.example.org/evil_lib-1.0-py3-none-any.whl",
        "./evil_lib-1.0-py3-none-any.whl",
        "./evil_lib-1.0.tar.gz",
        "git+https://h.example.org/a.git#egg=evil_lib",
        "-e git+https://h.example.org/a.git#subdirectory=b&egg=evil_lib",
    ),
    "package.json": (
        '{"overrides": {"a": {"b": "npm:evil-lib@1"}}}',
        '{"resolutions": {"a": "npm:evil-lib@1"}}',
        '{"pnpm": {"overrides": {"a": "npm:evil-lib@1"}}}',
    ),
    "Cargo.toml": ('[patch.crates-io]\nserde = { package = "evil-lib", git = "https://h.example.org/x" }',),
}


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in INSTALLED.items() for text in texts])
def test_every_place_that_installs_a_library_is_read(name: str, text: str) -> None:
    assert "evil-lib" in {item.name for item in libraries_in(name, text.encode(), lambda _: None)}
