# A small library with the names and the messages of nixpkgs' own, written for these tests.
let
  part = file: import file { inherit lib; };
  parts = {
    options = part ./options.nix;
    types = part ./types.nix;
    modules = part ./modules.nix;
    strings = part ./strings.nix;
    attrsets = part ./attrsets.nix;
    lists = part ./lists.nix;
    generators = part ./generators.nix;
  };
  lib = builtins // parts // parts.attrsets // parts.lists // parts.strings // parts.options // parts.modules // {
    licenses = {
      mit = { shortName = "mit"; free = true; };
      unfree = { shortName = "unfree"; free = false; };
    };
    platforms = { all = [ ]; linux = [ "x86_64-linux" "aarch64-linux" ]; };

    id = x: x;
    const = x: _: x;
    flip = f: a: b: f b a;
    pipe = builtins.foldl' (x: f: f x);
    isFunction = f: builtins.isFunction f || (builtins.isAttrs f && f ? __functor);
    functionArgs = f: f.__functionArgs or (builtins.functionArgs f);
    mirrorFunctionArgs = like: f: { __functor = _: f; __functionArgs = lib.functionArgs like; };
    version = "26.05";
    versionAtLeast = a: b: builtins.compareVersions a b >= 0;
    versionOlder = a: b: builtins.compareVersions a b < 0;
    warn = message: builtins.trace "warning: ${message}";
    warnIf = condition: message: if condition then lib.warn message else lib.id;
    throwIf = condition: message: if condition then throw message else lib.id;
    throwIfNot = condition: message: if condition then lib.id else throw message;
    showWarnings = warnings: value: builtins.foldl' (rest: message: lib.warn message rest) value warnings;
    fix = f: let x = f x; in x;
    min = a: b: if a < b then a else b;
    max = a: b: if a < b then b else a;
    boolToString = b: if b then "true" else "false";
    importJSON = path: builtins.fromJSON (builtins.readFile path);
    importTOML = path: builtins.fromTOML (builtins.readFile path);

    getName = package: package.pname or (builtins.parseDrvName (package.name or package)).name;
    getVersion = package: package.version or (builtins.parseDrvName (package.name or package)).version;
    getBin = package: package.bin or package;
    getExe = package: "${package}/bin/${package.meta.mainProgram or (lib.getName package)}";
    getExe' = package: name: "${package}/bin/${name}";
    makeBinPath = packages: lib.concatMapStringsSep ":" (package: "${package}/bin") packages;
    makeLibraryPath = packages: lib.concatMapStringsSep ":" (package: "${package}/lib") packages;
    isDerivation = value: value.type or null == "derivation";
  };
in
lib
