# A lazy stand-in for nixpkgs: enough for devenv's own modules to be evaluated, nothing that could be built.
# names.json beside it lists the packages that there are.
{ system ? builtins.currentSystem, config ? { }, overlays ? [ ] }:
let
  lib = import ./lib;
  clean = builtins.replaceStrings [ ":" "/" " " ] [ "-" "-" "-" ];
  package = name: attributes:
    let
      plain = builtins.mapAttrs (_: value: if builtins.isFunction value then "function" else value) attributes;
      made = derivation {
        name = clean name;
        inherit system;
        builder = "/bin/sh";
        args = [ "-c" ": > $out" ];
        attributes = builtins.toJSON plain;
      };
    in
    made // {
      pname = name;
      version = "1.0";
      meta = { mainProgram = name; broken = false; };
      override = _: package name attributes;
      overrideAttrs = _: package name attributes;
      passthru = { };
    };
  listed = builtins.listToAttrs
    (map (name: { inherit name; value = package name { }; }) (builtins.fromJSON (builtins.readFile ./names.json)));
  python = package "python3" { } // {
    pythonVersion = "3.13";
    sitePackages = "lib/python3.13/site-packages";
    interpreter = "${package "python3" { }}/bin/python";
    pkgs = { virtualenv = package "virtualenv" { }; pip = package "pip" { }; };
    buildEnv.override = _: python;
    override = _: python;
    overrideAttrs = _: python;
    withPackages = _: python;
  };
  format = name: {
    inherit name;
    value = _: { type = lib.types.attrs; generate = file: _: package file { }; };
  };
  pkgs = listed // {
    inherit lib system config python;
    python3 = python;
    python312 = python;
    python313 = python;
    python3Packages.numpy = package "numpy" { };
    stdenv = package "stdenv" { } // {
      hostPlatform = lib.systems.elaborate system;
      isLinux = true;
      isDarwin = false;
      cc = package "cc" { };
      override = _: pkgs.stdenv;
    };
    libressl = package "libressl" { } // { nc = package "nc" { }; };
    llvmPackages = { bintools = package "bintools" { }; clang = package "clang" { }; };
    postgresql = package "postgresql" { } // { withPackages = _: pkgs.postgresql; };
    appendOverlays = builtins.foldl' (all: overlay: all // overlay all all) pkgs;
    callPackage = target: arguments:
      let function = if builtins.isFunction target then target else import target;
      in function (builtins.intersectAttrs (builtins.functionArgs function) pkgs // arguments);
    mkShell = {
      override = _: attributes: package (attributes.name or "shell") attributes;
      __functor = _: attributes: package (attributes.name or "shell") attributes;
    };
    buildEnv = attributes: package attributes.name { };
    linkFarm = name: _: package name { };
    runCommand = name: _: _: package name { };
    runCommandLocal = name: _: _: package name { };
    symlinkJoin = attributes: package attributes.name { };
    writeScriptBin = name: text: package name { inherit text; };
    writeScript = name: text: package name { inherit text; };
    writeShellApplication = attributes: package attributes.name { inherit (attributes) text; };
    writeShellScript = name: text: package name { inherit text; };
    writeShellScriptBin = name: text: package name { inherit text; };
    writeText = name: text: package name { inherit text; };
    writeTextFile = attributes: package attributes.name { inherit (attributes) text; };
    formats = builtins.listToAttrs (map format [ "hocon" "ini" "json" "keyValue" "toml" "xml" "yaml" ]);
  };
in
builtins.foldl' (all: overlay: all // overlay all all) pkgs overlays
