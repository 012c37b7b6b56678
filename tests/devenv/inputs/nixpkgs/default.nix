# Packages that are tiny real derivations, under the names and with the refusals of the real collection.
{ system ? builtins.currentSystem, config ? { }, overlays ? [ ] }:
let
  lib = import ./lib;

  # A package whose bin/ has shell scripts; `stub` marks the directory, so that a script that hands over to the machine's
  # own program does not find itself again.
  make = { name, version ? "1.0", scripts ? { }, script ? null, meta ? { }, ... }@attributes:
    let
      derivation = builtins.derivation {
        inherit system;
        name = "${name}-${version}";
        builder = "/bin/sh";
        PATH = "/usr/bin:/bin";
        names = builtins.attrNames scripts;
        texts = map (program: builtins.toFile program scripts.${program}) (builtins.attrNames scripts);
        args = [
          "-c"
          (if script != null then script else ''
            set -e
            mkdir -p $out/bin
            : > $out/stub
            set -- $texts
            for program in $names; do
              cp $1 $out/bin/$program
              chmod +x $out/bin/$program
              shift
            done
          '')
        ];
      };
    in
    checked meta name (derivation // (attributes.passthru or { }) // {
      pname = name;
      inherit version;
      meta = { license = lib.licenses.mit; mainProgram = builtins.head (builtins.attrNames scripts ++ [ name ]); } // meta;
      overrideAttrs = f: make (attributes // (if lib.isFunction f then f attributes else f));
      override = _: make attributes;
    });

  # Evaluation is refused where nixpkgs refuses it: when the derivation is asked for, not when its name is.
  checked = meta: name: package:
    let
      allowed = config.allowUnfree or false || (config.allowUnfreePredicate or (_: false)) { pname = name; };
      place = "${toString ./default.nix}:1";
      refuse = why: throw "Package ‘${name}-1.0’ in ${place} ${why}, refusing to evaluate.";
      guard = value:
        if meta.broken or false && !(config.allowBroken or false) then refuse "is marked as broken"
        else if meta.insecure or false && !builtins.elem "${name}-1.0" (config.permittedInsecurePackages or [ ]) then refuse "is marked as insecure"
        else if !(meta.license.free or true) && !allowed then refuse "has an unfree license (‘unfree’)"
        else value;
    in
    package // { drvPath = guard package.drvPath; outPath = guard package.outPath; };

  says = name: text: make { inherit name; scripts.${name} = "#!/bin/sh\necho \"${text}\"\n"; };

  # A package whose programs are the machine's own, found on PATH when they run; Debian has a server's elsewhere.
  hosted = name: programs: make {
    inherit name;
    scripts = lib.genAttrs programs (program: ''
      #!/bin/sh
      places=$PATH:/usr/local/bin:/usr/bin:/bin
      IFS=:
      for folder in $places /usr/lib/postgresql/*/bin; do
        if [ -x "$folder/${program}" ] && [ ! -e "$folder/../stub" ]; then unset IFS; exec "$folder/${program}" "$@"; fi
      done
      echo "${program}: not on this machine" >&2
      exit 127
    '');
  };

  fails = name: script: make { inherit name script; };

  # The machine's own compiler, which sees of libraries those alone that are packages of the shell, as nixpkgs' does.
  compiler = make {
    name = "gcc";
    script = ''
      set -e
      mkdir -p $out/bin $out/headers
      : > $out/stub
      for folder in /usr/include /usr/include/$(/usr/bin/gcc -print-multiarch); do
        for entry in $folder/*; do
          case $entry in */zlib.h | */zconf.h) ;; *) ln -sfn $entry $out/headers/ ;; esac
        done
      done
      printf '%s\n' '#!/bin/sh' \
        'own=$(/usr/bin/gcc -print-file-name=include)' \
        'set -- -nostdinc -isystem "$own" -isystem "$DEVENV_PROFILE/include" -isystem HEADERS "$@"' \
        'exec /usr/bin/gcc "$@" -L"$DEVENV_PROFILE/lib"' > $out/bin/gcc
      sed -i "s|HEADERS|$out/headers|" $out/bin/gcc
      chmod +x $out/bin/gcc
    '';
  };

  # A library of the machine, with its headers, as a package.
  library = name: headers: make {
    inherit name;
    script = ''
      set -e
      mkdir -p $out/bin $out/include $out/lib
      for header in ${toString headers}; do
        for folder in /usr/include /usr/include/$(/usr/bin/gcc -print-multiarch); do
          if [ -e $folder/$header ]; then cp $folder/$header $out/include/; fi
        done
      done
      ln -s $(/usr/bin/gcc -print-file-name=lib${name}.so) $out/lib/
    '';
  };

  python = name: set:
    let
      interpreter = hosted name [ "python3" ];
      withPackages = f: buildEnv { name = "${name}-env"; paths = [ interpreter ] ++ f set; };
    in
    interpreter // { inherit withPackages; pkgs = set; pythonVersion = "3.13"; };

  buildEnv = { name, paths, ... }: builtins.derivation {
    inherit system name paths;
    builder = "/bin/sh";
    PATH = "/usr/bin:/bin";
    args = [ "-c" ''
      mkdir -p $out/bin
      : > $out/stub
      for path in $paths; do
        for program in $path/bin/*; do
          if [ -e "$program" ]; then ln -sf "$program" $out/bin/; fi
        done
        for part in include lib; do
          if [ -d $path/$part ]; then mkdir -p $out/$part; ln -sf $path/$part/* $out/$part/; fi
        done
      done
    '' ];
  };

  pythonSet = lib.genAttrs [ "flask" "numpy" "pandas" "pytest" "requests" "redis" ] (name: says name "${name}");

  file = mode: name: text: builtins.derivation {
    inherit system name text;
    builder = "/bin/sh";
    PATH = "/usr/bin:/bin";
    passAsFile = [ "text" ];
    args = [ "-c" "cp $textPath $out; chmod ${mode} $out" ];
  };
  writeText = file "444";
  runnable = file "555";
  shell = text: "#!/usr/bin/env bash\n${text}";

  base = {
    inherit lib system config buildEnv writeText;
    stdenv = says "stdenv" "stdenv" // { hostPlatform = { inherit system; isLinux = builtins.match ".*linux" system != null; isDarwin = builtins.match ".*darwin" system != null; }; cc = says "cc" "cc"; isLinux = true; isDarwin = false; };
    hostPlatform = base.stdenv.hostPlatform;

    writeShellScript = name: text: runnable name (shell text);
    writeScript = runnable;
    writeShellScriptBin = name: text: make { inherit name; scripts.${name} = shell text; };
    writeShellApplication = { name, text, ... }: base.writeShellScriptBin name text;
    writeScriptBin = name: text: make { inherit name; scripts.${name} = text; };
    symlinkJoin = { name, paths, ... }: buildEnv { inherit name paths; };
    mkShell = { packages ? [ ], ... }: buildEnv { name = "shell"; paths = packages; };

    hello = says "hello" "Hello, world!";
    bash = hosted "bash" [ "bash" ];
    bashInteractive = hosted "bash-interactive" [ "bash" ];
    coreutils = hosted "coreutils" [ "cat" "cksum" "cp" "cut" "env" "head" "id" "ln" "ls" "mkdir" "readlink" "sleep" "timeout" "touch" "true" ];
    curl = hosted "curl" [ "curl" ];
    direnv = hosted "direnv" [ "direnv" ];
    git = hosted "git" [ "git" ];
    gnumake = hosted "gnumake" [ "make" ];
    jq = hosted "jq" [ "jq" ];
    redis = hosted "redis" [ "redis-server" "redis-cli" ];
    ripgrep = hosted "ripgrep" [ "rg" ];
    sqlite = hosted "sqlite" [ "sqlite3" ];
    cachix = hosted "cachix" [ "cachix" ];
    gcc = compiler;
    # Debian has the program itself beside the server.
    libpq = says "libpq" "libpq" // {
      pg_config = make { name = "pg_config"; scripts.pg_config = "#!/bin/sh\nfor program in /usr/lib/postgresql/*/bin/pg_config; do exec \"$program\" \"$@\"; done\n"; };
    };
    zlib = library "z" [ "zlib.h" "zconf.h" ];
    postgresql = hosted "postgresql" [ "createdb" "initdb" "pg_ctl" "pg_isready" "postgres" "psql" ] // { withPackages = _: base.postgresql; };
    postgresql_17 = base.postgresql;
    nodejs = hosted "nodejs" [ "node" "npm" ];
    nodejs_22 = base.nodejs;
    pnpm = hosted "pnpm" [ "pnpm" ];
    yarn = hosted "yarn" [ "yarn" ];
    bun = hosted "bun" [ "bun" ];
    go = hosted "go" [ "go" "gofmt" ];
    rustc = hosted "rustc" [ "rustc" ];
    cargo = hosted "cargo" [ "cargo" ];
    rustfmt = hosted "rustfmt" [ "rustfmt" ];
    clippy = hosted "clippy" [ "cargo-clippy" ];
    rust-analyzer = hosted "rust-analyzer" [ "rust-analyzer" ];
    uv = hosted "uv" [ "uv" ];
    poetry = hosted "poetry" [ "poetry" ];
    python3 = python "python3" pythonSet;
    python311 = base.python3;
    python312 = base.python3;
    python313 = base.python3;
    python3Packages = pythonSet;
    python313Packages = pythonSet;
    nodePackages = lib.genAttrs [ "prettier" "eslint" "typescript" ] (name: says name name);
    nix = hosted "nix" [ "nix" "nix-build" "nix-instantiate" "nix-store" ];
    nixd = says "nixd" "nixd";
    strace = hosted "strace" [ "strace" ];
    openssh = hosted "openssh" [ "ssh" ];
    prek = says "prek" "prek";

    vscode = make { name = "vscode"; scripts.code = "#!/bin/sh\n"; meta.license = lib.licenses.unfree; };
    marked-broken = make { name = "marked-broken"; meta.broken = true; };
    marked-insecure = make { name = "marked-insecure"; meta.insecure = true; };

    build-fails = fails "build-fails" "echo compiling widget.c; echo 'widget.c:3: error: expected ;' >&2; exit 2";
    build-hangs = fails "build-hangs" "echo waiting; while :; do sleep 1; done";
    build-escapes = fails "build-escapes" "setsid sh -c 'while :; do sleep 1; done' & wait";
    # 64 MiB of log, and then a failure.
    build-floods = base.floods 64;
    floods = mebibytes: fails "build-floods" "yes 'a line of a build log that nobody reads' | head -c ${toString (mebibytes * 1048576)}; exit 1";
    network-fails = fails "network-fails" "echo \"error: unable to download 'https://example.org/source.tar.gz': Couldn't resolve host name (6)\" >&2; exit 1";
  };

  extend = set: layers: builtins.foldl' (previous: layer: let final = previous // layer final previous; in final) set layers;
  final = extend base overlays // { appendOverlays = more: import ./. { inherit system config; overlays = overlays ++ more; }; extend = layer: extend base (overlays ++ [ layer ]); };
in
final
