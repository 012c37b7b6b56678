"""What Nix and devenv write when an evaluation fails, shape by shape, as they write it."""

from __future__ import annotations

import pytest

from devkeel.diagnosis.nix_messages import Translation, last_error, printable
from devkeel.errors import Diagnostic, Unavailable

ROOT = "/srv/project"
FILE = b"""\
{ pkgs, ... }:
{
  packages = [ pkgs.git pkgs.gti ];
  services.reddis.enable = true;
  services.redis.enable = "yes";
  profiles.ci.module = {
    languages.rust.chanel = "stable";
  };
}
"""


def translate(stderr: str, code: int = 1, label: str = "base") -> Diagnostic:
    return Translation(ROOT, {"devenv.nix": FILE}, "evaluation", label).failure(stderr, code)


FRAMES = """\
error:
       … while calling the 'derivationStrict' builtin

         at /derivation-internal.nix:9:12:

            8|
            9|   strict = derivationStrict drvAttrs;
             |            ^

       … while evaluating the option `shell':

       (stack trace truncated; use '--show-trace' to show the full trace)

"""

UNKNOWN_OPTION = """\
error: The option `services.reddis' does not exist. Definition values:
       - In `/srv/project/devenv.nix':
           {
             enable = true;
           }

       Did you mean `services.redis', `services.caddy' or `services.rustfs'?
(use '--show-trace' to show detailed location information)
"""
WRONG_TYPE = """\
error: A definition for option `services.redis.enable' is not of type `boolean'. Definition values:
       - In `/srv/project/devenv.nix': "yes"
"""
NO_SET = """\
error: In module `/srv/project/devenv.nix', you're trying to define a value of type `int'
       rather than an attribute set for the option
       `services.redis'!
"""
CONFLICT = """\
error: The option `name' has conflicting definition values:
       - In `/srv/project/devenv.nix': "b"
       - In `/srv/project/devenv.local.nix': "a"
       Use `lib.mkForce value` or `lib.mkDefault value` to change the priority on any of these definitions.
"""
UNKNOWN_PACKAGE = """\
error: attribute 'gti' missing

       at /srv/project/devenv.nix:3:25:

            2| {
            3|   packages = [ pkgs.git pkgs.gti ];
             |                         ^
            4|   services.reddis.enable = true;
       Did you mean one of gcc, gdb, git or go?
"""
SYNTAX = """\
error: syntax error, unexpected '=', expecting ';'

       at /srv/project/devenv.nix:4:12:

            3|   a = 1
            4|   services = 2;
             |            ^
"""
DUPLICATE = """\
error: attribute 'env.A' already defined at /srv/project/devenv.nix:2:3

       at /srv/project/devenv.nix:3:3:
"""
UNDEFINED = """\
error: undefined variable 'git'

       at /srv/project/devenv.nix:3:16:
"""
ASSERTIONS = """\
error: Failed assertions:
       - services.redis needs a port
"""
MISSING_INPUT = """\
error: To use 'languages.rust.channel', run the following command:

         $ devenv inputs add rust-overlay github:oxalica/rust-overlay --follows nixpkgs
"""
UNFREE = """\
error: devenv: package 'vscode' has an unfree license.

       To allow all unfree packages, add this to devenv.yaml:

         allow_unfree: true
"""
BROKEN = """\
error: Package \u2018foo-1.0\u2019 in /nix/store/2x11v1g3d5d8br8brcxq0jcqdb70p3cb-s/f.nix:3 is marked as broken.
"""

SHAPES = {
    "syntax": (SYNTAX, "syntax_error", ("devenv.nix", 4, 12), None),
    "unknown option": (UNKNOWN_OPTION, "unknown_option", ("devenv.nix", 4, 3), "services.reddis"),
    "wrong type": (WRONG_TYPE, "wrong_type", ("devenv.nix", 5, 3), "services.redis.enable"),
    "no set": (NO_SET, "wrong_type", ("devenv.nix", 5, 3), "services.redis"),
    "conflict": (CONFLICT, "conflicting_definitions", ("devenv.nix", None, None), "name"),
    "duplicate": (DUPLICATE, "duplicate_attribute", ("devenv.nix", 3, 3), "env.A"),
    "unknown package": (UNKNOWN_PACKAGE, "unknown_package", ("devenv.nix", 3, 25), "gti"),
    "undefined variable": (UNDEFINED, "undefined_variable", ("devenv.nix", 3, 16), "git"),
    "assertions": (ASSERTIONS, "failed_assertion", ("devenv.nix", 5, 3), None),
    "missing input": (MISSING_INPUT, "missing_input", None, "languages.rust.channel"),
    "unfree": (UNFREE, "unfree_package", None, "vscode"),
    "broken": (BROKEN, "broken_package", None, "foo-1.0"),
    "anything else": ("error: cannot coerce a set to a string\n", "evaluation_failed", None, None),
    "without a word": ("", "evaluation_failed", None, None),
}


