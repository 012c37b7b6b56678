# What test modules are evaluated against: packages are strings, lib is just enough of nixpkgs' lib.
let
  merge = a: b:
    builtins.mapAttrs (n: v:
      if !(a ? ${n}) then v
      else if !(b ? ${n}) then a.${n}
      else if builtins.isAttrs a.${n} && builtins.isAttrs b.${n} then merge a.${n} b.${n}
      else if builtins.isList a.${n} && builtins.isList b.${n} then a.${n} ++ b.${n}
      else b.${n}) (a // b);
  lib = rec {
    mkIf = condition: value: if condition then value else { };
    mkMerge = values:
      if values != [ ] && builtins.all builtins.isList values then builtins.concatLists values
      else builtins.foldl' merge { } values;
    mkDefault = value: value;
    mkForce = value: value;
    mkBefore = value: value;
    mkOverride = _: value: value;
    optionals = condition: list: if condition then list else [ ];
    unique = builtins.foldl' (acc: e: if builtins.elem e acc then acc else acc ++ [ e ]) [ ];
  };
  named = names: builtins.listToAttrs (map (name: { inherit name; value = name; }) names);
  python = named [ "numpy" "requests" ] // { withPackages = f: "python-env"; };
  pkgs = named [ "git" "jq" "curl" "gdb" "redis" "hello" "zlib" "ripgrep" ] // {
    inherit lib;
    system = "x";
    stdenv.isLinux = true;
    python3 = python;
    python3Packages = builtins.mapAttrs (n: _: "python3Packages.${n}") python;
  };
  inputs.x.packages.x.y = "input-y";
  arguments = { inherit pkgs lib inputs; config = { }; };
  call = module:
    if !(builtins.isFunction module) then module
    else
      let formals = builtins.functionArgs module;
      in module (if formals == { } then arguments else builtins.intersectAttrs formals arguments);
  plain = module: builtins.removeAttrs (module // (module.config or { })) [ "config" "options" ];
  shown = value: if builtins.isAttrs value then builtins.mapAttrs (_: shown) value
    else if builtins.isList value then map shown value
    else if builtins.isPath value then "path:${baseNameOf value}"
    else value;
in
{
  # The module as it evaluates, unshown.
  raw = file: call (import file);
  # The settings of each file as data.
  settings = map (file: shown (plain (call (import file))));
}
