"""The development shell of a flake gets a package where its author lists them, whichever way the flake makes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.devkeel.source.nix.flakes import FLAKES, PKGS, after, before, head

from devkeel.errors import Refused
from devkeel.source import nix

if TYPE_CHECKING:
    from devkeel.source.nix.read.shell import Shell


def shells(files: dict[str, bytes] | bytes) -> list[Shell]:
    known = {"flake.nix": files} if isinstance(files, bytes) else files
    return nix.shells_of(known.get, "flake.nix")


def default(files: dict[str, bytes] | bytes) -> Shell:
    return next(shell for shell in shells(files) if shell.name == "default")


def added(files: dict[str, bytes] | bytes, *names: str) -> bytes:
    return nix.add_to_shell(default(files), names)[0].data


@pytest.mark.parametrize("shape", FLAKES)
def test_a_package_goes_into_the_list_of_the_shell(shape: str) -> None:
    assert added(before(FLAKES[shape]), "jq").decode() == after(FLAKES[shape]).decode()


@pytest.mark.parametrize("shape", FLAKES)
def test_what_is_there_is_not_added_again(shape: str) -> None:
    edited, _ = nix.add_to_shell(default(after(FLAKES[shape])), ["jq"])
    assert not edited.changed
    assert len(edited.notes) == 1


@pytest.mark.parametrize("shape", FLAKES)
def test_a_package_is_removed_again(shape: str) -> None:
    edited = nix.remove_from_shell(default(after(FLAKES[shape])), "jq")
    left = [name for name, _ in nix.shell_packages(default(edited.data))]
    assert edited.changed
    assert left == [name for name, _ in nix.shell_packages(default(before(FLAKES[shape])))]


def test_lists_of_a_shell_are_seen_in_each_of_them() -> None:
    data = before(FLAKES["flake-utils"])
    assert [name for name, _ in nix.shell_packages(default(data))] == ["git", "openssl"]
    edited, _ = nix.add_to_shell(default(data), ["openssl", "jq"])
    assert edited.data == after(FLAKES["flake-utils"])
    assert len(edited.notes) == 1


FILES = {
    "import": (
        "import ./shell.nix { inherit pkgs; }",
        "{ pkgs }:\npkgs.mkShell { packages = [ pkgs.git« pkgs.jq» ]; }\n",
    ),
    "callPackage with pkgs": (
        "pkgs.callPackage ./shell.nix { }",
        "{ pkgs, lib }:\npkgs.mkShell { packages = [ pkgs.git« pkgs.jq» ]; }\n",
    ),
    "callPackage with packages": (
        "pkgs.callPackage ./shell.nix { }",
        "{ mkShell, git«, jq» }:\nmkShell { packages = [ git« jq» ]; }\n",
    ),
    "callPackage with packages, one a line": (
        "pkgs.callPackage ./shell.nix { }",
        "{\n  «jq,\n  »mkShell,\n  git,\n}:\nmkShell {\n  packages = [\n    git\n«    jq\n»  ];\n}\n",
    ),
    "an attribute of a file": (
        "(import ./shell.nix { inherit pkgs; }).default",
        "{ pkgs }: {\n  default = pkgs.mkShell { packages = [ pkgs.git« pkgs.jq» ]; };\n}\n",
    ),
    "a function of pkgs": ("import ./shell.nix pkgs", "pkgs: with pkgs; mkShell { buildInputs = [ git« jq» ]; }\n"),
}


@pytest.mark.parametrize("shape", FILES)
def test_the_file_that_makes_the_shell_is_the_one_that_is_edited(shape: str) -> None:
    made, text = FILES[shape]
    flake = head(f"""    let pkgs = nixpkgs.legacyPackages.x86_64-linux; in {{
      devShells.x86_64-linux.default = {made};
    }};""").encode()
    files = {"flake.nix": flake, "shell.nix": before(text)}
    edited, _ = nix.add_to_shell(default(files), ["jq"])
    assert default(files).document.name == "shell.nix"
    assert edited.data.decode() == after(text).decode()


def test_a_package_that_callpackage_gives_is_there_already() -> None:
    flake = head("    { devShells.x86_64-linux.default = nixpkgs.callPackage ./shell.nix { }; };").encode()
    files = {"flake.nix": flake, "shell.nix": b"{ mkShell, jq }: mkShell { packages = [ jq ]; }\n"}
    assert not nix.add_to_shell(default(files), ["jq"])[0].changed


def test_the_shells_of_a_directory_and_of_a_set_in_a_file_have_their_names() -> None:
    flake = head("    { devShells = nixpkgs.lib.genAttrs [ ] (system: import ./nix { inherit nixpkgs; }); };").encode()
    inner = b"{ nixpkgs }: { default = import ./a.nix nixpkgs; ci = nixpkgs.mkShell { packages = [ ]; }; }\n"
    files = {"flake.nix": flake, "nix/default.nix": inner, "nix/a.nix": b"pkgs: pkgs.mkShell { packages = [ ]; }\n"}
    assert {shell.spelled: shell.where for shell in shells(files)} == {
        "devShells.default": "nix/a.nix:1",
        "devShells.ci": "nix/default.nix:1",
    }


def test_a_set_of_shells_is_found_in_what_a_file_gives() -> None:
    flake = head("""    {
      devShells = nixpkgs.lib.genAttrs [ "x86_64-linux" ] (system:
        let made = import ./nix/shell.nix { inherit nixpkgs system; }; in made.devShells.${system});
    };""").encode()
    inner = "{ nixpkgs, system }:\nlet pkgs = nixpkgs.legacyPackages.${system}; in {\n"
    inner += "  devShells.${system}.default = pkgs.mkShell { packages = [ pkgs.git« pkgs.jq» ]; };\n}\n"
    files = {"flake.nix": flake, "nix/shell.nix": before(inner)}
    assert added(files, "jq") == after(inner)


def test_packages_are_taken_from_the_set_that_the_shell_is_taken_from() -> None:
    data = head("""    let pkgs = nixpkgs.lib.genAttrs [ ] (system: nixpkgs.legacyPackages.${system}); in {
      devShells.x86_64-linux.default = let system = "x86_64-linux"; in pkgs.${system}.mkShell {
        packages = [ pkgs.${system}.git« pkgs.${system}.jq» ];
      };
    };""")
    assert added(before(data), "jq") == after(data)
    assert not nix.add_to_shell(default(after(data)), ["jq"])[0].changed


_PART = """\
{
  perSystem = { pkgs, ... }: {
    devShells.default = pkgs.mkShell { packages = [ pkgs.git« pkgs.jq» ]; };
  };
}
"""
BY_LIBRARY = {
    "blueprint": (
        'inputs: inputs.blueprint { inherit inputs; prefix = "nix/"; }',
        "nix/devshell.nix",
        "{ pkgs, perSystem, ... }:\npkgs.mkShell { packages = [ pkgs.git« pkgs.jq» ]; }\n",
    ),
    "blueprint, a directory": (
        "inputs: inputs.blueprint { inherit inputs; prefix = ./nix; }",
        "nix/devshells/default.nix",
        "{ pkgs, perSystem, ... }:\nperSystem.devshell.mkShell { packages = with pkgs; [ git« jq» ]; }\n",
    ),
    "snowfall": (
        "inputs: inputs.snowfall-lib.mkFlake { inherit inputs; src = ./.; }",
        "shells/default/default.nix",
        "{ mkShell, git«, jq», ... }:\nmkShell { packages = [ git« jq» ]; }\n",
    ),
    "snowfall with a library, a root and another name": (
        """inputs: let lib = inputs.snowfall-lib.mkLib { inherit inputs; src = ./.; snowfall.root = ./nix; }; in
    lib.mkFlake { alias.shells.default = "daily"; }""",
        "nix/shells/daily/default.nix",
        "{ pkgs, ... }:\npkgs.mkShell { packages = [ pkgs.git« pkgs.jq» ]; }\n",
    ),
    "a partition of flake-parts": (
        """inputs: inputs.flake-parts.lib.mkFlake { inherit inputs; } {
    partitionedAttrs.devShells = "dev";
    partitions.dev = { extraInputsFlake = ./dev; module = ./dev/module.nix; };
  }""",
        "dev/module.nix",
        _PART,
    ),
    "a path without a dot": (
        "inputs: inputs.flake-parts.lib.mkFlake { inherit inputs; } { imports = [ nix/shells.nix ]; }",
        "nix/shells.nix",
        _PART,
    ),
    "an option of make-shell": (
        "inputs: inputs.flake-parts.lib.mkFlake { inherit inputs; } { imports = [ ./shells.nix ]; }",
        "shells.nix",
        """{ perSystem = { config, pkgs, ... }: {
    devShells.default = config.make-shells.daily.finalPackage;
    make-shells.daily = { packages = [ pkgs.git« pkgs.jq» ]; };
  }; }\n""",
    ),
}


@pytest.mark.parametrize("shape", BY_LIBRARY)
def test_the_file_that_a_library_takes_for_the_shell_is_edited(shape: str) -> None:
    outputs, name, text = BY_LIBRARY[shape]
    files = {"flake.nix": f"{{\n  outputs = {outputs};\n}}\n".encode(), name: before(text)}
    shell = default(files)
    assert shell.document.name == name
    assert nix.add_to_shell(shell, ["jq"])[0].data.decode() == after(text).decode()


def test_another_shell_that_a_library_finds_by_its_file_is_found_by_its_name() -> None:
    flake = b"{ outputs = inputs: inputs.blueprint { inherit inputs; }; }\n"
    files = {"flake.nix": flake, "devshells/ci.nix": b"{ pkgs }: pkgs.mkShell { packages = [ ]; }\n"}
    assert [shell.spelled for shell in nix.shells_of(files.get, "flake.nix", "devShells.ci")] == ["devShells.ci"]
    assert nix.shells_of(files.get, "flake.nix") == []


def test_a_function_that_callpackage_is_given_gets_the_package_as_an_argument() -> None:
    text = head("""    {
      devShells.x86_64-linux.default = nixpkgs.legacyPackages.x86_64-linux.callPackage (
        { mkShell, git«, jq» }: mkShell { packages = [ git« jq» ]; }
      ) { };
    };""")
    assert added(before(text), "jq") == after(text)


def test_a_set_of_packages_by_another_name_is_used_and_sets_by_system_are_not() -> None:
    text = head("""    let pkgs = nixpkgs.lib.genAttrs [ "x86_64-linux" ] (s: nixpkgs.legacyPackages.${s}); in {
      devShells = nixpkgs.lib.mapAttrs (system: p: {
        default = p.mkShell { packages = [ p.git« p.jq» ]; };
      }) pkgs;
    };""")
    assert added(before(text), "jq") == after(text)
    haskell = head(f"""    {PKGS} let haskPkgs = pkgs.haskellPackages; in {{
      devShells.x86_64-linux.default = haskPkgs.shellFor {{ buildInputs = with pkgs; [ git« jq» ]; }};
    }};""")
    assert added(before(haskell), "jq") == after(haskell)


def test_a_module_that_several_files_define_is_one_shell() -> None:
    flake = b"""{
  outputs = inputs: inputs.flake-parts.lib.mkFlake { inherit inputs; } {
    imports = [ ./a.nix ./b.nix ];
  };
}
"""
    first = b'{ perSystem = { pkgs, ... }: { devshells.default = { name = "a"; }; }; }\n'
    second = b"{ perSystem = { pkgs, ... }: { devshells.default = { packages = [ pkgs.git ]; }; }; }\n"
    files = {"flake.nix": flake, "a.nix": first, "b.nix": second}
    found = shells(files)
    assert [shell.spelled for shell in found] == ["devshells.default"]
    assert [module.document.name for module in found[0].modules] == ["a.nix", "b.nix"]
    assert nix.shell_has(found[0].modules[1], "git") == "devshells.default.packages"


HIDING = {
    "the same output": ("{ devShells.x86_64-linux.other = pkgs.mkShell { }; }", ["devShells.x86_64-linux.other"]),
    "another output": ("{ packages = { }; }", ["devShells.x86_64-linux.default"]),
    "a function of systems": ("pkgs.eachDefaultSystem (s: { apps = { }; })", ["devShells.x86_64-linux.default"]),
    "names in a list": ('pkgs.genAttrs [ "devShells" ] (s: { })', []),
}


@pytest.mark.parametrize("right", HIDING)
def test_what_an_update_hides_is_no_shell(right: str) -> None:
    source, spelled = HIDING[right]
    data = head(f"    {PKGS} {{ devShells.x86_64-linux.default = pkgs.mkShell {{ }}; }} // {source};").encode()
    assert [shell.spelled for shell in shells(data)] == spelled


MAY_HIDE = {
    "under a condition": "pkgs.lib.optionalAttrs x { devShells.x86_64-linux.default = pkgs.mkShell { }; }",
    "one branch": "(if x then { devShells.x86_64-linux.default = pkgs.mkShell { }; } else { })",
    "some of them": "pkgs.lib.filterAttrs x { devShells.x86_64-linux.default = pkgs.mkShell { }; packages = { }; }",
    "after another": "{ packages = { }; } // (if x then { devShells = { }; } else { apps = { }; })",
    "a computed name of a set": "(let more = { all = { packages = { }; }; }; in more.all.${x})",
}


@pytest.mark.parametrize("right", MAY_HIDE)
def test_what_an_update_may_hide_is_not_edited(right: str) -> None:
    left = f"{PKGS} {{ devShells.x86_64-linux.default = pkgs.mkShell {{ packages = [ ]; }}; }}"
    data = head(f"    x: {left} // {MAY_HIDE[right]};").encode()
    with pytest.raises(Refused) as caught:
        added(data, "jq")
    assert caught.value.code == "opaque_value"


def test_both_branches_hide_what_both_have() -> None:
    both = ("{ devShells.x86_64-linux.one = pkgs.mkShell { }; }", "{ devShells = { }; apps = { }; }")
    right = f"(if x then {both[0]} else {both[1]})"
    data = head(f"    x: {PKGS} {{ devShells.x86_64-linux.default = pkgs.mkShell {{ }}; }} // {right};").encode()
    assert [shell.spelled for shell in shells(data)] == ["devShells.x86_64-linux.one"]


def test_a_function_of_systems_below_an_output_gives_systems_and_not_the_names_in_it() -> None:
    left = f"{PKGS} {{ devShells = {{ x86_64-linux.default = pkgs.mkShell {{ packages = [ ]; }}; }}"
    data = head(f"    {left} // eachSystem (pkgs: {{ ci = pkgs.mkShell {{ }}; }}); }};").encode()
    with pytest.raises(Refused) as caught:
        added(data, "jq")
    assert caught.value.code == "opaque_value"


BESIDE = {
    "mkIf": "(lib.mkIf x { devshells.default.packages = [ pkgs.hello ]; })",
    "one branch": "(if x then { devshells.default.packages = [ pkgs.hello ]; } else { })",
}


@pytest.mark.parametrize("beside", BESIDE)
def test_of_several_definitions_of_a_shell_the_one_that_is_always_there_is_edited(beside: str) -> None:
    always = "{ devshells.default.packages = [ pkgs.git« pkgs.jq» ]; }"
    merged = f"perSystem = {{ pkgs, lib, ... }}: lib.mkMerge [\n{BESIDE[beside]}\n{always}\n];"
    data = f"{{\n  outputs = inputs: inputs.flake-parts.lib.mkFlake {{ }} {{ {merged} }};\n}}\n"
    shell = default(before(data))
    assert nix.add_to_shell(shell, ["jq"])[0].data.decode() == after(data).decode()
    assert [nix.shell_has(module, "hello") for module in shell.modules] == [None, None]
    assert nix.shell_has(shell, "git") == "devshells.default.packages"


def test_an_option_that_an_update_hides_is_no_shell() -> None:
    left, right = (f"{{ devshells.default.packages = [ pkgs.{name} ]; }}" for name in ("hello", "git"))
    data = f"{{ outputs = inputs: inputs.x.mkFlake {{ perSystem = {{ pkgs, ... }}: {left} // {right}; }}; }}\n".encode()
    assert [name for shell in shells(data) for name, _ in nix.shell_packages(shell)] == ["git"]
    assert shells(data)[0].modules == ()


def test_what_unknown_outputs_may_take_the_place_of_is_refused() -> None:
    data = head(f"    {PKGS} {{ devShells.x86_64-linux.default = pkgs.mkShell {{ }}; }} // self.more;").encode()
    with pytest.raises(Refused) as caught:
        added(data, "jq")
    assert caught.value.code == "opaque_value"


def test_attributes_that_an_unknown_function_is_given_are_no_shells() -> None:
    data = head(
        f"    {PKGS} {{ devShells.x = pkgs.unknown {{ inherit pkgs; tools = pkgs.mkShell {{ }}; }}; }};"
    ).encode()
    assert [(shell.spelled, shell.line) for shell in shells(data)] == [("devShells.x", 3)]
    with pytest.raises(Refused) as caught:
        nix.add_to_shell(shells(data)[0], ["jq"])
    assert caught.value.code == "opaque_value"


CANNOT = {
    "a function of the file's own": ("let mkShell = x: x; in mkShell { packages = [ ]; }", "opaque_value"),
    "pkgs a function": ('let pkgs = s: s; in (pkgs "x").mkShell { packages = [ ]; }', "captured_name"),
    "pkgs a set of the file's own": ("let pkgs = { mkShell = x: x; }; in pkgs.mkShell { }", "captured_name"),
    "of another flake": ("other.devShells.x86_64-linux.default", "opaque_value"),
    "made elsewhere": ("pkgs.hello.devShell", "opaque_value"),
    "an unknown function": ("haskell.shellWith { tools = [ ]; }", "opaque_value"),
    "from TOML": ("pkgs.devshell.fromTOML ./devshell.toml", "opaque_value"),
    "arguments from elsewhere": ("pkgs.mkShell (import ./arguments.nix)", "opaque_value"),
    "arguments under a condition": ("pkgs.mkShell (pkgs.lib.mkIf x { packages = [ ]; })", "conditional"),
    "no set of packages": ("mkShell { packages = [ git ]; }", "captured_name"),
}


@pytest.mark.parametrize("what", CANNOT)
def test_what_cannot_be_understood_is_refused_with_its_place(what: str) -> None:
    expression, code = CANNOT[what]
    names = "mkShell, git" if what == "no set of packages" else "pkgs, other, haskell"
    outputs = f"{{\n    devShells.x86_64-linux.default = {expression};\n  }}"
    data = f"{{\n  outputs = {{ {names}, ... }}: {outputs};\n}}\n".encode()
    with pytest.raises(Refused) as caught:
        added(data, "jq")
    assert caught.value.code == code
    assert caught.value.place is not None
    assert caught.value.place.line == 3


def test_a_package_of_the_files_own_is_added_as_it_is_named() -> None:
    data = head("""    let
      pkgs = nixpkgs.legacyPackages.x86_64-linux;
      unstable = import nixpkgs { };
    in {
      devShells.x86_64-linux.default = pkgs.mkShell { packages = with pkgs; [ git ]; };
    };""").encode()
    assert b"[ git unstable.uv ]" in added(data, "unstable.uv")


def test_an_input_that_the_outputs_name_can_be_added_and_another_cannot() -> None:
    given = b"{ outputs = { pkgs, ... }@inputs: {\n  devShell.x = pkgs.mkShell { packages = [ ]; };\n}; }\n"
    assert b"[ inputs.x.packages.y.default ]" in added(given, "inputs.x.packages.y.default")
    with pytest.raises(Refused):
        added(given.replace(b"@inputs", b""), "inputs.x.packages.y.default")
