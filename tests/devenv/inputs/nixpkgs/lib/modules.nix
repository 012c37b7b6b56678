# Modules become options and a configuration: imports are collected, declarations and definitions are merged along one
# tree, conditions, priorities and orders are discharged at each option.
{ lib }:
let
  inherit (lib.options) isOption showOption showDefs showFiles;
  kind = value: if builtins.isAttrs value then value._type or "" else "";
  optionsDefault = 1500;
in
rec {
  defaultOverridePriority = 100;
  mkIf = condition: content: { _type = "if"; inherit condition content; };
  mkMerge = contents: { _type = "merge"; inherit contents; };
  mkOverride = priority: content: { _type = "override"; inherit priority content; };
  mkOptionDefault = mkOverride optionsDefault;
  mkDefault = mkOverride 1000;
  mkForce = mkOverride 50;
  mkVMOverride = mkOverride 10;
  mkImageMediaOverride = mkOverride 60;
  mkOrder = priority: content: { _type = "order"; inherit priority content; };
  mkBefore = mkOrder 500;
  mkAfter = mkOrder 1500;
  mkAssert = assertion: message: mkIf (if assertion then true else throw "\nFailed assertion: ${message}");
  setDefaultModuleLocation = file: module: { _file = file; imports = [ module ]; };

  # What stands around a set of definitions moves to each of them.
  pushDown = value:
    let inside = wrap: map (builtins.mapAttrs (_: wrap)) (pushDown value.content); in
    {
      merge = builtins.concatMap pushDown value.contents;
      "if" = inside (mkIf value.condition);
      override = inside (mkOverride value.priority);
      order = inside (mkOrder value.priority);
    }.${kind value} or [ value ];

  # The plain values in one definition, with the priority and the order that they have.
  discharge = definition:
    let again = changed: discharge (definition // changed); in
    {
      merge = builtins.concatMap (value: again { inherit value; }) definition.value.contents;
      "if" =
        if !builtins.isBool definition.value.condition then throw "‘mkIf’ called with a non-Boolean condition"
        else if definition.value.condition then again { value = definition.value.content; }
        else [ ];
      override = again { value = definition.value.content; inherit (definition.value) priority; };
      order = again { value = definition.value.content; order = definition.value.priority; };
    }.${kind definition.value} or [ definition ];

  dischargeAll = builtins.concatMap (definition: discharge { inherit (definition) file value; priority = defaultOverridePriority; order = 1000; });
  isDefined = definitions: dischargeAll definitions != [ ];

  winners = definitions:
    let best = builtins.foldl' (least: definition: lib.min least definition.priority) 9999 definitions; in
    lib.sortOn (definition: definition.order) (builtins.filter (definition: definition.priority == best) definitions);

  mergeDefinitions = loc: type: definitions:
    let
      left = winners (dischargeAll definitions);
      wrong = builtins.filter (definition: !type.check definition.value) left;
    in
    if left == [ ] then throw "The option `${showOption loc}' was accessed but has no value defined. Try setting the option."
    else if wrong != [ ] then throw "A definition for option `${showOption loc}' is not of type `${type.description}'. ${type.complaint loc}Definition values:${showDefs wrong}"
    else type.merge loc left;

  evalModules = { modules, specialArgs ? { }, prefix ? [ ], class ? null }:
    let
      internal = {
        _file = "lib/modules.nix";
        options._module = {
          args = lib.mkOption { type = lib.types.lazyAttrsOf lib.types.raw; default = { }; internal = true; };
          check = lib.mkOption { type = lib.types.bool; default = true; internal = true; };
          freeformType = lib.mkOption { type = lib.types.nullOr lib.types.optionType; default = null; internal = true; };
        };
      };
      known = specialArgs // { inherit lib; inherit (tree) options; config = result.config // { inherit (tree.config) _module; }; };

      call = file: function:
        function (known // builtins.mapAttrs
          (name: _: builtins.addErrorContext "while evaluating the module argument `${name}' in \"${file}\":" (known.${name} or tree.config._module.args.${name}))
          (lib.functionArgs function));

      collect = context: module:
        let
          fromFile = builtins.isPath module || builtins.isString module;
          loaded = if fromFile then import module else module;
          near = if fromFile then toString module else context.file;
          value = if lib.isFunction loaded then call near loaded else loaded;
          file = toString (value._file or near);
          extra = removeAttrs value [ "_class" "_file" "_priority" "key" "disabledModules" "imports" "options" "config" "meta" "freeformType" ];
          full = value ? config || value ? options;
          here = {
            inherit file;
            key = if fromFile then toString module else null;
            priority = value._priority or context.priority;
            options = value.options or { };
            freeformType = value.freeformType or null;
            config =
              if !full then extra
              else if extra == { } then value.config or { }
              else throw "Module `${file}' has an unsupported attribute `${builtins.head (builtins.attrNames extra)}'. This is caused by introducing a top-level `config' or `options' attribute. Add configuration attributes immediately on the top level instead, or move all of them (namely: ${toString (builtins.attrNames extra)}) into the explicit `config' attribute.";
          };
        in
        if !builtins.isAttrs value then throw "module ${near} does not look like a module."
        else { inherit here; next = map (module: { inherit module; context = { inherit file; inherit (here) priority; }; }) (value.imports or [ ]); };

      # Level by level, each file once; what is imported last comes first, so that its definitions do.
      levels = modules:
        if modules == [ ] then [ ]
        else
          let found = map ({ context, module }: collect context module) modules; in
          map (each: each.here) found ++ levels (builtins.concatMap (each: each.next) found);
      once = builtins.foldl'
        (seen: module: if module.key != null && builtins.elem module.key seen.keys then seen else { keys = seen.keys ++ [ module.key ]; all = seen.all ++ [ module ]; })
        { keys = [ ]; all = [ ]; };
      first = map (module: { inherit module; context = { file = "<unknown-file>"; priority = null; }; }) ([ internal ] ++ modules);
      collected = lib.reverseList (once (levels first)).all;

      tree = mergeTree prefix
        (map (module: { inherit (module) file options; }) collected)
        (map (module: { inherit (module) file priority; value = module.config; }) collected);

      freeform = builtins.foldl' (found: module: if found == null then module.freeformType else found) tree.config._module.freeformType collected;
      declared = removeAttrs tree.config [ "_module" ];
      relative = path: lib.drop (builtins.length prefix) path;
      free = freeform.merge prefix (map (definition: { inherit (definition) file; value = lib.setAttrByPath (relative definition.path) definition.value; }) tree.unmatched);

      result = {
        _type = "configuration";
        inherit class;
        inherit (tree) options;
        config =
          if freeform != null then (if tree.unmatched == [ ] then declared else lib.recursiveUpdate free declared)
          else if tree.unmatched != [ ] && tree.config._module.check then throw (unknown prefix tree.options (builtins.head tree.unmatched))
          else declared;
        _module.args = tree.config._module.args;
      };
    in
    result // {
      extendModules = more: evalModules { inherit prefix class; modules = modules ++ more.modules or [ ]; specialArgs = specialArgs // more.specialArgs or { }; };
    };

  # The message for a definition without an option, with the nearest names beside it.
  unknown = prefix: options: definition:
    let
      relative = lib.drop (builtins.length prefix) definition.path;
      siblings = lib.remove "_module" (builtins.attrNames (lib.attrByPath (lib.init relative) { } options));
      name = lib.last relative;
      distance = builtins.listToAttrs (map (sibling: { name = sibling; value = lib.levenshtein name sibling; }) siblings);
      near = lib.take 3 (lib.sortOn (sibling: distance.${sibling}) (builtins.filter (sibling: builtins.length siblings < 100 || distance.${sibling} <= 2) siblings));
      quoted = map (sibling: "`${showOption (lib.init definition.path ++ [ sibling ])}'") near;
      suggestion =
        if near == [ ] then ""
        else if builtins.length near == 1 then "\n\nDid you mean ${builtins.head quoted}?"
        else "\n\nDid you mean ${builtins.concatStringsSep ", " (lib.init quoted)} or ${lib.last quoted}?";
    in
    "The option `${showOption definition.path}' does not exist. Definition values:${showDefs [ definition ]}${suggestion}";

  mergeTree = prefix: declarations: definitions:
    let
      pushed = builtins.concatMap (definition: map (value: definition // { inherit value; }) (pushDown definition.value)) definitions;
      names = lib.unique (builtins.concatMap (declaration: builtins.attrNames declaration.options) declarations);
      child = name:
        let
          loc = prefix ++ [ name ];
          here = builtins.concatMap (declaration: lib.optional (declaration.options ? ${name}) { inherit (declaration) file; options = declaration.options.${name}; }) declarations;
          mine = builtins.concatMap (definition: lib.optional (definition.value ? ${name}) (definition // { value = definition.value.${name}; })) pushed;
          misplaced = builtins.filter (definition: !builtins.isAttrs definition.value) mine;
        in
        if builtins.any (declaration: isOption declaration.options) here then evalOption loc here mine
        else if misplaced != [ ] then throw (let it = builtins.head misplaced; in "In module `${it.file}', you're trying to define a value of type `${builtins.typeOf it.value}'\nrather than an attribute set for the option\n`${showOption loc}'!")
        else mergeTree loc here mine;
      children = lib.genAttrs names child;
      strangers = builtins.concatMap
        (definition: map (name: { inherit (definition) file; path = prefix ++ [ name ]; value = definition.value.${name}; }) (builtins.filter (name: !children ? ${name}) (builtins.attrNames definition.value)))
        pushed;
    in
    {
      config = builtins.mapAttrs (_: branch: branch.config) children;
      options = builtins.mapAttrs (_: branch: branch.options) children;
      unmatched = strangers ++ builtins.concatMap (name: children.${name}.unmatched) names;
    };

  evalOption = loc: declarations: definitions:
    let
      declaration = builtins.head declarations;
      option = declaration.options;
      type = option.type or lib.types.unspecified;
      # A profile's scalars win over plain definitions, its lists and sets add to them.
      stronger = priority: value: if kind value == "override" then value else mkOverride priority value;
      lifted = { priority, value, ... }:
        if priority == null then value
        else if type.scalar then stronger priority value
        else if type.scalarsInside or false then mkMerge (map (builtins.mapAttrs (_: stronger priority)) (pushDown value))
        else value;
      own = map (definition: { inherit (definition) file; value = lifted definition; }) definitions;
      all = own ++ lib.optional (option ? default) { inherit (declaration) file; value = mkOptionDefault option.default; };
      left = winners (dischargeAll all);
      value =
        if builtins.length declarations > 1 then throw "The option `${showOption loc}' in `${(builtins.elemAt declarations 1).file}' is already declared in ${showFiles [ declaration.file ]}."
        else if option.readOnly or false && builtins.length (dischargeAll all) > 1 then throw "The option `${showOption loc}' is read-only, but it's set multiple times. Definition values:${showDefs (dischargeAll own)}"
        else mergeDefinitions loc type all;
      final = builtins.addErrorContext "while evaluating the option `${showOption loc}':" ((option.apply or lib.id) value);
    in
    {
      config = final;
      unmatched = [ ];
      options = option // {
        inherit loc type;
        value = final;
        isDefined = left != [ ];
        highestPrio = (builtins.head left).priority;
        definitions = map (definition: definition.value) left;
        definitionsWithLocations = left;
        files = map (definition: definition.file) left;
        declarations = map (each: each.file) declarations;
      };
    };

  mkRenamedOptionModule = from: to: { config, options, ... }:
    let
      old = lib.getAttrFromPath from options;
      defined = old.isDefined;
    in
    {
      options = lib.setAttrByPath from (lib.mkOption {
        type = lib.types.anything;
        visible = false;
        description = "Alias of `${showOption to}'.";
        apply = _: lib.getAttrFromPath to config;
      });
      config = mkMerge [
        { warnings = lib.optional defined "The option `${showOption from}' defined in ${showFiles old.files} has been renamed to `${showOption to}'."; }
        (lib.setAttrByPath to (mkIf defined (mkMerge old.definitions)))
      ];
    };

  mkRemovedOptionModule = path: reason: { options, ... }: {
    options = lib.setAttrByPath path (lib.mkOption { visible = false; apply = _: throw "The option `${showOption path}' can no longer be used since it's been removed. ${reason}"; });
    config.assertions =
      let option = lib.getAttrFromPath path options; in
      [{
        assertion = !option.isDefined;
        message = "The option definition `${showOption path}' in ${showFiles option.files} no longer has any effect; please remove it.\n${reason}";
      }];
  };
}
