# Attribute names of a nixpkgs: those of the top level, or of a set in it. No value is looked at.
#
# path: where nixpkgs is. set: name of a set, or "" for the top level.
# `aliases` are the names that only old spellings have: some of them still work, others say what replaced them.
{ path, set }:

let
  names = config:
    let
      pkgs = import path { inherit config; overlays = [ ]; };
    in
    builtins.attrNames (if set == "" then pkgs else pkgs.${set});
in
{
  names = names { allowAliases = false; };
  every = names { };
}
