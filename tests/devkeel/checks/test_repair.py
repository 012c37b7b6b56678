"""What a file that does not parse may have meant."""

from __future__ import annotations

import subprocess

import pytest

from devkeel.candidate.candidate import Candidate
from devkeel.checks import run_checks
from devkeel.source import Splice, nix
from devkeel.source.nix.write import repair

GOOD = """\
{ pkgs, lib, ... }:

{
  env.GREETING = "hello";

  packages = [
    pkgs.git
    pkgs.jq
  ];

  services.redis = {
    enable = true;
    port = 6380;
  };

  enterShell = ''
    echo $GREETING
  '';

  languages.python.enable = lib.mkDefault true;
}
"""


def replaced(text: str, edit: dict[str, str]) -> str:
    assert edit["kind"] == "replace_text"
    assert text.count(edit["old"]) == 1
    return text.replace(edit["old"], edit["new"])


@pytest.mark.nix
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"hello";', '"hello"'),
        ('"hello";', '"hello;'),
        ('= "hello"', '= hello"'),
        ("  ];\n", "  ;\n"),
        ("  ];\n", "  ]\n"),
        ("  ];\n", ""),
        ("packages = [", "packages = "),
        ("redis = {", "redis = "),
        ("  };\n", "  }\n"),
        ("  };\n", "  ;\n"),
        ("  };\n", ""),
        ("  '';\n", ""),
        ("port = 6380", "port: 6380"),
        ("port = 6380", "port 6380"),
        ("port = 6380", "port == 6380"),
        ("enable = true;\n    port", "enable = true,\n    port"),
        ("pkgs.jq", "pgks.jq"),
        ("{ pkgs, lib, ... }", "{ pkgs, ... }"),
        ("lib.mkDefault", "mkDefault"),
        ("port = 6380;", "port = 6380;\n    port = 6380;"),
    ],
)
def test_one_of_the_first_suggestions_gives_the_meaning_back(old: str, new: str) -> None:
    broken = GOOD.replace(old, new, 1)
    assert broken != GOOD
    report = run_checks(Candidate.of({"devenv.nix": broken.encode()}), level="syntax")
    assert not report.ok
    edits = report.diagnostics[0].suggestions
    assert 1 <= len(edits) <= 3
    # `mkDefault` alone may have meant anything; every suggestion parses, and the others mean what was there.
    for edit in edits:
        parsed(replaced(broken, edit))
    if old != "lib.mkDefault":
        assert parsed(GOOD) in [parsed(replaced(broken, edit)) for edit in edits]


@pytest.mark.parametrize(
    ("right", "mark"),
    [
        ("packages = |[| pkgs.git pkgs.jq pkgs.gh ];", "["),
        ("packages = |[|\n    pkgs.git\n    pkgs.jq\n  ];", "["),
        ("packages = with pkgs; |[|\n    git\n    jq # of the smoke test\n  ];", "["),
        ("packages = [ pkgs.git ] ++ lib.optionals pkgs.stdenv.isLinux |[| pkgs.gdb ];", "["),
        ('processes.web.exec = "npm run dev -- --port ${toString config.env.PORT|}|";', "}"),
        ('env.URL = "postgres://localhost:${toString config.services.postgres.port|}|/orders";', "}"),
        ('env.LINT = "${pkgs.rubyPackages.rubocop|}|/bin/rubocop --force-exclusion";', "}"),
        ("env.RUSTFMT = inputs.fenix.packages.${pkgs.system|}|.latest.rustfmt;", "}"),
        ("enterShell = ''\n    ${lib.getExe pkgs.ollama|}| serve\n  '';", "}"),
        ('services.redis.bind = |"|127.0.0.1";', '"'),
        ('services.caddy.virtualHosts."http://localhost:8080|"|.extraConfig = "file_server";', '"'),
        ('services.caddy.virtualHosts.|"|http://localhost:8080".extraConfig = "file_server";', '"'),
        ('services.caddy.virtualHosts.|"|http://a:${toString 80}" = { };', '"'),
        ("scripts.a.exec = ''\n    echo 1 | cat\n  |''|;\n\n  enterShell = ''\n    date\n  '';", "''"),
        ("scripts.a.exec = ''\n    server {\n      listen 80;\n    }\n    exit\n  |''|;", "''"),
    ],
)
def test_the_first_suggestion_puts_back_the_mark_that_was_left_out(right: str, mark: str) -> None:
    before, found, behind = right.partition(f"|{mark}|")
    assert found
    wanted, broken = (
        f"{{ pkgs, lib, config, inputs, ... }}:\n\n{{\n  {before}{text}{behind}\n}}\n" for text in (mark, "")
    )
    edits = run_checks(Candidate.of({"devenv.nix": broken.encode()}), level="syntax").diagnostics[0].suggestions
    assert "".join(replaced(broken, edits[0]).split()) == "".join(wanted.split())


def parsed(text: str) -> str:
    """Return what Nix parses, in its own words."""
    done = subprocess.run(("nix-instantiate", "--parse", "-"), input=text.encode(), capture_output=True, check=True)
    return done.stdout.decode()


def test_a_file_that_is_no_nix_at_all_has_no_suggestion() -> None:
    report = run_checks(Candidate.of({"devenv.nix": b"]]]]]]]]]]]]] not nix {{{{{{{"}), level="syntax")
    assert report.diagnostics[0].suggestions == ()


def test_a_long_file_is_looked_at_for_a_bounded_number_of_repairs(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = 0

    def counted(document: nix.Document, splice: Splice) -> nix.Document:
        nonlocal tried
        tried += 1
        return document  # each is counted and none is parsed: no one token repairs this file

    monkeypatch.setattr(repair, "_after", counted)
    broken = b"{\n" + b'  env.A = "x"\n' * 5_000 + b"}\n"
    repair.repairs(nix.Document(broken))
    assert 0 < tried <= 8_000_000 // len(broken) + 1
