{ lib }:
rec {
  attrByPath = path: default: set:
    if path == [ ] then set
    else if builtins.isAttrs set && set ? ${builtins.head path} then attrByPath (builtins.tail path) default set.${builtins.head path}
    else default;
  hasAttrByPath = path: set:
    path == [ ] || (builtins.isAttrs set && set ? ${builtins.head path} && hasAttrByPath (builtins.tail path) set.${builtins.head path});
  getAttrFromPath = path: attrByPath path (throw "cannot find attribute `${builtins.concatStringsSep "." path}'");
  setAttrByPath = path: value: if path == [ ] then value else { ${builtins.head path} = setAttrByPath (builtins.tail path) value; };
  optionalAttrs = condition: set: if condition then set else { };
  nameValuePair = name: value: { inherit name value; };
  mapAttrs' = f: set: builtins.listToAttrs (map (name: f name set.${name}) (builtins.attrNames set));
  mapAttrsToList = f: set: map (name: f name set.${name}) (builtins.attrNames set);
  attrsToList = mapAttrsToList nameValuePair;
  filterAttrs = predicate: set: removeAttrs set (builtins.filter (name: !predicate name set.${name}) (builtins.attrNames set));
  genAttrs = names: f: builtins.listToAttrs (map (name: nameValuePair name (f name)) names);
  concatMapAttrs = f: set: builtins.foldl' (all: name: all // f name set.${name}) { } (builtins.attrNames set);
  mergeAttrsList = builtins.foldl' (all: set: all // set) { };
  recursiveUpdate = a: b:
    a // builtins.mapAttrs (name: value: if builtins.isAttrs value && builtins.isAttrs (a.${name} or null) then recursiveUpdate a.${name} value else value) b;
  zipAttrsWith = f: sets:
    genAttrs (lib.unique (builtins.concatMap builtins.attrNames sets)) (name: f name (builtins.catAttrs name sets));
  foldAttrs = f: z: zipAttrsWith (_: lib.foldr f z);
}
