# The development shells of a flake, evaluated with stand-ins for whatever it takes: the names of their packages.
#
# project: the flake's directory. words: every name that its files use; a stand-in has each of them as an attribute, so
# that no attribute is missing. library: nixpkgs' lib. room: where the stand-ins' own default.nix are.
# nixpkgs: a whole one, whose packages there are then; stand-ins are for the names that it lacks.
{ project, words, library, room, nixpkgs ? null }:
let
  lib = import library;
  names = builtins.fromJSON (builtins.readFile words);
  systems = [ "x86_64-linux" "aarch64-linux" "x86_64-darwin" "aarch64-darwin" ];
  others = [ "i686-linux" "armv6l-linux" "armv7l-linux" "powerpc64le-linux" "riscv64-linux" "x86_64-freebsd" ];
  system = "x86_64-linux";

  # A stand-in for a package, a set of packages, a function or an option.
  thing = name:
    builtins.listToAttrs (map (word: { name = word; value = thing "${name}.${word}"; }) names) // {
      type = "derivation";
      inherit name system;
      lib = thing "${name}.lib" // lib;
      pname = name;
      version = "1.0";
      meta = { };
      outputs = [ "out" ];
      outPath = "/stand-in/${builtins.hashString "md5" name}";
      drvPath = "/stand-in/${builtins.hashString "md5" name}.drv";
      shellHook = "";
      mkShell = shell;
      mkShellNoCC = shell;
      devShell = shell;
      shellFor = shell;
      callPackage = f: given: called (thing name) f given;
      __functor = _: _: thing name;
      enabledPackages = [ ];
      buildInputs = [ ];
      nativeBuildInputs = [ ];
      propagatedBuildInputs = [ ];
    };

  called = names: f: arguments:
    if builtins.isPath f || builtins.isString f then called names (import f) arguments
    else if builtins.isFunction f then f (builtins.mapAttrs (n: _: names.${n} or (thing n)) (builtins.functionArgs f) // arguments)
    else f;

  listOf = value: if builtins.isList value then value else [ ];
  shell = {
    __functor = _: given:
      let arguments = if builtins.isFunction given then given (arguments // { finalPackage = made; }) else given;
          made = thing "shell" // arguments // {
            isShell = true;
            listed = map listOf [ (arguments.packages or [ ]) (arguments.nativeBuildInputs or [ ]) (arguments.buildInputs or [ ]) ];
            overrideAttrs = f: shell (arguments // (if builtins.isFunction f then called { } (f made) { } else f));
            outPath = "/stand-in/shell";
          };
      in made;
    override = _: shell;
  };
  # A shell that is a module, or several.
  modular = modules: thing "shell" // {
    isShell = true;
    listed = builtins.concatMap listsOf (if builtins.isList modules then modules else [ modules ]);
  };
  listsOf = module:
    let value = called moduleArguments module { config = thing "config"; };
        plain = builtins.isAttrs value && !(value ? drvPath);
    in if !plain then [ ]
       else [ (listOf (value.packages or [ ])) (listOf (value.devshell.packages or [ ])) ]
         ++ builtins.concatMap listsOf (value.imports or [ ]);
  moduleArguments = { inherit pkgs lib inputs system self; };

  real = if nixpkgs == null then { } else import nixpkgs { inherit system; config.allowUnfree = true; };
  pkgs = builtins.listToAttrs (map (word: { name = word; value = thing word; }) names) // real // {
    inherit lib system pkgs;
    type = "packages";
    outPath = "/stand-in/nixpkgs";
    stdenv = stdenv;
    stdenvNoCC = stdenv;
    clangStdenv = stdenv;
    hostPlatform = platform;
    mkShell = shell;
    mkShellNoCC = shell;
    make-shell = modular;
    devshell = thing "devshell" // { mkShell = modular; };
    callPackage = f: given: called pkgs f given;
    callPackages = f: given: called pkgs f given;
    newScope = more: f: given: called (pkgs // more) f given;
    extend = _: pkgs;
    appendOverlays = _: pkgs;
    haskellPackages = thing "haskellPackages" // { shellFor = shell; };
    config = thing "config";
  };
  platform = thing "platform" // {
    inherit system;
    isLinux = true; isDarwin = false; isx86_64 = true; isAarch64 = false; isMacOS = false; isWindows = false; isMusl = false;
    config = "x86_64-unknown-linux-gnu";
  };
  stdenv = thing "stdenv" // {
    inherit system; isLinux = true; isDarwin = false; isx86_64 = true; isAarch64 = false;
    hostPlatform = platform; buildPlatform = platform; targetPlatform = platform;
    mkDerivation = shell;
  };

  merged = builtins.foldl' lib.recursiveUpdate { };
  flakeUtils = thing "flake-utils" // { lib = lib'; };
  lib' = thing "flake-utils.lib" // rec {
    defaultSystems = systems;
    allSystems = systems;
    system = builtins.listToAttrs (map (name: { inherit name; value = name; }) systems);
    # numtide/flake-utils, lib.nix: the outputs of each system, with the system below each output.
    eachSystem = these: f: merged (map (one: builtins.mapAttrs (_: value: { ${one} = value; }) (f one)) these);
    eachDefaultSystem = eachSystem systems;
    eachSystemPassThrough = these: f: merged (map f these);
    eachDefaultSystemPassThrough = eachSystemPassThrough systems;
    mkApp = _: { type = "app"; program = ""; };
    flattenTree = tree: tree;
    filterPackages = _: packages: packages;
    simpleFlake = _: { };
  };

  flakeParts = thing "flake-parts" // { lib = thing "flake-parts.lib" // { inherit mkFlake; evalFlakeModule = mkFlake; }; };
  mkFlake = _: module:
    let
      modules = collected module (moduleArguments // { inherit config options; flake-parts-lib = thing "lib"; });
      config = thing "config";
      options = thing "options";
      withSystem = _: f: called moduleArguments f { };
      collected = module: given:
        let value = called given module { inherit withSystem; };
        in if builtins.isList value then builtins.concatMap (one: collected one given) value
           else if !builtins.isAttrs value || value ? drvPath then [ ]
           else [ (value // (value.config or { })) ] ++ builtins.concatMap (one: collected one given) (value.imports or [ ]);
      inner = one: moduleArguments // { inherit config; system = one; self' = thing "self'"; inputs' = thing "inputs'"; };
      # Options that several modules define are one shell.
      ofOptions = values: builtins.mapAttrs (_: modular) (builtins.zipAttrsWith (_: given: given) values);
      shellsOf = values: merged (map (value: value.devShells or { }) values)
        // ofOptions (map (value: (value.devenv or { }).shells or { }) values)
        // ofOptions (map (value: value.devshells or { }) values)
        // ofOptions (map (value: value.make-shells or { }) values);
      # extras/partitions.nix: modules that are evaluated apart give the attributes that name them.
      apart = one: builtins.concatMap (value: builtins.concatMap (name: collected (value.partitions.${name}.module or { }) (inner one)) (builtins.attrNames (value.partitions or { }))) modules;
      below = one: builtins.concatMap (value: if value ? perSystem then collected value.perSystem (inner one) else [ ]) (modules ++ apart one);
      flakes = builtins.concatMap (value: if value ? flake && builtins.isAttrs value.flake then [ value.flake ] else [ ]) modules;
    in merged (flakes ++ [ {
      devShells = builtins.listToAttrs (map (one: { name = one; value = shellsOf (below one); }) systems);
    } ]);

  standIns = {
    nixpkgs = flakeOfNixpkgs // { outPath = "${toString room}/nixpkgs"; };
    systems = thing "systems" // { outPath = "${toString room}/systems"; };
    devenv = thing "devenv" // { lib = thing "devenv.lib" // { mkShell = given: modular given.modules; }; };
    devshell = devshell;
  };
  devshell = thing "devshell" // {
    mkShell = modular;
    legacyPackages = perSystemOf (thing "devshell" // { mkShell = modular; });
    outPath = "${toString room}/input";
  };
  perSystemOf = value: builtins.listToAttrs (map (name: { inherit name value; }) (systems ++ others));
  flakeOfNixpkgs = thing "nixpkgs" // { lib = lib // { nixosSystem = _: thing "system"; }; legacyPackages = perSystemOf pkgs; };
  inputOf = name:
    if standIns ? ${name} then standIns.${name}
    # What comes from a stand-in for an input is marked, and told apart from nixpkgs' own packages.
    else if name == "blueprint" then blueprint
    else if builtins.match ".*snowfall.*" name != null then snowfall
    else if builtins.match ".*utils.*" name != null then flakeUtils
    else if builtins.match ".*parts.*" name != null then flakeParts
    else if builtins.match ".*(nixpkgs|nixos|unstable|stable).*" name != null then standIns.nixpkgs
    else thing "<${name}>" // { outPath = "${toString room}/input"; inputs = thing "inputs"; legacyPackages = perSystemOf pkgs; packages = perSystemOf (thing "<${name}>.packages"); };

  # numtide/blueprint, lib/default.nix: the files below prefix, called with these among others.
  blueprint = thing "blueprint" // {
    __functor = _: given:
      let
        prefix = given.prefix or "";
        src = if builtins.isPath prefix then prefix else project + "/${prefix}";
        made = one: f: called (moduleArguments // { flake = self; perSystem = thing "perSystem" // { devshell = devshell; }; pname = "default"; }) f { };
        found = one:
          (if builtins.pathExists (src + "/devshells/default.nix") then { default = made one (src + "/devshells/default.nix"); } else { })
          // (if builtins.pathExists (src + "/devshell.nix") then { default = made one (src + "/devshell.nix"); } else { });
      in { devShells = builtins.listToAttrs (map (name: { inherit name; value = found name; }) systems); };
  };
  # snowfallorg/lib, snowfall-lib/shell: shells/NAME/default.nix below the root, as callPackage calls them.
  snowfall = thing "snowfall-lib" // { mkLib = given: thing "lib" // lib // { mkFlake = more: snowfallOf (given // more); }; mkFlake = snowfallOf; };
  snowfallOf = given:
    let
      root = (given.snowfall or { }).root or given.src;
      names = builtins.attrNames (if builtins.pathExists (root + "/shells") then builtins.readDir (root + "/shells") else { });
      made = builtins.listToAttrs (map (name: { inherit name; value = called pkgs (root + "/shells/${name}/default.nix") { inherit inputs; }; }) names);
      more = builtins.mapAttrs (_: name: made.${name}) ((given.alias or { }).shells or { });
    in { devShells = builtins.listToAttrs (map (name: { inherit name; value = made // more; }) systems); };

  flake = import (project + "/flake.nix");
  wanted = builtins.attrNames (builtins.functionArgs flake.outputs) ++ builtins.attrNames (flake.inputs or { });
  inputs = builtins.listToAttrs (map (name: { inherit name; value = inputOf name; }) wanted) // { inherit self; };
  outputs = flake.outputs inputs;
  self = outputs // {
    inherit inputs outputs;
    outPath = toString project; rev = "0000000"; shortRev = "0000000"; lastModified = 0; lastModifiedDate = "20200101000000";
    sourceInfo = thing "sourceInfo"; _type = "flake";
  };

  nameOf = element:
    let found = builtins.tryEval (
          if builtins.isAttrs element then element.name or element.pname or "?"
          else if builtins.isString element then element else "?");
    in if found.success && builtins.isString found.value then (builtins.parseDrvName found.value).name else "?";
  shown = value: if builtins.isAttrs value && value ? isShell then map nameOf (builtins.concatLists value.listed) else null;
  each = output: f: builtins.concatMap f (builtins.attrNames (outputs.${output} or { }));
in
{
  inherit pkgs thing systems;
  shells = builtins.listToAttrs (
    each "devShells" (one: map (name: {
      name = "devShells.${one}.${name}";
      value = shown outputs.devShells.${one}.${name};
    }) (builtins.attrNames outputs.devShells.${one}))
    ++ each "devShell" (one: [ { name = "devShell.${one}.default"; value = shown outputs.devShell.${one}; } ])
  );
  # The default one alone, where another cannot be evaluated so.
  shell = if outputs ? devShells then { "devShells.${system}.default" = shown outputs.devShells.${system}.default; }
    else { "devShell.${system}.default" = shown outputs.devShell.${system}; };
}
