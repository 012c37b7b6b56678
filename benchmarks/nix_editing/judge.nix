# Real Nix as the judge of edited modules, without nixpkgs and without building anything.
#
# A module is applied to a magic environment: whatever name occurs in the file is an attribute of every package set,
# lazily and without end. A magic value is a set with `outPath` (so that it can stand in a string), a function that
# returns itself, and a derivation to `lib`. `import` and `<nixpkgs>` give magic values too. `lib` is the real one when
# its path is given.
{ lib ? null }:
let
  inherit (builtins) all any attrNames concatMap elem filter foldl' head isAttrs isBool isFunction isList isPath isString
    length listToAttrs map mapAttrs tail toJSON;

  realLib = if lib != null then import lib else stubLib;
  stubLib = rec {
    mkIf = condition: content: { _type = "if"; inherit condition content; };
    mkMerge = contents: { _type = "merge"; inherit contents; };
    mkOverride = priority: content: { _type = "override"; inherit priority content; };
    mkOrder = priority: content: { _type = "order"; inherit priority content; };
    mkForce = mkOverride 50;
    mkDefault = mkOverride 1000;
    mkBefore = mkOrder 500;
    mkAfter = mkOrder 1500;
    optional = condition: value: if condition then [ value ] else [ ];
    optionals = condition: list: if condition then list else [ ];
    optionalAttrs = condition: set: if condition then set else { };
    optionalString = condition: text: if condition then text else "";
    concatStringsSep = builtins.concatStringsSep;
    getExe = package: "${package}/bin/x";
    unique = foldl' (seen: item: if elem item seen then seen else seen ++ [ item ]) [ ];
    makeLibraryPath = packages: builtins.concatStringsSep ":" (map (package: "${package}/lib") packages);
    mkOption = option: option;
    types = mapAttrs (name: _: name) { bool = 1; str = 1; int = 1; package = 1; path = 1; };
  };

  # names: identifier -> "magic", "yes", "no", "text" or "list", as its spelling and its use suggest: isLinux is a
  # boolean, and what stands beside ++ is a list.
  magicOf = names:
    let
      own = path: {
        outPath = path;
        name = path;
        pname = path;
        version = "1.0";
        mainProgram = "program";
        system = "x86_64-linux";
        type = "derivation";
        __magic = true;
        __functor = self: _: self;
      };
      member = path: name: kind:
        if kind == "yes" then true
        else if kind == "no" then false
        else if kind == "text" then "${path}.${name}"
        else if kind == "list" then [ (mk "${path}.${name}") ]
        else if name == "lib" then (if path == "pkgs" then realLib else mk "${path}.lib" // realLib)
        else mk "${path}.${name}";
      mk = path: mapAttrs (member path) names // own path;
    in
    mk;

  # The value of a file in the magic environment.
  open = names: file:
    let
      mk = magicOf names;
      scope = rec {
        import = target: if isMagic target then target else mk "import";
        scopedImport = _: import;
        fetchTarball = _: mk "fetched";
        fetchGit = _: mk "fetched";
        __findFile = _: name: mk "<${name}>";
        __nixPath = [ ];
        builtins = outer // {
          inherit import scopedImport fetchTarball fetchGit;
          readFile = path: if isMagic path then "" else "content of ${shortPath path}";
          pathExists = _: true;
          readDir = _: { };
          getEnv = name: "value of ${name}";
          fromTOML = _: mk "toml";
          fromJSON = _: mk "json";
          fetchurl = _: mk "fetched";
          getFlake = _: mk "flake";
          currentSystem = "x86_64-linux";
          path = _: mk "path";
        };
      };
      known = { lib = realLib; system = "x86_64-linux"; } // listToAttrs (map (name: { inherit name; value = mk name; }) [ "pkgs" "config" "inputs" "options" ]);
      call = value:
        if isAttrs value || !isFunction value then value
        else
          let formals = builtins.functionArgs value;
          in call (value (if formals == { } then known else mapAttrs (name: _: known.${name} or (mk name)) formals));
    in
    call (builtins.scopedImport scope file);
  outer = builtins;

  isMagic = value: isAttrs value && value ? __magic;
  shortPath = path: baseNameOf (toString path);

  # Where an option is in a module: under `config` where there is one.
  rawPath = module: path: if module ? config || module ? options then [ "config" ] ++ path else path;

  # The definitions at a path with their priorities, conditions assumed true.
  definitions = priority: path: value:
    if isAttrs value && value ? _type && !(isMagic value) then
      if value._type == "if" then definitions priority path value.content
      else if value._type == "merge" then concatMap (definitions priority path) value.contents
      else if value._type == "override" then definitions value.priority path value.content
      else if value._type == "order" then definitions priority path value.content
      else [ { inherit priority value; } ]
    else if path == [ ] then [ { inherit priority value; } ]
    else if isAttrs value && value ? ${head path} then definitions priority (tail path) value.${head path}
    else [ ];

  # Those that win.
  values = module: path:
    let
      found = definitions 100 (rawPath module path) module;
      strongest = foldl' (best: item: if item.priority < best then item.priority else best) 100000 found;
    in
    map (item: item.value) (filter (item: item.priority == strongest) found);

  nameOf = item: if isAttrs item then item.outPath or "?" else if isString item then item else "?";

  # Whether a module says what was asked. case: names, file, path, and wanted (a value) or package (an outPath).
  holds = case:
    let found = values (open case.names case.file) case.path;
    in
    if case ? package then any (item: nameOf item == case.package) (builtins.concatLists found)
    else found != [ ] && all (value: !(isMagic value) && value == case.wanted) found;

  # Whether the option of a module can be evaluated at all.
  evaluates = case:
    let found = values (open case.names case.file) case.path;
    in all (value: if isList value then all (item: isString (nameOf item)) value else builtins.seq value true) found;

  # Everything but one option, as data; null where nothing is left.
  rest = case:
    let
      module = open case.names case.file;
      nothing = value: value == null || value == { } || value == [ ];
      without = path: depth: value:
        if path == [ ] then null else
        let
          seen = builtins.tryEval value;
          plain = mapAttrs (name: item: without (if path != null && head path == name then tail path else null) (depth + 1) item) seen.value;
          kept = removeAttrs plain (filter (name: nothing plain.${name}) (attrNames plain));
          inner = content: { _type = value._type; content = without path (depth + 1) content; };
        in
        if !seen.success then "<throws>"
        else if depth > 14 then "<deep>"
        else if value == null then "<null>"
        else if isMagic value then "<magic> ${value.outPath}"
        else if isAttrs value && value ? _type && value ? content then
          (let found = inner value.content; in if nothing found.content then null else found)
        else if isAttrs value && value ? _type && value ? contents then filter (item: !(nothing item)) (map (without path (depth + 1)) value.contents)
        else if isAttrs value then kept
        else if isList value then map (without null (depth + 1)) value
        else if isFunction value then "<function>"
        else if isPath value then "<path> ${shortPath value}"
        else if isString value then builtins.unsafeDiscardStringContext value
        else value;
    in
    builtins.hashString "sha256" (toJSON (without (rawPath module case.path) 0 module));

  questions = { inherit holds evaluates rest; };
in
{ folder, cases }:
map (case: questions.${case.question} (case // { file = folder + "/${case.file}"; })) (builtins.fromJSON (builtins.readFile cases))
