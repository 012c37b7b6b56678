"""Flakes of every shape in which people write a development shell, each small, and what adding `jq` writes in it.

What stands between « and » is what the edit writes; without it the text is the flake before.
"""

from __future__ import annotations

import re

__all__ = ["FLAKES", "PKGS", "after", "before", "head"]

_ADDED = re.compile(r"«(.*?)»", re.DOTALL)


def before(text: str) -> bytes:
    """Return a flake before the edit."""
    return _ADDED.sub("", text).encode()


def after(text: str) -> bytes:
    """Return a flake after the edit."""
    return _ADDED.sub(r"\1", text).encode()


def head(body: str, *inputs: str) -> str:
    """Return a flake with outputs that nixpkgs and some other inputs are given to."""
    names = "".join(f", {name}" for name in inputs)
    return f"{{\n  outputs = {{ self, nixpkgs{names} }}@inputs:\n{body}\n}}\n"


PKGS = "let pkgs = nixpkgs.legacyPackages.x86_64-linux; in"
FLAKES = {
    "one system": head(f"""    {PKGS}
    {{
      devShells.x86_64-linux.default = pkgs.mkShell {{
        # tools
        packages = [
          pkgs.git # to clone
«          pkgs.jq
»        ];
        shellHook = "echo ready";
      }};
    }};"""),
    "a computed system, with pkgs": head("""    let system = "x86_64-linux"; pkgs = import nixpkgs { inherit system; };
    in {
      devShells.${system} = {
        default = pkgs.mkShellNoCC { packages = with pkgs; [ git« jq» ]; };
        ci = pkgs.mkShell { packages = [ pkgs.gcc ]; };
      };
    };"""),
    "forAllSystems": head("""    let
      forAllSystems = f: nixpkgs.lib.genAttrs [ "x86_64-linux" ] (system: f nixpkgs.legacyPackages.${system});
    in {
      devShells = forAllSystems (pkgs: {
        default = pkgs.mkShell {
          buildInputs = [ pkgs.git« pkgs.jq» ];
        };
      });
    };"""),
    "mapAttrs, no list": head("""    {
      devShells = builtins.mapAttrs (system: pkgs: {
        default = pkgs.mkShell {
«          packages = [ pkgs.jq ];
»          shellHook = "";
        };
      }) nixpkgs.legacyPackages;
    };"""),
    "flake-utils": head(
        """    flake-utils.lib.eachDefaultSystem (system:
      let pkgs = nixpkgs.legacyPackages.${system}; in {
        devShell = pkgs.mkShell {
          nativeBuildInputs = with pkgs; [
            git
«            jq
»          ];
          buildInputs = with pkgs; [ openssl ];
        };
      });""",
        "flake-utils",
    ),
    "flake-parts": head(
        """    flake-parts.lib.mkFlake { inherit inputs; } {
      systems = [ "x86_64-linux" ];
      perSystem = { pkgs, ... }: {
        devShells.default = pkgs.mkShell { packages = [ pkgs.git« pkgs.jq» ]; };
      };
    };""",
        "flake-parts",
    ),
    "devenv.lib.mkShell": head(
        """    let pkgs = nixpkgs.legacyPackages.x86_64-linux; in {
      devShells.x86_64-linux.default = devenv.lib.mkShell {
        inherit inputs pkgs;
        modules = [
          ({ pkgs, config, ... }: {
            packages = [ pkgs.git« pkgs.jq» ];
          })
        ];
      };
    };""",
        "devenv",
    ),
    "a module of devenv without pkgs": head(
        """    let pkgs = nixpkgs.legacyPackages.x86_64-linux; in {
      devShells.x86_64-linux.default = devenv.lib.mkShell {
        inherit inputs pkgs;
        modules = [
          {
«            packages = [ pkgs.jq ];
»            enterShell = "";
          }
        ];
      };
    };""",
        "devenv",
    ),
    "devenv.shells": head(
        """    flake-parts.lib.mkFlake { inherit inputs; } {
      imports = [ inputs.devenv.flakeModule ];
      systems = [ "x86_64-linux" ];
      perSystem = { pkgs, ... }: {
        devenv.shells.default = {
          packages = [ pkgs.git« pkgs.jq» ];
        };
      };
    };""",
        "flake-parts",
        "devenv",
    ),
    "devenv.shells in pieces": head(
        """    flake-parts.lib.mkFlake { inherit inputs; } {
      systems = [ "x86_64-linux" ];
      perSystem = { pkgs, ... }: {
        devenv.shells.default.packages = [ pkgs.git« pkgs.jq» ];
        devenv.shells.default.enterShell = "";
      };
    };""",
        "flake-parts",
        "devenv",
    ),
    "devshell": head(
        """    let pkgs = import nixpkgs { overlays = [ devshell.overlays.default ]; }; in {
      devShells.x86_64-linux.default = pkgs.devshell.mkShell {
        packages = [ pkgs.git« pkgs.jq» ];
      };
    };""",
        "devshell",
    ),
    "with round the shell": head("""    {
      devShells.x86_64-linux.default = with nixpkgs.legacyPackages.x86_64-linux; mkShell {
        buildInputs = [ git« jq» ];
      };
    };"""),
    "a set without a name": head("""    {
      devShells.x86_64-linux.default = nixpkgs.legacyPackages.x86_64-linux.mkShell {
        packages = [
          nixpkgs.legacyPackages.x86_64-linux.git
«          nixpkgs.legacyPackages.x86_64-linux.jq
»        ];
      };
    };"""),
    "a set by another name": head("""    let p = nixpkgs.legacyPackages.x86_64-linux; pkgsFor = p; in {
      devShells.x86_64-linux.default = pkgsFor.mkShell { packages = [ pkgsFor.git« pkgsFor.jq» ]; };
    };"""),
    "rec": head(f"""    {PKGS} {{
      devShells.x86_64-linux.default = pkgs.mkShell rec {{
        name = "x";
        packages = [ pkgs.git« pkgs.jq» ];
        shellHook = name;
      }};
    }};"""),
    "override": head(f"""    {PKGS} {{
      devShells.x86_64-linux.default = pkgs.mkShell.override {{ stdenv = pkgs.clangStdenv; }} {{
        packages = [ pkgs.git« pkgs.jq» ];
      }};
    }};"""),
    "override in parentheses": head(f"""    {PKGS} {{
      devShells.x86_64-linux.default = (pkgs.mkShell.override {{ stdenv = pkgs.clangStdenv; }}) {{
        packages = [ pkgs.git« pkgs.jq» ];
      }};
    }};"""),
    "overrideAttrs": head(f"""    {PKGS} {{
      devShells.x86_64-linux.default = (pkgs.mkShell {{ packages = [ pkgs.git ]; }}).overrideAttrs (old: {{
        buildInputs = old.buildInputs ++ [ pkgs.gcc« pkgs.jq» ];
      }});
    }};"""),
    "a list of a let": head("""    let
      pkgs = nixpkgs.legacyPackages.x86_64-linux;
      tools = with pkgs; [
        git
«        jq
»      ];
    in {
      devShells.x86_64-linux.default = pkgs.mkShell { packages = tools; };
    };"""),
    "a list that something else uses too": head("""    let
      pkgs = nixpkgs.legacyPackages.x86_64-linux;
      tools = [ pkgs.git ];
    in {
      packages.x86_64-linux.default = pkgs.stdenv.mkDerivation { buildInputs = tools; };
      devShells.x86_64-linux.default = pkgs.mkShell { buildInputs = tools« ++ [ pkgs.jq ]»; };
    };"""),
    "an inherited list": head("""    let
      pkgs = nixpkgs.legacyPackages.x86_64-linux;
      buildInputs = [ pkgs.git ];
    in {
      devShells.x86_64-linux.default = pkgs.mkShell {
«        packages = [ pkgs.jq ];
»        inherit buildInputs;
      };
    };"""),
    "optionals": head(f"""    {PKGS} {{
      devShells.x86_64-linux.default = pkgs.mkShell {{
        packages = with pkgs; [ git« jq» ] ++ lib.optionals stdenv.isDarwin [ libiconv ];
      }};
    }};"""),
    "inputsFrom": head(f"""    {PKGS} {{
      devShells.x86_64-linux.default = pkgs.mkShell {{
«        packages = [ pkgs.jq ];
»        inputsFrom = [ pkgs.hello ];
      }};
    }};"""),
    "arguments put together": head(f"""    {PKGS} {{
      devShells.x86_64-linux.default = pkgs.mkShell (
        {{ packages = [ pkgs.git« pkgs.jq» ]; }} // {{ name = "x"; }}
      );
    }};"""),
    "a function of the final arguments": head(f"""    {PKGS} {{
      devShells.x86_64-linux.default = pkgs.mkShell (final: {{
        packages = [ pkgs.git« pkgs.jq» ];
      }});
    }};"""),
    "a shell of a let": head("""    let
      pkgs = nixpkgs.legacyPackages.x86_64-linux;
      shell = pkgs.mkShell { packages = [ pkgs.git« pkgs.jq» ]; };
    in {
      devShells.x86_64-linux.default = shell;
      devShell.x86_64-linux = shell;
    };"""),
    "an inherited shell": head("""    let
      pkgs = nixpkgs.legacyPackages.x86_64-linux;
      default = pkgs.mkShell { packages = [ pkgs.git« pkgs.jq» ]; };
    in {
      devShells.x86_64-linux = { inherit default; };
    };"""),
    "another name of a shell": head(f"""    {PKGS} {{
      devShells.x86_64-linux = rec {{
        default = dev;
        dev = pkgs.mkShell {{ packages = [ pkgs.git« pkgs.jq» ]; }};
      }};
    }};"""),
    "self": head(f"""    {PKGS} {{
      devShells.x86_64-linux.default = self.devShells.x86_64-linux.dev;
      devShells.x86_64-linux.dev = pkgs.mkShell {{ packages = [ pkgs.git« pkgs.jq» ]; }};
    }};"""),
    "a function of the file's own": head("""    let
      pkgs = nixpkgs.legacyPackages.x86_64-linux;
      shellOf = name: pkgs.mkShell { inherit name; packages = [ pkgs.git« pkgs.jq» ]; };
    in {
      devShells.x86_64-linux.default = shellOf "x";
    };"""),
    "tabs": head(f"""    {PKGS} {{
\tdevShells.x86_64-linux.default = pkgs.mkShell {{
\t\tpackages = [
\t\t\tpkgs.git
«\t\t\tpkgs.jq
»\t\t];
\t}};
    }};"""),
    "sorted": head(f"""    {PKGS} {{
      devShells.x86_64-linux.default = pkgs.mkShell {{
        packages = with pkgs; [
          curl
          git
«          jq
»          openssl
          ripgrep
        ];
      }};
    }};"""),
    "a derivation": head(f"""    {PKGS} {{
      devShells.x86_64-linux.default = pkgs.stdenv.mkDerivation {{
        name = "shell";
        buildInputs = [ pkgs.git« pkgs.jq» ];
      }};
    }};"""),
}
