# Types: a name, what they are called in messages, a check of one definition, and how definitions become one value.
{ lib }:
let
  inherit (lib.options) mergeEqualOption mergeOneOption showOption getValues;

  type = attributes: {
    _type = "option-type";
    merge = mergeEqualOption;
    scalar = false;
    getSubOptions = _: { };
    check = _: true;
    # What a message about a wrong definition has between the type and the definitions.
    complaint = _: "";
  } // attributes;
  scalar = name: description: check: type { inherit name description check; scalar = true; };

  # Many definitions of a list or an attribute set: each element is a definition with the file it stands in.
  mergeElement = element: loc: definitions: lib.modules.mergeDefinitions loc element definitions;
  wrapped = description: if builtins.match ".* (or|of) .*" description == null then description else "(${description})";
  isStringLike = value: builtins.isString value || builtins.isPath value || (builtins.isAttrs value && value ? outPath);
  lines = separator: description: type {
    name = "separatedString";
    inherit description;
    check = builtins.isString;
    merge = _: definitions: builtins.concatStringsSep separator (getValues definitions);
  };
in
rec {
  mkOptionType = attributes: type ({ description = attributes.name; } // attributes);

  bool = scalar "bool" "boolean" builtins.isBool;
  int = scalar "int" "signed integer" builtins.isInt;
  float = scalar "float" "floating point number" builtins.isFloat;
  number = either int float;
  str = scalar "str" "string" builtins.isString;
  nonEmptyStr = scalar "nonEmptyStr" "non-empty string" (x: builtins.isString x && builtins.match "[ \t\n]*" x == null);
  strMatching = pattern: scalar "strMatching" "string matching the pattern ${pattern}" (x: builtins.isString x && builtins.match pattern x != null);
  path = scalar "path" "absolute path" (x: isStringLike x && builtins.substring 0 1 (toString x) == "/");
  package = scalar "package" "package" (x: lib.isDerivation x || (builtins.isString x && lib.hasPrefix builtins.storeDir x));
  shellPackage = package;
  port = ints.u16 // { description = "16 bit unsigned integer; between 0 and 65535 (both inclusive)"; };
  ints = rec {
    between = low: high: scalar "intBetween" "integer between ${toString low} and ${toString high} (both inclusive)" (x: builtins.isInt x && x >= low && x <= high);
    unsigned = scalar "unsignedInt" "unsigned integer, meaning >=0" (x: builtins.isInt x && x >= 0);
    positive = scalar "positiveInt" "positive integer, meaning >0" (x: builtins.isInt x && x > 0);
    u8 = between 0 255;
    u16 = between 0 65535;
  };
  enum = values: scalar "enum" "one of ${lib.concatMapStringsSep ", " builtins.toJSON values}" (x: builtins.elem x values)
    // { functor = { name = "enum"; payload = { inherit values; }; }; };

  separatedString = separator: lines separator ''strings concatenated with ${builtins.toJSON separator}'';
  commas = separatedString ",";
  envVar = separatedString ":";

  raw = type { name = "raw"; description = "raw value"; merge = mergeOneOption; };
  unspecified = type { name = "unspecified"; description = "unspecified value"; merge = anything.merge; };
  optionType = raw // { name = "optionType"; };
  functionTo = result: type { name = "functionTo"; description = "function that evaluates to a(n) ${result.description}"; check = lib.isFunction; merge = mergeOneOption; };
  attrs = type {
    name = "attrs";
    description = "attribute set";
    check = builtins.isAttrs;
    merge = _: definitions: builtins.foldl' (all: set: all // set) { } (getValues definitions);
  };
  anything = type {
    name = "anything";
    description = "anything";
    scalar = true;
    merge = loc: definitions:
      let values = getValues definitions; in
      if builtins.length values > 1 && builtins.all (x: builtins.isAttrs x && !lib.isDerivation x) values then (attrsOf anything).merge loc definitions
      else if builtins.length values > 1 && builtins.all builtins.isList values then builtins.concatLists values
      else mergeEqualOption loc definitions;
  };

  listOf = element: type {
    name = "listOf";
    complaint = _: "TypeError: ";
    description = "list of ${wrapped element.description}";
    check = builtins.isList;
    nestedTypes.elemType = element;
    getSubOptions = prefix: element.getSubOptions (prefix ++ [ "*" ]);
    merge = loc: definitions: builtins.concatLists (lib.imap1
      (n: definition: lib.imap1
        (m: value: mergeElement element (loc ++ [ "[definition ${toString n}-entry ${toString m}]" ]) [{ inherit (definition) file; inherit value; }])
        definition.value)
      definitions);
  };
  attrsOf = element: type {
    name = "attrsOf";
    complaint = _: "TypeError: ";
    description = "attribute set of ${wrapped element.description}";
    check = builtins.isAttrs;
    nestedTypes.elemType = element;
    getSubOptions = prefix: element.getSubOptions (prefix ++ [ "<name>" ]);
    merge = loc: definitions:
      let
        pushed = builtins.concatMap (definition: map (value: { inherit (definition) file; inherit value; }) (lib.modules.pushDown definition.value)) definitions;
        at = name: builtins.concatMap (definition: lib.optional (definition.value ? ${name}) { inherit (definition) file; value = definition.value.${name}; }) pushed;
        names = lib.unique (builtins.concatMap (definition: builtins.attrNames definition.value) pushed);
        present = builtins.filter (name: lib.modules.isDefined (at name)) names;
      in
      lib.genAttrs present (name: mergeElement element (loc ++ [ name ]) (at name));
  };
  # Its names do not depend on conditions, so that one element can be read while another is not known yet.
  lazyAttrsOf = element: attrsOf element // {
    name = "lazyAttrsOf";
    description = "lazy attribute set of ${wrapped element.description}";
    merge = loc: definitions:
      lib.zipAttrsWith (name: found: mergeElement element (loc ++ [ name ]) found)
        (map (definition: builtins.mapAttrs (_: value: { inherit (definition) file; inherit value; }) definition.value) definitions);
  };
  nullOr = element: type {
    name = "nullOr";
    description = "null or ${wrapped element.description}";
    check = x: x == null || element.check x;
    inherit (element) scalar;
    nestedTypes.elemType = element;
    getSubOptions = element.getSubOptions;
    merge = loc: definitions:
      let nulls = lib.count (definition: definition.value == null) definitions; in
      if nulls == builtins.length definitions then null
      else if nulls != 0 then throw "The option `${showOption loc}' is defined both null and not null, in ${lib.options.showFiles (lib.options.getFiles definitions)}."
      else element.merge loc definitions;
  };
  either = a: b: type {
    name = "either";
    nestedTypes = { left = a; right = b; };
    complaint = loc: "TypeError: The option `${showOption loc}` is neither a value of type `${a.description}` nor `${b.description}`, ";
    description = "${a.description} or ${b.description}";
    check = x: a.check x || b.check x;
    scalar = a.scalar && b.scalar;
    merge = loc: definitions:
      if builtins.all (definition: a.check definition.value) definitions then a.merge loc definitions
      else if builtins.all (definition: b.check definition.value) definitions then b.merge loc definitions
      else mergeEqualOption loc definitions;
  };
  oneOf = all: builtins.foldl' either (builtins.head all) (builtins.tail all);
  coercedTo = from: convert: to: type {
    name = "coercedTo";
    description = "${to.description} or ${from.description} convertible to it";
    check = x: from.check x || to.check x;
    nestedTypes = { coercedType = from; finalType = to; };
    inherit (to) scalar;
    merge = loc: definitions: to.merge loc (map (definition: definition // { value = if from.check definition.value then convert definition.value else definition.value; }) definitions);
  };

  submodule = modules: submoduleWith { modules = lib.toList modules; };
  submoduleWith = { modules, specialArgs ? { }, shorthandOnlyDefinesConfig ? true, ... }: let free = builtins.catAttrs "freeformType" (builtins.filter builtins.isAttrs modules); in type {
    name = "submodule";
    complaint = _: "TypeError: ";
    description = "submodule";
    check = x: builtins.isAttrs x || lib.isFunction x || builtins.isPath x;
    nestedTypes = lib.optionalAttrs (free != [ ]) { freeformType = builtins.head free; };
    scalarsInside = builtins.any (each: (each.nestedTypes.elemType or { }).scalar or false) free;
    getSubOptions = prefix: (lib.modules.evalModules {
      inherit specialArgs prefix;
      modules = [{ _module.args.name = lib.mkOptionDefault "<name>"; }] ++ modules;
    }).options;
    merge = loc: definitions: (lib.modules.evalModules {
      inherit specialArgs;
      prefix = loc;
      modules = [{ _module.args.name = lib.mkDefault (lib.last loc); }] ++ modules
        ++ map
        (definition: if builtins.isAttrs definition.value then { _file = definition.file; config = definition.value; } else { _file = definition.file; imports = [ definition.value ]; })
        definitions;
    }).config;
  };
  deferredModule = type {
    name = "deferredModule";
    description = "module";
    check = x: builtins.isAttrs x || lib.isFunction x || builtins.isPath x;
    merge = _: definitions: { imports = map (definition: { _file = definition.file; imports = [ definition.value ]; }) definitions; };
  };
} // { lines = lines "\n" ''strings concatenated with "\n"''; }
