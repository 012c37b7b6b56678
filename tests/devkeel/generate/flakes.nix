# What flakes in directories say: inputs, and of their outputs for one system what each builder was given.
let
  nixpkgs = import ./stand_in.nix;
  system = "x86_64-linux";
  lib.mkDefault = value: value;
  said = value: builtins.unsafeDiscardStringContext (toString value);

  # devenv's shell: with what it was called.
  devenv.lib.mkShell = { inputs, pkgs, modules }: {
    by = "devenv";
    given = { modules = map said modules; inputs = builtins.attrNames inputs; config = pkgs.config or { }; };
  };

  plain = value:
    if builtins.isList value then map plain value
    else if builtins.isPath value then said value
    else if !builtins.isAttrs value then value
    else if value ? by then { inherit (value) by; given = plain (removeAttrs value.given [ "src" ]); }
    else if value ? outPath then value.name
    else builtins.mapAttrs (_: plain) value;

  summary = root:
    let
      flake = import (root + "/flake.nix");
      outputs = flake.outputs { self = outputs // { outPath = root; }; inherit nixpkgs devenv; };
      of = set: plain (outputs.${set}.${system} or null);
    in
    {
      inherit (flake) description inputs;
      names = builtins.attrNames outputs;
      systems = builtins.attrNames outputs.devShells;
      shell = of "devShells";
      package = of "packages";
      checks = builtins.attrNames (outputs.checks.${system} or { });
      module =
        let module = outputs.nixosModules.default or null;
        in plain (if builtins.isFunction module then module { inherit lib; pkgs.stdenv.hostPlatform = { inherit system; }; } else module);
    };
in
builtins.mapAttrs (_: summary)
