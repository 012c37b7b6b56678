{ lib }:
rec {
  # A value as a person would write it; what is nested too deeply is left out.
  toPretty = _: value: show 0 "" value;

  show = depth: indent: value:
    let
      inner = indent + "  ";
      name = key: if builtins.match "[a-zA-Z_][a-zA-Z0-9_'-]*" key == null then builtins.toJSON key else key;
    in
    if depth > 8 then "<unevaluated>"
    else if builtins.isString value then text indent value
    else if value == null then "null"
    else if builtins.isPath value then toString value
    else if lib.isFunction value then "<function>"
    else if builtins.isList value then
      if value == [ ] then "[ ]"
      else "[\n${lib.concatMapStringsSep "\n" (x: inner + show (depth + 1) inner x) value}\n${indent}]"
    else if lib.isDerivation value then "<derivation ${value.name or "?"}>"
    else if builtins.isAttrs value then
      if value == { } then "{ }"
      else "{\n${builtins.concatStringsSep "\n" (lib.mapAttrsToList (key: x: "${inner}${name key} = ${show (depth + 1) inner x};") value)}\n${indent}}"
    else builtins.toJSON value;

  text = indent: value:
    let lines = lib.splitString "\n" value; in
    if builtins.length lines == 1 then builtins.toJSON value
    else "''\n${lib.concatMapStringsSep "\n" (line: indent + "  " + line) lines}''";

  toJSON = _: builtins.toJSON;
}
