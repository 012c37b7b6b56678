# A project as devenv sees it: the inputs that its lock pins, the modules of one of them, the project's own on top.
# `request` is a JSON file: root, dotfile, runtime, system, profiles, imports, options, ports, dotenv, nixpkgs, testing.
{ request }:
let
  given = builtins.fromJSON (builtins.readFile request);
  inherit (given) root system;

  lock = builtins.fromJSON (builtins.readFile (root + "/devenv.lock"));
  follow = spec: if builtins.isList spec then builtins.foldl' (node: name: follow lock.nodes.${node}.inputs.${name}) lock.root spec else spec;
  nodes = builtins.mapAttrs
    (_: node:
      let
        source = builtins.fetchTree (removeAttrs node.locked [ "dir" ]);
        outPath = source.outPath + (if node.locked ? dir then "/${node.locked.dir}" else "");
        mine = builtins.mapAttrs (_: spec: nodes.${follow spec}) (node.inputs or { });
        self = (if node.flake or true then (import (outPath + "/flake.nix")).outputs (mine // { inherit self; }) else { })
          // { inherit outPath; inputs = mine; sourceInfo = source; _type = "flake"; };
      in
      self)
    (removeAttrs lock.nodes [ lock.root ]);
  inputs = builtins.mapAttrs (_: spec: nodes.${follow spec}) (lock.nodes.${lock.root}.inputs or { }) // { self.outPath = root; };

  lib = inputs.nixpkgs.lib;
  pkgs = import inputs.nixpkgs {
    inherit system;
    config = given.nixpkgs // {
      allowUnfreePredicate = package:
        let name = lib.getName package; in
        given.nixpkgs.allowUnfree or false || builtins.elem name (given.nixpkgs.permittedUnfreePackages or [ ]) || throw ''
          devenv: package '${name}' has an unfree license.

          To allow all unfree packages, add this to devenv.yaml:

            allow_unfree: true

          To allow only this package, add this to devenv.yaml:

            nixpkgs:
              permitted_unfree_packages:
                - ${name}
        '';
    };
  };

  # A relative import lies below the root, any other begins with the name of an input.
  imported = path:
    let
      parts = lib.splitString "/" path;
      input = inputs.${builtins.head parts} or (throw "Unknown input ${builtins.head parts}");
      place = if lib.hasPrefix "." path then /. + root + "/${path}" else input + "/${builtins.concatStringsSep "/" (builtins.tail parts)}";
    in
    if lib.hasSuffix ".nix" path then place
    else if builtins.pathExists (place + "/devenv.nix") then place + "/devenv.nix"
    else throw "${path}/devenv.nix file does not exist";

  override = { path, type, value }:
    let
      package = name: lib.getAttrFromPath (lib.splitString "." name) pkgs;
      words = builtins.filter (word: word != "") (lib.splitString " " value);
      plain = lib.mkForce (if type == "path" then /. + root + "/${value}" else if type == "pkg" then package value else value);
    in
    { _file = "command line"; config = lib.setAttrByPath path (if type == "pkgs" then map package words else if type == "pkgs!" then lib.mkForce (map package words) else plain); };

  local = /. + root + "/devenv.local.nix";
  common = [
    ({ config, ... }: {
      _module.args.pkgs = pkgs.appendOverlays config.overlays;
      _module.args.devenvPrimops = {
        allocatePort = process: port: base: given.ports.${process}.${port} or base;
        loadDotenv = names: builtins.foldl' (all: name: all // given.dotenv.${name} or { }) { } names;
      };
    })
    (inputs.devenv.modules + "/top-level.nix")
    {
      devenv = { inherit root; inherit (given) dotfile runtime tmpdir; cli.version = given.version; isTesting = given.testing; };
      git.root = given.git_root;
    }
  ] ++ map imported given.imports ++ [ (/. + root + "/devenv.nix") ] ++ lib.optional (builtins.pathExists local) local ++ map override given.options;

  evaluate = modules: lib.evalModules {
    inherit modules;
    class = "devenv";
    specialArgs = inputs // { inherit inputs; };
  };

  base = (evaluate common).config.profiles;
  named = name:
    let
      names = builtins.attrNames base ++ map (host: "hostname.${host}") (builtins.attrNames base.hostname) ++ map (user: "user.${user}") (builtins.attrNames base.user);
    in
    lib.attrByPath (if lib.hasPrefix "hostname." name || lib.hasPrefix "user." name then lib.splitString "." name else [ name ])
      (throw "Profile '${name}' not found. Available profiles: ${builtins.concatStringsSep ", " names}")
      base;
  expand = seen: name:
    if builtins.elem name seen then throw "Circular dependency detected in profile extends: ${builtins.concatStringsSep " -> " seen} -> ${name}"
    else builtins.concatMap (expand (seen ++ [ name ])) (named name).extends ++ [ name ];
  automatic = lib.optional (base.hostname ? ${given.hostname}) "hostname.${given.hostname}" ++ lib.optional (base.user ? ${given.username}) "user.${given.username}";
  active = builtins.concatMap (expand [ ]) (automatic ++ given.profiles);
  profiles = lib.imap0 (index: name: { _priority = lib.defaultOverridePriority - 1 - index; imports = [ (named name).module ]; }) active;

  project = evaluate (common ++ profiles);
in
{
  devenv = { inherit (project) config options; };
  inherit (project.config) shell;
  tasks = project.config.task.config;
  inherit (project.config) test;
  inherit pkgs;
  # What an `up` allocates: process -> port -> the number that it starts from.
  allocation = {
    inherit (project.config.process.manager) implementation;
    bases = lib.filterAttrs (_: ports: ports != { }) (builtins.mapAttrs (_: process: builtins.mapAttrs (_: port: port.allocate) process.ports) project.config.processes);
  };
  packageNames = builtins.attrNames pkgs;
  optionNames =
    let names = prefix: set: builtins.concatMap (name: if lib.isOption set.${name} then [ "${prefix}${name}" ] else names "${prefix}${name}." set.${name}) (builtins.attrNames set); in
    names "" (removeAttrs project.options [ "_module" ]);
}
