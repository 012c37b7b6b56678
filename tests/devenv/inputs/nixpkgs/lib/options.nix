{ lib }:
rec {
  isOption = value: value._type or null == "option";
  mkOption = attributes: attributes // { _type = "option"; };
  mkEnableOption = name: mkOption { default = false; example = true; description = "Whether to enable ${name}."; type = lib.types.bool; };
  mkPackageOption = pkgs: name: { default ? name, ... }:
    mkOption { type = lib.types.package; default = lib.getAttrFromPath (lib.toList default) pkgs; description = "The ${name} package to use."; };
  literalExpression = text: { _type = "literalExpression"; inherit text; };
  literalMD = text: { _type = "literalMD"; inherit text; };
  literalExample = literalExpression;

  showOption = path:
    lib.concatMapStringsSep "." (part: if builtins.match "[a-zA-Z_][a-zA-Z0-9_'-]*|<.*>|[*]" part == null then builtins.toJSON part else part) path;
  showFiles = lib.concatMapStringsSep " and " (file: "`${file}'");

  # Where an option was defined and with what; a value that cannot be shown is left out.
  showDefs = lib.concatMapStrings (definition:
    let
      shown = builtins.tryEval (let text = lib.generators.toPretty { } definition.value; in builtins.deepSeq text text);
      lines = lib.splitString "\n" shown.value;
      text = builtins.concatStringsSep "\n    " (lib.take 5 lines ++ lib.optional (builtins.length lines > 5) "...");
    in
    "\n- In `${definition.file}'${if !shown.success then "" else if builtins.length lines > 1 then ":\n    ${text}" else ": ${text}"}");

  prioritySuggestion = "Use `lib.mkForce value` or `lib.mkDefault value` to change the priority on any of these definitions.";

  mergeEqualOption = loc: definitions:
    let first = builtins.head definitions; in
    (builtins.foldl'
      (_: definition:
        if definition.value == first.value then first
        else throw "The option `${showOption loc}' has conflicting definition values:${showDefs [ first definition ]}\n${prioritySuggestion}")
      first
      (builtins.tail definitions)).value;

  mergeOneOption = loc: definitions:
    if builtins.length definitions == 1 then (builtins.head definitions).value
    else throw "The option `${showOption loc}' is defined multiple times while it's expected to be unique.\n\nDefinition values:${showDefs definitions}\n${prioritySuggestion}";

  getValues = map (definition: definition.value);
  getFiles = map (definition: definition.file);

  # Every option below a set of them, as a flat list for documentation; what a submodule declares comes after it.
  optionAttrSetToDocList = set:
    builtins.concatMap
      (name:
        let
          option = set.${name};
          text = value: { _type = "literalExpression"; text = lib.generators.toPretty { } value; };
          below = option.type.getSubOptions option.loc;
        in
        if name == "_module" then [ ]
        else if !isOption option then optionAttrSetToDocList option
        else [
          ({
            inherit (option) loc declarations;
            name = showOption option.loc;
            description = option.description or null;
            internal = option.internal or false;
            visible = option.visible or true;
            readOnly = option.readOnly or false;
            type = option.type.description;
          } // lib.optionalAttrs (option ? default || option ? defaultText) { default = option.defaultText or (text option.default); })
        ] ++ optionAttrSetToDocList below)
      (builtins.attrNames set);
}