@pytest.mark.parametrize("frames", ["", FRAMES], ids=["plain", "after frames"])
@pytest.mark.parametrize("shape", SHAPES)
def test_each_shape_has_its_code_its_place_and_its_subject(shape: str, frames: str) -> None:
    stderr, code, place, subject = SHAPES[shape]
    if frames and stderr:
        # Newer versions of Nix indent what follows the frames.
        stderr = frames + "".join(f"       {line}\n" for line in stderr.splitlines()[:1]) + stderr.partition("\n")[2]
    found = translate(stderr)
    assert (found.code, found.severity, found.subject) == (code, "error", subject)
    where = (found.place.file, found.place.line, found.place.column) if found.place else None
    assert where == place
    assert "…" not in found.message
    assert "/srv/project" not in found.message


def test_the_shapes_suggest_edits() -> None:
    assert translate(MISSING_INPUT).suggestions == (
        {
            "kind": "set_input",
            "name": "rust-overlay",
            "url": "github:oxalica/rust-overlay",
            "follows": ["nixpkgs"],
            "file": "devenv.yaml",
        },
    )
    assert translate(UNKNOWN_OPTION).suggestions[0] == {
        "kind": "replace_text",
        "file": "devenv.nix",
        "old": "services.reddis.enable = true;",
        "new": "services.redis.enable = true;",
    }
    assert {item["new"] for item in translate(UNKNOWN_PACKAGE).suggestions} >= {"packages = [ pkgs.git pkgs.git ];"}
    assert translate(UNFREE).suggestions == (
        {
            "kind": "append",
            "file": "devenv.yaml",
            "path": "nixpkgs.permitted_unfree_packages",
            "value": "vscode",
        },
    )


def test_a_finding_of_a_profile_names_it_and_is_found_in_its_module() -> None:
    text = """\
error: The option `languages.rust.chanel' does not exist. Definition values:
       - In `/srv/project/devenv.nix, via option profiles.ci.module': "stable"

       Did you mean `languages.rust.channel'?
"""
    found = translate(text, label="ci")
    assert found.place is not None
    assert (found.place.line, found.message.endswith("(in profile ci)")) == (7, True)
    assert [item["new"] for item in found.suggestions] == ['languages.rust.channel = "stable";']


@pytest.mark.parametrize(
    ("stderr", "returncode", "code"),
    [
        ("error: unable to download 'https://example.org': Could not resolve host\n", 1, "check_network_failed"),
        ("error: SQLite database '/x/db.sqlite' is busy\nerror: database is locked\n", 1, "check_locked"),
        ("error: writing to file: No space left on device\n", 1, "check_disk_full"),
        ("error: std::bad_alloc\n", 1, "check_out_of_memory"),
        ("GC Warning: Out of Memory! Returning NULL!\nerror: out of memory\n", 1, "check_out_of_memory"),
        ("", -9, "check_crashed"),
        ("Killed\n", 137, "check_crashed"),
        ("error: cannot connect to socket at '/nix/var/nix/daemon-socket/socket'\n", 1, "nix_daemon"),
        ("error: devkeel: the store lacks the input rust-overlay\n", 1, "check_unavailable"),
    ],
)
def test_a_failure_of_the_machine_is_no_finding(stderr: str, returncode: int, code: str) -> None:
    with pytest.raises(Unavailable) as caught:
        translate(stderr, returncode)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "stderr",
    [
        "error: access to absolute path '/etc/passwd' is forbidden in restricted mode\n",
        "error: access to URI 'https://example.org' is forbidden in restricted mode\n",
        "error: cannot build '/nix/store/x.drv' during evaluation because 'allow-import-from-derivation' is disabled",
    ],
)
def test_what_a_check_may_not_do_is_a_warning(stderr: str) -> None:
    found = translate(stderr)
    assert (found.code, found.severity) == ("evaluation_restricted", "warning")


def test_only_the_last_error_counts() -> None:
    assert last_error("error: one\nerror: two\n").strip() == "two"
    assert last_error("error:\n   … frame\n       error: inner\n").strip() == "inner"


def test_messages_are_printable_and_bounded() -> None:
    assert printable("a\x1b[31mb\x07\u202ec\n\td") == "abc\n\td"
    assert len(printable("x" * 10_000)) == 2000


def test_a_suggestion_that_is_not_clear_is_not_made() -> None:
    twice = b"{ pkgs, ... }: {\n  packages = [ pkgs.gti pkgs.gti ];\n}\n"
    stderr = "error: attribute 'gti' missing\n\n       at /srv/project/devenv.nix:2:16:\n       Did you mean git?\n"
    found = Translation(ROOT, {"devenv.nix": twice}, "evaluation").failure(stderr, 1)
    assert (found.code, found.suggestions) == ("unknown_package", ())
