# The module system of the devenv that a project's lock pins, applied to that project.
#
# request: plain data.
#   root         absolute path of the project, as the evaluation sees it
#   home         absolute path of the project, as its modules are given it: where it is when something runs
#   trees        the nodes of devenv.lock: { path, live, dir, flake, info, inputs = { name = node; } }
#   runtime      where devenv keeps what runs for the project
#   inputs       the root's inputs: { name = node; }
#   imports      the imports of devenv.yaml: "./x", "/x", "input/x"
#   overlays     { input = [ name ]; }
#   nixpkgs      the configuration of nixpkgs, in nixpkgs' own names
#   permitted    names of unfree packages that are allowed
#   profiles     whether inactive profiles are evaluated as well
#   unlocked     names of inputs that devenv.yaml declares and the lock does not have
#   follows      { input = the locked input that it is; }
#   lenient      whether what uses an unlocked input is passed over: then what throws is not judged
#   write        whether "drv" may be built from: then nothing but the shell's derivation is returned
#   watch        option paths, a name of which may be { fits = a pattern; }: then nothing but what these are is returned
#   plan         whether what runs is asked: then nothing but the processes' and tasks' settings is returned
#   test         whether the script of the project's test belongs to that
#   ports        numbers that were given to ports: { process = { port = 6380; }; }
request:

