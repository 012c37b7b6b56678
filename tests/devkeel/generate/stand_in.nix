# nixpkgs as generated files ask for it: the real names, and in place of each builder what it was given.
let
  lib = import ../../devenv/inputs/nixpkgs/lib;
  made = by: given: {
    type = "derivation";
    name = given.name or given.pname or "unnamed";
    outPath = "/nix/store/${by}-${given.name or given.pname or "unnamed"}";
    drvPath = "/nix/store/${by}.drv";
    inherit by given;
  };
  of = system:
    let
      pkgs = import ../../devenv/inputs/nixpkgs { inherit system; } // {
        mkShell = made "mkShell";
        rustPlatform.buildRustPackage = made "buildRustPackage";
        buildGoModule = made "buildGoModule";
        buildNpmPackage = made "buildNpmPackage";
        importNpmLock = { __functor = _: { npmRoot }: made "importNpmLock" { name = "modules"; }; npmConfigHook = made "hook" { name = "npm"; }; };
        callPackage = file: given: (if builtins.isFunction file then file else import file) ({ inherit lib; } // given);
        python3Packages = lib.genAttrs [ "hatchling" "flask" "typing-extensions" "numpy" ] (name: made "python" { inherit name; }) // {
          buildPythonApplication = made "buildPythonApplication";
          buildPythonPackage = made "buildPythonPackage";
        };
        dockerTools = { streamLayeredImage = made "streamLayeredImage"; caCertificates = made "certificates" { name = "certificates"; }; };
        buildEnv = made "buildEnv";
      };
    in
    pkgs;
in
{
  inherit lib;
  legacyPackages = lib.genAttrs [ "x86_64-linux" "aarch64-linux" "x86_64-darwin" "aarch64-darwin" ] of;
  outPath = toString ./stand_in_of_system.nix;
}
