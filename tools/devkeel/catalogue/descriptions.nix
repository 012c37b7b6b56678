# What packages of a nixpkgs say they are: their `meta.description`, "" for one without. Nothing is built or instantiated.
#
# path: where nixpkgs is. names: of packages, each as a list of the parts of its path.
{ path, names }:

let
  pkgs = import path {
    config = { allowAliases = false; allowUnfree = true; allowBroken = true; allowUnsupportedSystem = true; };
    overlays = [ ];
  };
  at = builtins.foldl' (set: part: if builtins.isAttrs set && set ? ${part} then set.${part} else { }) pkgs;
  said = name:
    let
      found = builtins.tryEval (
        let package = at name; text = if builtins.isAttrs package then package.meta.description or "" else "";
        in if builtins.isString text then builtins.substring 0 2000 text else ""
      );
    in
    if found.success then found.value else "";
in
builtins.listToAttrs (map (name: { name = builtins.concatStringsSep "." name; value = said name; }) names)