let
  system = builtins.currentSystem;

  # Inputs: what `inputs.NAME` is in a module.
  trees = builtins.mapAttrs
    (name: node:
      let
        source = node.info // {
          outPath =
            if node.path == null then throw "devkeel: the store lacks the input ${name}"
            else if node.live then /. + node.path
            else builtins.storePath node.path;
        };
        outPath = source.outPath + node.dir;
        inputs = builtins.mapAttrs (_: key: trees.${key}) node.inputs;
        outputs = if node.flake then (import (outPath + "/flake.nix")).outputs (inputs // { self = self; }) else { };
        self = outputs // source // {
          inherit outPath inputs outputs;
          sourceInfo = source;
          _type = "flake";
        };
      in
      self)
    request.trees;
  unlocked = builtins.listToAttrs
    (map (name: { inherit name; value = throw "devkeel: the input ${name} is not locked"; }) request.unlocked);
  locked = builtins.mapAttrs (_: key: trees.${key}) request.inputs // unlocked;
  inputs = locked // builtins.mapAttrs (_: name: locked.${name}) request.follows // {
    self = { outPath = /. + request.root; inherit inputs; _type = "flake"; };
  };

  inherit (inputs.nixpkgs) lib;

  overlaysOf = name: map
    (overlay: inputs.${name}.overlays.${overlay} or (throw "Input `${name}' has no overlay called `${overlay}'"))
    request.overlays.${name};
  bootstrap = import inputs.nixpkgs {
    inherit system;
    overlays = builtins.concatLists (map overlaysOf (builtins.attrNames request.overlays));
    config = request.nixpkgs // {
      allowUnfreePredicate = package:
        let name = package.pname or (builtins.parseDrvName (package.name or "")).name;
        in request.nixpkgs.allowUnfree or false || builtins.elem name request.permitted
        || throw "package '${name}' has an unfree license";
    };
  };

  # Modules, in the order in which devenv loads them.
  fileOrFolder = path: text:
    if lib.hasSuffix ".nix" text then [ path ]
    else if builtins.pathExists (path + "/devenv.nix") then [ (path + "/devenv.nix") ] ++ local path
    else throw "${text}/devenv.nix file does not exist";
  local = folder: lib.optional (builtins.pathExists (folder + "/devenv.local.nix")) (folder + "/devenv.local.nix");
  imported = text:
    let
      parts = lib.splitString "/" text;
      name = builtins.head parts;
      input = inputs.${name} or (throw "Unknown input ${name}");
      below = lib.concatStringsSep "/" (builtins.tail parts);
    in
    if lib.hasPrefix "path:" text then imported (lib.removePrefix "path:" text)
    else if lib.hasPrefix "/" text then fileOrFolder (/. + text) text
    else if lib.hasPrefix "." text then fileOrFolder (/. + "${request.root}/${text}") text
    else fileOrFolder (input + lib.optionalString (below != "") "/${below}") text;
  settings = { options, ... }:
    let known = name: options.devenv ? ${name};
    in {
      config = lib.mkMerge [
        {
          devenv = lib.mkMerge [
            (lib.optionalAttrs (known "root") { root = request.home; })
            (lib.optionalAttrs (known "dotfile") { dotfile = "${request.home}/.devenv"; })
            (lib.optionalAttrs (known "tmpdir") { tmpdir = "/tmp"; })
            (lib.optionalAttrs (known "runtime") { inherit (request) runtime; })
            (lib.optionalAttrs (known "isTesting") { isTesting = request.test; })
            (lib.optionalAttrs (known "direnvrcLatestVersion") { direnvrcLatestVersion = 1; })
            (lib.optionalAttrs (known "cli") { cli = { version = "2.2.0"; }; })
            (lib.optionalAttrs (known "cliVersion" && !(known "cli")) { cliVersion = "2.2.0"; })
          ];
        }
        (lib.optionalAttrs (options ? git) { git.root = null; })
      ];
    };
  root = /. + request.root;
  # What devenv's command gives its modules to read files of variables with: NAME=value by the line, quoted or not.
  loadDotenv = names:
    let
      read = name:
        let path = root + "/${name}";
        in if builtins.pathExists path then builtins.filter builtins.isString (builtins.split "\n" (builtins.readFile path)) else [ ];
      variable = line:
        let found = builtins.match "[[:space:]]*(export[[:space:]]+)?([A-Za-z_][A-Za-z0-9_.]*)[[:space:]]*=(.*)" line;
        in lib.optional (found != null) { name = builtins.elemAt found 1; value = bare (builtins.elemAt found 2); };
      bare = text:
        let
          trimmed = builtins.match "[[:space:]]*(.*[^[:space:]])[[:space:]]*" text;
          value = if trimmed == null then "" else builtins.head trimmed;
          quoted = builtins.match "\"(.*)\"|'(.*)'" value;
          plain = builtins.filter (part: part != null) (if quoted == null then [ ] else quoted);
        in
        if plain == [ ] then value else builtins.head plain;
    in
    builtins.foldl' (all: one: all // { ${one.name} = one.value; }) { }
      (builtins.concatMap variable (builtins.concatMap read names));
  specialArgs = builtins.removeAttrs inputs [ "self" ] // { inherit inputs; secretspec = null; primops = { }; };
  modules = builtins.concatLists (map imported request.imports) ++ [ (root + "/devenv.nix") ] ++ local root;
  base = lib.evalModules {
    class = "devenv";
    inherit specialArgs;
    modules = [
      ({ config, ... }: {
        _module.args.pkgs =
          if config.overlays or [ ] == [ ] then bootstrap else bootstrap.appendOverlays config.overlays;
        _module.args.secretspec = null;
        _module.args.devenvPrimops = {
          inherit loadDotenv;
          allocatePort = process: port: base: request.ports.${process}.${port} or base;
        };
      })
      (inputs.devenv.modules + "/top-level.nix")
      settings
    ]
    ++ modules;
  };

  # A profile overrides what the base defines, option by option, where the type has one value.
  oneValue = type:
    let inner = type.elemType or type.nestedTypes.elemType or null;
    in if type == null then false
    else if builtins.elem (type.name or "") [ "str" "int" "bool" "enum" "path" "package" "float" "anything" ] then true
    else type.name or "" == "nullOr" && inner != null && oneValue inner;
  overrides = path:
    let
      option = lib.attrByPath path null base.options;
      parent = lib.attrByPath (lib.init path) null base.options;
      free = parent.type.freeformType or parent.type.nestedTypes.freeformType or null;
    in
    if path == [ ] then false
    else if lib.isOption option then oneValue option.type
    else lib.isOption parent && free != null && oneValue (free.elemType or free.nestedTypes.elemType or free);
  override = priority: path: value:
    if builtins.isAttrs value && value ? _type then value
    else if overrides path then lib.mkOverride priority value
    else if builtins.isAttrs value then builtins.mapAttrs (name: override priority (path ++ [ name ])) value
    else value;
  overriding = priority: module:
    if lib.isFunction module
    then lib.mirrorFunctionArgs module (arguments: override priority [ ] (module arguments))
    else override priority [ ] module;
  profileAt = path: lib.attrByPath path (throw "Profile '${lib.concatStringsSep "." path}' not found") base.config.profiles;
  pathOf = name:
    let parts = lib.splitString "." name;
    in if builtins.elem (builtins.head parts) [ "hostname" "user" ] then
      [ (builtins.head parts) (lib.concatStringsSep "." (builtins.tail parts)) ]
    else [ name ];
  extended = seen: path:
    if builtins.elem path seen then
      throw "Circular dependency detected in profile extends: ${lib.concatMapStringsSep " -> " (lib.concatStringsSep ".") (seen ++ [ path ])}"
    else builtins.concatMap (name: extended (seen ++ [ path ]) (pathOf name)) (profileAt path).extends ++ [ path ];
  profileModule = index: path:
    let
      priority = 99 - index;
      inherit (profileAt path) module;
      once = item: item // { imports = map (overriding priority) (item.imports or [ ]); };
    in
    module // { imports = map (item: if builtins.isAttrs item then once item else item) (module.imports or [ ]); };
  profiled = path: base.extendModules { modules = lib.imap0 profileModule (extended [ ] path); };
  judgeProfile = path:
    let own = builtins.concatMap (item: item.imports or [ ]) ((profileAt path).module.imports or [ ]);
    in judge (lib.concatStringsSep "." path) (profiled path) own;
  profiles =
    let all = guard { } (base.config.profiles or { });
    in map (name: [ name ]) (builtins.attrNames (builtins.removeAttrs all [ "hostname" "user" ]))
    ++ map (name: [ "hostname" name ]) (builtins.attrNames (all.hostname or { }))
    ++ map (name: [ "user" name ]) (builtins.attrNames (all.user or { }));

  guard = fallback: value:
    let tried = builtins.tryEval value;
    in if !request.lenient then value else if tried.success then tried.value else fallback;

  # Force what the project's own files define, wherever they define it. The definitions are read from the modules
  # themselves: an option lists those of devenv as well, and some of them fail when somebody looks.
  inside = path: (builtins.isPath path || builtins.isString path) && lib.hasPrefix "${request.root}/" (toString path);
  definitions = project: module: guard [ ] (definitionsOf project module);
  definitionsOf = project: module:
    let
      known = specialArgs // (project._module.args or { }) // { inherit lib; inherit (project) config options; };
      called =
        if !(lib.isFunction module) then module
        else if lib.functionArgs module == { } then module known
        else module (builtins.intersectAttrs (lib.functionArgs module) known);
      plain = builtins.removeAttrs called [ "imports" "options" "disabledModules" "key" "_file" "_class" ];
    in
    if builtins.isPath module || builtins.isString module then definitions project (import module)
    else [ (if called ? config || called ? options then called.config or { } else plain) ]
      ++ builtins.concatMap (definitions project) (builtins.filter inside (called.imports or [ ]));
  holds = project: path: defined: guard true (holdsOf project path defined);
  holdsOf = project: path: defined:
    let
      kind = defined._type or null;
      option = lib.attrByPath path null project.options;
    in
    if kind == "if" then !defined.condition || holds project path defined.content
    else if kind == "merge" then builtins.all (holds project path) defined.contents
    else if kind == "override" || kind == "order" then holds project path defined.content
    else if lib.isOption option then
      if request.lenient then guard false (follow defined option.value) || itself 3 defined
      else follow defined option.value
    else !(builtins.isAttrs defined)
      || builtins.all (name: holds project (path ++ [ name ]) defined.${name}) (builtins.attrNames defined);
  # What is defined, where the option as a whole is not to be had.
  itself = depth: value:
    if builtins.isList value then builtins.all (item: guard true (builtins.seq item true)) value
    else if depth > 0 && builtins.isAttrs value && !(lib.isDerivation value)
    then builtins.all (name: guard true (itself (depth - 1) value.${name})) (builtins.attrNames value)
    else builtins.seq value true;
  follow = defined: value:
    let kind = defined._type or null; in
    if kind == "if" then !defined.condition || follow defined.content value
    else if kind == "merge" then builtins.all (item: follow item value) defined.contents
    else if kind == "override" || kind == "order" then follow defined.content value
    else if builtins.isList value then builtins.all (item: builtins.seq item true) value
    else if builtins.isAttrs value && builtins.isAttrs defined && !(lib.isDerivation value || lib.isDerivation defined)
    then builtins.all (name: !(value ? ${name}) || follow defined.${name} value.${name}) (builtins.attrNames defined)
    else builtins.seq value true;
  forced = project: modules:
    builtins.all (holds project [ ]) (builtins.concatMap (definitions project) modules);

  judge = label: project: modules:
    let
      failed = map (item: guard "" item.message)
        (builtins.filter (item: guard false (!item.assertion)) (guard [ ] (project.config.assertions or [ ])));
    in
    builtins.trace "devkeel: ${label}" (builtins.seq (guard { } project.config) (builtins.seq (forced project modules) {
      inherit label failed;
      warnings = map (guard "") (guard [ ] (project.config.warnings or [ ]));
      shell = if failed == [ ] && !request.lenient then project.config.shell.drvPath else null;
    }));
  # What an option is, as plain data: a derivation is its name, and what cannot be evaluated is said to be so.
  plain = depth: value:
    let kind = builtins.typeOf value; in
    if depth > 12 || kind == "lambda" then "<${kind}>"
    else if kind == "string" then builtins.unsafeDiscardStringContext value
    else if kind == "path" then toString value
    else if kind == "list" then map (attempt depth) value
    else if kind != "set" then value
    else if value.type or null == "derivation" then { derivation = value.name; output = value.outputName or "out"; }
    else builtins.mapAttrs (_: attempt depth) value;
  attempt = depth: value:
    let tried = builtins.tryEval (plain (depth + 1) value);
    in if tried.success then tried.value else "<error>";
  # What is at a path; at a name that is a pattern, what each of those that it fits has there.
  reach = path: value:
    let name = builtins.head path; next = reach (builtins.tail path); in
    if path == [ ] then value
    else if !builtins.isAttrs value then null
    else if builtins.isString name then (if value ? ${name} then next value.${name} else null)
    else builtins.mapAttrs (_: next) (lib.filterAttrs (own: _: builtins.match name.fits own != null) value);
  watched = label: project: builtins.trace "devkeel: ${label}" {
    inherit label;
    values = map (path: attempt 0 (reach path project.config)) request.watch;
  };
  strictly = verdict: builtins.deepSeq verdict verdict;

  # What runs: each task and process as devenv's own runner reads it (devenv, src/modules/tasks.nix, `tasksJSON`), and
  # what has to be built for it. A text's context names the derivations that it refers to.
  told = value:
    let text = builtins.toJSON value;
    in { text = builtins.unsafeDiscardStringContext text; needs = builtins.getContext text; };
  planned =
    let implementation = base.config.process.manager.implementation or null;
    in {
      inherit implementation;
      tasks = if implementation != "native" then [ ] else
        map (name: told ({ inherit name; } // base.config.tasks.${name}.config)) (builtins.attrNames (base.config.tasks or { }));
      wanted = builtins.mapAttrs
        (_: process: builtins.mapAttrs (_: port: port.allocate) (process.ports or { }))
        (base.config.processes or { });
      test = if request.test then told "${base.config.test}" else null;
    };
in
if request.write then base.config.shell
else if request.plan then planned
else if request.watch != [ ] then
  [ (watched "base" base) ] ++ map (path: watched (lib.concatStringsSep "." path) (profiled path)) profiles
else
  builtins.foldl' (done: next: done ++ [ (strictly next) ])
    [ (strictly (judge "base" base (builtins.filter inside modules))) ]
    (if request.profiles then builtins.concatMap (path: guard [ ] [ (judgeProfile path) ]) profiles else [ ])
