# Packages for devenv's own modules: the lazy ones of the benchmark, and those that a service really needs, which run the
# machine's programs. lazy.nix, lib/ and stand-in/ are laid beside it.
arguments:
let
  lazy = import ./lazy.nix arguments;
  hosted = import ./stand-in (builtins.removeAttrs arguments [ "overlays" ]);
  # As mkShell's: its variables are the shell's, its hook is run by whoever enters. stdenv's setup makes PATH of the
  # packages; the profile has the same programs.
  shell = attributes: builtins.derivation (builtins.removeAttrs attributes [ "inputsFrom" "hardeningDisable" ] // {
    name = attributes.name or "shell";
    inherit (hosted) system;
    builder = "/bin/bash";
    args = [ "-c" ": > $out" ];
    outputs = [ "out" ]; # as a variable, which `nix print-dev-env` reads
    PATH = "${attributes.DEVENV_PROFILE}/bin";
  });
  program = write: name: text: builtins.derivation {
    inherit name;
    inherit (hosted) system;
    script = write name text;
    builder = "/bin/sh";
    PATH = "/usr/bin:/bin";
    args = [ "-c" "mkdir -p $out/bin; cp $script $out/bin/$name" ];
  } // { pname = name; meta.mainProgram = name; };
in
lazy // {
  inherit (hosted) bash bashInteractive buildEnv coreutils postgresql redis writeShellScript writeText;
  writeScript = name: hosted.writeScript (builtins.replaceStrings [ ":" ] [ "-" ] name);
  writeScriptBin = program hosted.writeScript;
  writeShellScriptBin = program hosted.writeShellScript;
  mkShell = { override = _: shell; __functor = _: shell; };
  gnugrep = hosted.bash // { outPath = "/usr"; };
  appendOverlays = _: throw "no overlays here";
}
