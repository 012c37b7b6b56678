"""What is declared and nothing uses, and what is used and nothing declares."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devkeel.api import Environment

if TYPE_CHECKING:
    from pathlib import Path

    from devkeel.detection.usage import Usage

DECLARATION = """{ pkgs, ... }: {
  packages = [
    pkgs.jq
    pkgs.golangci-lint
    pkgs.openssl
    pkgs.lazygit
  ];
  languages.go.enable = true;
  services.redis.enable = true;
  scripts.deploy.exec = "buf push";
}
"""


def usage(root: Path, files: dict[str, str], declaration: str = DECLARATION) -> Usage:
    for name, text in {"devenv.nix": declaration, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return Environment(root, actor="cli").usage()


def test_a_package_that_no_file_has_a_word_for_is_unused_with_what_was_searched(tmp_path: Path) -> None:
    found = usage(tmp_path, {"main.go": "package main\n"})
    assert [(item.name, item.place.line) for item in found.unused] == [("jq", 3), ("golangci-lint", 4)]
    assert "golangci" in found.unused[1].searched
    assert found.unused[0].suggestion == {"kind": "remove_packages", "names": ["jq"]}
    assert found.unjudged == ("openssl", "lazygit")
    assert found.files == 1


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("README.md", "Needs jq."),
        ("a/b/run.sh", "cat x|jq -r .a"),
        (".github/workflows/x.yml", "run: jq"),
        ("vendor/x.py", "run(['jq'])"),
        ("templates/x", "jq"),
        ("jq.d/x", ""),
    ],
)
def test_a_word_anywhere_is_a_use(tmp_path: Path, name: str, text: str) -> None:
    assert "jq" not in [item.name for item in usage(tmp_path, {name: text}).unused]


def test_what_the_declaration_itself_runs_is_used_and_a_configuration_is_a_use(tmp_path: Path) -> None:
    text = DECLARATION.replace("buf push", "jq . x")
    assert usage(tmp_path, {".golangci.yml": "x"}, text).unused == ()


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("run.sh", "set -e\nshellcheck x\n", 2),
        ("scripts/check", "#!/usr/bin/env bash\n\nshellcheck x\n", 3),
        ("Makefile", "check:\n\t@shellcheck x\n", 2),
        ("justfile", "check:\n  shellcheck x\n", 2),
        ("package.json", '{\n"scripts": {"check": "shellcheck x"}\n}', 2),
        (
            ".github/workflows/ci.yml",
            "jobs:\n  a:\n    steps:\n      - run: |\n          shellcheck x && make test\n",
            5,
        ),
        (".gitlab-ci.yml", "check:\n  script:\n    - shellcheck x\n    - make test\n", 3),
        ("Procfile", "web: shellcheck x\n", 1),
    ],
)
def test_a_program_that_is_run_and_not_declared_is_missing_with_where(
    tmp_path: Path, name: str, text: str, line: int
) -> None:
    (found,) = usage(tmp_path, {name: text}).missing
    assert (found.name, found.provider, [str(place) for place in found.places]) == (
        "shellcheck",
        "shellcheck",
        [f"{name}:{line}"],
    )
    assert found.suggestion == {"kind": "add_packages", "names": ["shellcheck"]}


def test_a_language_is_what_brings_its_programs(tmp_path: Path) -> None:
    (found,) = usage(tmp_path, {"run.sh": "node x.js\ngo test\n"}).missing
    assert (found.name, found.provider, found.suggestion["kind"]) == ("node", "languages.javascript", "enable")


@pytest.mark.parametrize(
    "line",
    [
        "make && cd x && echo y | sort | awk 1",
        "sudo apt-get install -y shellcheck && shellcheck x",
        "docker compose up -d && git status && curl x",
        "redis-cli ping && gofmt -l .",
        "jq . x",
        "shellcheck() { :; }; shellcheck x",
        "function shellcheck { :; }; shellcheck x",
        "./shellcheck x; bin/shellcheck y",
        "deploy; helper; unknown-program x",
        'echo "shellcheck x"; # shellcheck y',
        "$SHELLCHECK x; ${X:-shellcheck} y",
        "cat <<EOF\nshellcheck x\nEOF",
    ],
)
def test_what_is_there_or_not_known_is_not_missing(tmp_path: Path, line: str) -> None:
    assert usage(tmp_path, {"run.sh": f"{line}\n", "helper.py": ""}).missing == ()


@pytest.mark.parametrize("name", ["examples/run.sh", "tests/fixtures/run.sh", "vendor/run.sh", "src/run.py"])
def test_what_is_of_an_example_or_no_script_is_not_missing(tmp_path: Path, name: str) -> None:
    assert usage(tmp_path, {name: "shellcheck x\n"}).missing == ()


def test_a_job_that_deploys_has_its_programs_in_its_image(tmp_path: Path) -> None:
    assert usage(tmp_path, {".gitlab-ci.yml": "deploy:\n  script: [kubectl apply -f x]\n"}).missing == ()


@pytest.mark.parametrize("name", ["cargo-watch", "zstd", "icu", "pango", "yaml-language-server", "gopls", "corretto21"])
def test_what_people_editors_and_builds_use_is_not_judged(tmp_path: Path, name: str) -> None:
    found = usage(tmp_path, {"x": ""}, f"{{ pkgs, ... }}: {{ packages = [ pkgs.{name} ]; }}\n")
    assert (found.unused, found.unjudged) == ((), (name,))


def test_a_program_by_another_name_than_its_package_is_a_use(tmp_path: Path) -> None:
    text = "{ pkgs, ... }: { packages = [ pkgs.sqlx-cli pkgs.corretto21 ]; }\n"
    found = usage(tmp_path, {"a.rs": "sqlx::query", "run.sh": "java -jar x\n"}, text)
    assert (found.unused, found.missing) == ((), ())


def test_what_a_manifest_names_is_brought_by_it(tmp_path: Path) -> None:
    files = {"run.sh": "ruff check\n", "pyproject.toml": '[dependency-groups]\ndev = ["ruff>=0.5"]\n'}
    assert usage(tmp_path, files).missing == ()


def test_packages_of_a_series_bring_the_same_programs(tmp_path: Path) -> None:
    text = "{ pkgs, ... }: { packages = with pkgs; [ nodejs_20 postgresql_16 yq-go ]; }\n"
    assert usage(tmp_path, {"run.sh": "npm test; psql; yq .; npx x\n"}, text).missing == ()


def test_the_default_shell_of_a_flake_is_a_declaration_too(tmp_path: Path) -> None:
    shell = "pkgs.mkShell { packages = [\n pkgs.hugo\n pkgs.jq\n]; }"
    let = "let pkgs = nixpkgs.legacyPackages.x86_64-linux; in"
    flake = f"{{ outputs = {{ nixpkgs, ... }}: {let} {{ devShells.x86_64-linux.default = {shell}; }}; }}\n"
    (tmp_path / "flake.nix").write_text(flake, "utf-8")
    (tmp_path / "run.sh").write_text("jq .; shellcheck x\n", "utf-8")
    found = Environment(tmp_path, actor="cli").usage()
    assert [(item.name, str(item.place)) for item in found.unused] == [("hugo", "flake.nix:2")]
    assert [item.name for item in found.missing] == ["shellcheck"]


def test_where_nothing_is_declared_nothing_is_said_but_that(tmp_path: Path) -> None:
    (tmp_path / "run.sh").write_text("jq .\n", "utf-8")
    found = Environment(tmp_path, actor="cli").usage()
    assert (found.unused, found.missing, len(found.notes)) == ((), (), 1)


def test_a_repository_of_too_many_files_has_nothing_unused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("devkeel.detection.usage._MOST_FILES", 2)
    found = usage(tmp_path, {f"{number}.txt": "x" for number in range(5)})
    assert (found.unused, len(found.notes)) == ((), 2)
