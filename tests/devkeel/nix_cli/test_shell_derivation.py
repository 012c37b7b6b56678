"""What a derivation says of a shell: packages with what builds them, and the variables that are the shell's own."""

from __future__ import annotations

import json

from devkeel.nix_cli.derivation_file import DerivationFile, DerivationOutput
from devkeel.nix_cli.shell_derivation import read_shell


def store(name: str, letter: str = "a") -> str:
    return f"/nix/store/{letter * 32}-{name}"


def made(variables: dict[str, str], *inputs: str, algorithm: str = "", out: str = "") -> DerivationFile:
    outputs = {"out": DerivationOutput(out, algorithm, "")}
    return DerivationFile(outputs, inputs, (), "x86_64-linux", "/bin/sh", (), variables)


def test_packages_are_named_as_they_say_themselves_and_else_by_their_paths() -> None:
    jq, hello, plain = store("jq-1.6-bin"), store("hello-2.12", "b"), store("source", "c")
    drvs = {
        "jq.drv": made({"pname": "jq", "version": "1.6", "name": "jq-1.6"}, out=jq),
        "hello.drv": made({"name": "hello-2.12"}, out=hello),
    }
    shell = made({"name": "nix-shell", "nativeBuildInputs": f"{jq} {hello}", "buildInputs": f"{plain}\n{jq}"}, *drvs)
    found = read_shell(shell, drvs.get)
    assert [(item.name, item.version, item.path, item.derivation) for item in found.packages] == [
        ("jq", "1.6", jq, "jq.drv"),
        ("hello", "2.12", hello, "hello.drv"),
        ("source", None, plain, None),
    ]


def test_a_version_begins_at_the_first_dash_before_what_is_no_letter() -> None:
    names = ("a-b-1.0-rc1", "gcc-wrapper-12", "python3.11-rich-13", "lone")
    given = {"packages": " ".join(store(name) for name in names)}
    found = [(item.name, item.version) for item in read_shell(made(given)).packages]
    assert found == [("a-b", "1.0-rc1"), ("gcc-wrapper", "12"), ("python3.11-rich", "13"), ("lone", None)]


def test_the_variables_are_the_shell_s_and_not_its_builder_s() -> None:
    given = {
        "name": "s",
        "stdenv": store("stdenv"),
        "out": store("s"),
        "shellHook": "echo hi",
        "PORT": "80",
        "a.b": "c",
    }
    found = read_shell(made(given, out=store("s")))
    assert (found.name, found.hook, found.variables) == ("s", "echo hi", {"PORT": "80"})


def test_structured_attributes_are_read_as_others() -> None:
    jq = store("jq-1.6")
    inner = {"name": "s", "nativeBuildInputs": [jq], "env": {"PORT": "80"}, "shellHook": "x"}
    found = read_shell(made({"__json": json.dumps(inner)}))
    assert ([item.path for item in found.packages], found.hook, found.variables) == ([jq], "x", {"PORT": "80"})


def test_what_has_no_path_before_it_is_built_is_said() -> None:
    tool = made({"name": "tool-1"}, algorithm="r:sha256")
    assert read_shell(made({"packages": "/1rz4g4znpzjwh1x"}, "tool.drv"), {"tool.drv": tool}.get).unnamed == ("tool",)


def test_a_profile_is_looked_into_where_the_shell_lists_nothing() -> None:
    jq, profile = store("jq-1.6"), store("profile", "b")
    joined = made(
        {"name": "profile", "chosenOutputs": json.dumps([{"paths": [jq], "priority": 5}])}, "jq.drv", out=profile
    )
    drvs = {"profile.drv": joined, "jq.drv": made({"name": "jq-1.6"}, out=jq)}
    shell = made({"name": "s", "DEVENV_PROFILE": profile}, *drvs)
    assert [(item.path, item.derivation) for item in read_shell(shell, drvs.get).packages] == [(jq, "jq.drv")]
