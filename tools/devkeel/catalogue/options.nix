# The options that the modules of a devenv declare: path, type, default, allowed values. No configuration is evaluated.
#
# nixpkgs: its path. modules: path of devenv's modules. inputs: paths of the locked inputs by name.
# detail: 2 also looks at default values without a text of their own, 1 at descriptions, 0 at neither: both may be
# computed, and fail.
{ nixpkgs, modules, inputs, detail }:

let
  lib = import (nixpkgs + "/lib");
  pkgs = import nixpkgs { config = { }; overlays = [ ]; };

  # An input with the outputs of its flake, which are looked at only when a module asks for one of them.
  input = path:
    let
      flake = import (path + "/flake.nix");
      missing = builtins.mapAttrs (name: _: throw "no input ${name}") (builtins.functionArgs flake.outputs);
      self = outputs // { outPath = path; inherit inputs; };
      outputs = flake.outputs (missing // flakes // { inherit self; });
    in
    { outPath = path; lib = outputs.lib; };
  flakes = builtins.mapAttrs (_: path: input path) inputs // { nixpkgs = { outPath = nixpkgs; inherit lib; }; };

  options = (lib.evalModules {
    class = "devenv";
    specialArgs = { inputs = flakes; self = { }; secretspec = null; primops = { }; };
    modules = [
      { _module.args = { inherit pkgs; secretspec = null; devenvPrimops = { }; }; _module.check = false; }
      (modules + "/top-level.nix")
    ];
  }).options;

  # Values that are plain data, to a depth: text for a reader.
  plain = depth: value:
    builtins.isBool value || builtins.isInt value || value == null || builtins.isString value && builtins.stringLength value < 200
    || depth > 0 && (
      builtins.isList value && builtins.length value < 20 && builtins.all (plain (depth - 1)) value
      || builtins.isAttrs value && !(value ? type) && builtins.length (builtins.attrNames value) < 20
        && builtins.all (plain (depth - 1)) (builtins.attrValues value)
    );
  shown = value:
    let found = builtins.tryEval (if plain 2 value then lib.generators.toPretty { multiline = false; } value else "");
    in if found.success then found.value else "";
  default = option: type:
    if option ? defaultText then
      if builtins.isString option.defaultText then option.defaultText else option.defaultText.text or ""
    else if detail > 1 && option ? default && !(lib.hasInfix "package" type) then shown option.default
    else "";

  inner = type: type.nestedTypes.elemType or null;
  allowed = type:
    if type.name or "" == "enum" then type.functor.payload.values or type.functor.payload or [ ]
    else if type.name or "" == "nullOr" && inner type != null then allowed (inner type)
    else [ ];

  text = value: if builtins.isString value then value else value.text or "";
  row = option:
    let
      # The type itself may be computed, and fail where an input is missing: then nothing is known of it.
      type = builtins.tryEval (option.type.description or "anything");
      kind = if type.success then type.value else "anything";
      values = builtins.tryEval (let found = allowed option.type; in builtins.deepSeq found found);
    in
    {
      path = option.loc;
      type = kind;
      default = default option kind;
      allowed = if values.success && builtins.isList values.value then values.value else [ ];
      readOnly = option.readOnly or false;
      description = if detail > 0 then text (option.description or "") else "";
    };
  below = option:
    let found = builtins.tryEval (option.type.getSubOptions option.loc);
    in if found.success && builtins.length option.loc < 12 then found.value else { };
  walk = set: builtins.concatLists (lib.mapAttrsToList
    (name: item:
      if name == "_module" || !(builtins.isAttrs item) then [ ]
      else if lib.isOption item then [ (row item) ] ++ walk (below item)
      else walk item)
    set);
in
walk options
